//! Plain folders: read in Rust, equal to what kustomize makes of the same files.

use std::fmt::Write;

use manifests::{KustomizeOptions, Limits, Overlay, read_yaml};
use render::{RenderError, Renderer, RendererOptions};

use crate::fixtures::{artifact, artifact_of, chain, ids, kustomize, renderer, with};

/// A renderer whose worker cannot start: what it builds never left this process.
fn without_worker() -> Renderer {
    Renderer::start(RendererOptions::new("/nonexistent/signet-render-worker"))
}

#[tokio::test]
async fn a_plain_folder_equals_what_kustomize_synthesises_g_191() {
    for fixture in ["plain", "teams", "infrastructure"] {
        let artifact = artifact(fixture);
        let path = if fixture == "plain" { "" } else { "apps" };
        if !artifact.tree.is_directory(&path.parse().unwrap()) {
            continue;
        }
        let options = kustomize(path);
        let here = without_worker()
            .build(&artifact, &options, &Overlay::new())
            .await
            .unwrap();
        let printed = renderer()
            .print(&artifact, &options, &Overlay::new())
            .await
            .unwrap();
        let there = read_yaml(printed.expose(), None, &Limits::default()).unwrap();
        assert_eq!(ids(&here), ids(&there), "{fixture}");
        for (here, there) in here.iter().zip(&there) {
            assert_eq!(here.object(), there.object(), "{fixture}");
        }
        assert!(!here.is_empty());
    }
}

/// The order among kinds that kustomize does not know, and within one kind.
#[tokio::test]
async fn the_order_is_kustomizes_g_191() {
    let kinds = [
        ("v1", "Secret"),
        ("example.test/v1", "Zebra"),
        ("example.test/v1beta1", "Ant"),
        ("v1", "Pod"),
        ("apps/v1", "StatefulSet"),
        ("apps/v1", "DaemonSet"),
        ("batch/v1", "Job"),
        ("example.test/v1", "Namespace"),
        ("v1", "Namespace"),
        (
            "admissionregistration.k8s.io/v1",
            "MutatingWebhookConfiguration",
        ),
        ("networking.k8s.io/v1", "Ingress"),
        ("storage.k8s.io/v1", "StorageClass"),
        ("policy/v1", "PodDisruptionBudget"),
        ("v1", "ServiceAccount"),
        ("example.test/v1", "AllowList"),
        ("a.test/v1", "Ant"),
    ];
    let mut text = String::new();
    for (version, kind) in kinds {
        for (name, namespace) in [
            ("b", "x"),
            ("a", "x"),
            ("b", "default"),
            ("a-b", "x-y"),
            ("B", ""),
            ("c", "zz"),
        ] {
            let name = if kind.ends_with("Secret") || kind.ends_with("Set") {
                name.to_owned()
            } else {
                format!("{name}-{namespace}")
            };
            writeln!(text, "---\napiVersion: {version}\nkind: {kind}").unwrap();
            writeln!(
                text,
                "metadata: {{name: {name}, namespace: \"{namespace}\"}}"
            )
            .unwrap();
        }
    }
    let artifact = artifact_of(&[("all.yaml", text.as_bytes())]);
    let here = without_worker()
        .build(&artifact, &kustomize(""), &Overlay::new())
        .await
        .unwrap();
    let printed = renderer()
        .print(&artifact, &kustomize(""), &Overlay::new())
        .await
        .unwrap();
    let there = read_yaml(printed.expose(), None, &Limits::default()).unwrap();
    assert_eq!(ids(&here), ids(&there));
}

#[tokio::test]
async fn what_kustomize_acts_on_goes_to_kustomize_g_191() {
    let local = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, annotations: \
                  {config.kubernetes.io/local-config: 'true'}}\n---\n\
                  apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n";
    let manifests = renderer()
        .build(
            &artifact_of(&[("a.yaml", local)]),
            &kustomize(""),
            &Overlay::new(),
        )
        .await
        .unwrap();
    assert_eq!(ids(&manifests), ["ConfigMap/b"]);

    let twice = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\n\
                  apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: default}\n";
    let error = renderer()
        .build(
            &artifact_of(&[("a.yaml", twice)]),
            &kustomize(""),
            &Overlay::new(),
        )
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("already registered id"),
        "{error}"
    );
}

#[tokio::test]
async fn a_subdirectory_with_its_own_kustomization_file_is_one_resource_g_191() {
    let config_map =
        |name: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n");
    let artifact = artifact_of(&[
        ("apps/a.yaml", config_map("a").as_bytes()),
        (
            "apps/own/kustomization.yml",
            b"namePrefix: own-\nresources: [b.yaml]\n",
        ),
        ("apps/own/b.yaml", config_map("b").as_bytes()),
        ("apps/own/left-out.yaml", config_map("left-out").as_bytes()),
        (
            "apps/own/nested/kustomization.yaml",
            b"resources: [gone.yaml]\n",
        ),
    ]);
    let manifests = renderer()
        .build(&artifact, &kustomize("apps"), &Overlay::new())
        .await
        .unwrap();
    assert_eq!(ids(&manifests), ["ConfigMap/a", "ConfigMap/own-b"]);
}

#[tokio::test]
async fn invalid_yaml_in_a_plain_folder_fails_the_build_g_191() {
    let good = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n".as_slice();
    for (bad, wanted) in [
        (b"a: [1\n".as_slice(), "bad.yaml"),
        (b"just: data\n", "bad.yaml"),
        (
            b"apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n",
            "no metadata.name",
        ),
        (b"a: 1\na: 2\n", "duplicate key"),
    ] {
        let artifact = artifact_of(&[("a.yaml", good), ("bad.yaml", bad)]);
        let plain = without_worker()
            .build(&artifact, &kustomize(""), &Overlay::new())
            .await;
        assert!(chain(&plain.unwrap_err()).contains(wanted), "{wanted}");
        let prefix = KustomizeOptions {
            name_prefix: Some("x-".to_owned()),
            ..KustomizeOptions::default()
        };
        let built = renderer()
            .build(&artifact, &with("", prefix), &Overlay::new())
            .await;
        assert!(
            matches!(
                built,
                Err(RenderError::Kustomize { .. } | RenderError::Read { .. })
            ),
            "{wanted}"
        );
    }
}

