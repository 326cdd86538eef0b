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
            matches!(built, Err(RenderError::Kustomize { .. })),
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