#[tokio::test]
async fn nothing_to_build_is_an_error_and_never_an_empty_list() {
    let artifact = artifact_of(&[("docs/README.md", b"text"), ("docs/.sops.yaml", b"a: 1\n")]);
    let renderer = without_worker();
    let error = renderer
        .build(&artifact, &kustomize("docs"), &Overlay::new())
        .await
        .unwrap_err();
    assert!(
        matches!(error, RenderError::NoManifests { .. }),
        "{error:?}"
    );
    let error = renderer
        .build(&artifact, &kustomize("gone"), &Overlay::new())
        .await
        .unwrap_err();
    assert!(
        matches!(error, RenderError::NoDirectory { .. }),
        "{error:?}"
    );
}

/// A seeded source of choices, so that a failure can be repeated.
struct Choices(u64);

impl Choices {
    fn next<'a>(&mut self, from: &[&'a str]) -> &'a str {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let length = u64::try_from(from.len()).unwrap();
        from[usize::try_from(self.0 % length).unwrap()]
    }
}

/// Objects that refer to each other by name: kustomize follows such references in every build.
const REFERRING: [&str; 12] = [
    "{apiVersion: v1, kind: ServiceAccount, META}",
    "{apiVersion: v1, kind: ConfigMap, META, data: {a: '1'}}",
    "{apiVersion: v1, kind: Secret, META, type: Opaque, data: {a: YQ==}}",
    "{apiVersion: v1, kind: Service, META, spec: {selector: {app: NAME}, ports: [{port: 80}]}}",
    "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, META, rules: [{apiGroups: [''], \
     resources: [secrets], resourceNames: [NAME], verbs: [get]}]}",
    "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, META, \
     roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: NAME}, \
     subjects: [{kind: ServiceAccount, name: NAME, namespace: SPACE}, \
     {kind: ServiceAccount, name: NAME}]}",
    "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: NAME}, \
     roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: NAME}, \
     subjects: [{kind: ServiceAccount, name: NAME, namespace: SPACE}]}",
    "{apiVersion: apps/v1, kind: StatefulSet, META, spec: {serviceName: NAME, \
     selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, \
     spec: {serviceAccountName: NAME, imagePullSecrets: [{name: NAME}], \
     containers: [{name: c, image: i, envFrom: [{configMapRef: {name: NAME}}, {secretRef: {name: NAME}}], \
     env: [{name: E, valueFrom: {secretKeyRef: {name: NAME, key: a}}}]}], \
     volumes: [{name: v, configMap: {name: NAME, defaultMode: 0440}}, \
     {name: w, projected: {sources: [{secret: {name: NAME}}]}}]}}}}",
    "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, META, \
     spec: {scaleTargetRef: {apiVersion: apps/v1, kind: StatefulSet, name: NAME}}}",
    "{apiVersion: networking.k8s.io/v1, kind: Ingress, META, spec: {tls: [{secretName: NAME}], \
     defaultBackend: {service: {name: NAME, port: {number: 80}}}}}",
    "{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingWebhookConfiguration, \
     metadata: {name: NAME}, webhooks: [{name: w.example.test, \
     clientConfig: {service: {name: NAME, namespace: SPACE}}}]}",
    "{apiVersion: v1, kind: PersistentVolume, metadata: {name: NAME}, \
     spec: {claimRef: {name: NAME, namespace: SPACE}}}",
];

fn referring_folder(choices: &mut Choices) -> String {
    let mut text = String::new();
    for _ in 0..14 {
        let mut object = choices.next(&REFERRING).to_owned();
        let spaces = ["default", "x", "y"];
        let meta = match choices.next(&["", "default", "x", "y"]) {
            "" => "metadata: {name: NAME}".to_owned(),
            space => format!("metadata: {{name: NAME, namespace: {space}}}"),
        };
        object = object.replace("META", &meta);
        while object.contains("NAME") {
            object = object.replacen("NAME", choices.next(&["a", "b", "c", "d"]), 1);
        }
        while object.contains("SPACE") {
            object = object.replacen("SPACE", choices.next(&spaces), 1);
        }
        writeln!(text, "---\n{object}").unwrap();
    }
    text
}

#[tokio::test]
async fn references_between_objects_stay_what_kustomize_leaves_them_g_191() {
    let (here, there) = (without_worker(), renderer());
    let mut choices = Choices(0x5eed);
    let mut compared = 0;
    for _ in 0..150 {
        let text = referring_folder(&mut choices);
        let artifact = artifact_of(&[("all.yaml", text.as_bytes())]);
        let Ok(built) = here.build(&artifact, &kustomize(""), &Overlay::new()).await else {
            // Left to kustomize.
            continue;
        };
        let printed = there
            .print(&artifact, &kustomize(""), &Overlay::new())
            .await
            .unwrap_or_else(|error| panic!("{}\n{text}", chain(&error)));
        let expected = read_yaml(printed.expose(), None, &Limits::default()).unwrap();
        assert_eq!(ids(&built), ids(&expected), "{text}");
        for (built, expected) in built.iter().zip(&expected) {
            assert_eq!(built.object(), expected.object(), "{text}");
        }
        compared += 1;
    }
    assert!(compared > 20, "{compared}");
}
