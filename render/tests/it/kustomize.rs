//! Builds beside the kustomize program.

use std::fmt::Write;

use manifests::Overlay;
use render::{RenderError, unused_images};

use crate::fixtures::{artifact, artifact_of, chain, ids, kustomize, printed_by_program, renderer};

/// Every directory of the fixtures that has a kustomization file kustomize builds.
const BUILDS: [(&str, &[&str]); 7] = [
    (
        "payments",
        &[
            "apps/payment-service/base",
            "apps/payment-service/overlays/production",
            "apps/payment-service/overlays/staging",
            "apps/user-service/overlays/production",
            "apps/notification-service/overlays/production",
            "argocd/apps/production",
            "argocd/apps/staging",
        ],
    ),
    (
        "platform",
        &["system/monitoring", "system/cert-manager", "system/kyverno"],
    ),
    (
        "infrastructure",
        &[
            "overlays/development",
            "overlays/staging",
            "overlays/production",
        ],
    ),
    (
        "regions",
        &[
            "apps/frontend/overlays/dev",
            "apps/frontend/overlays/staging",
            "apps/frontend/overlays/production",
            "apps/backend/overlays/production",
            "platform/overlays/eu-west-1",
            "platform/overlays/us-east-1",
        ],
    ),
    (
        "teams",
        &[
            "manifests/monitoring/overlays/production",
            "manifests/frontend/overlays/staging",
            "manifests/backend/overlays/production",
        ],
    ),
    (
        "storefront",
        &[
            "apps/payment-service/overlays/dev",
            "apps/payment-service/overlays/staging",
            "apps/payment-service/overlays/production",
            "apps/frontend/overlays/production",
        ],
    ),
    ("features", &["base", "overlay"]),
];

#[tokio::test]
async fn overlays_are_byte_equal_to_the_kustomize_program_g_022() {
    let renderer = renderer();
    for (fixture, paths) in BUILDS {
        let artifact = artifact(fixture);
        for path in paths {
            let options = kustomize(path);
            let printed = renderer
                .print(&artifact, &options, &Overlay::new())
                .await
                .unwrap_or_else(|error| panic!("{fixture}/{path}: {}", chain(&error)));
            assert_eq!(
                String::from_utf8_lossy(printed.expose()),
                String::from_utf8_lossy(&printed_by_program(fixture, path)),
                "{fixture}/{path}"
            );
            let manifests = renderer
                .build(&artifact, &options, &Overlay::new())
                .await
                .unwrap();
            let documents =
                manifests::read_yaml(printed.expose(), None, &manifests::Limits::default())
                    .unwrap();
            assert_eq!(manifests, documents, "{fixture}/{path}");
        }
    }
}

/// G-022: what the production overlay of the payment service means (M-17, M-18).
#[tokio::test]
async fn the_production_overlay_prefixes_names_and_sets_replicas() {
    let artifact = artifact("payments");
    let options = kustomize("apps/payment-service/overlays/production");
    let manifests = renderer()
        .build(&artifact, &options, &Overlay::new())
        .await
        .unwrap();
    assert_eq!(
        ids(&manifests),
        [
            "Service/production/prod-payment-service",
            "Deployment/production/prod-payment-service",
            "Ingress/production/prod-payment-service",
        ]
    );
    let deployment = manifests[1].object();
    assert_eq!(deployment["spec"]["replicas"], 5);
    assert_eq!(
        deployment["spec"]["selector"]["matchLabels"]["app.kubernetes.io/part-of"],
        "payments-platform"
    );
}

/// The tag of the production overlay is not applied, because the base has renamed the image (D-03,
/// M-18); the build is what kustomize says, and the override is reported.
#[tokio::test]
async fn an_image_override_that_matches_nothing_is_reported() {
    let artifact = artifact("payments");
    let options = kustomize("apps/payment-service/overlays/production");
    let manifests = renderer()
        .build(&artifact, &options, &Overlay::new())
        .await
        .unwrap();
    let unused = unused_images(&artifact.tree, &options, &manifests).unwrap();
    assert_eq!(unused.len(), 1);
    assert_eq!(unused[0].name, "payment-service");
    let renamed = "123456789012.dkr.ecr.us-east-1.amazonaws.com/payment-service";
    assert_eq!(unused[0].similar, [renamed]);
}

#[tokio::test]
async fn a_remote_base_is_refused_before_kustomize_sees_it() {
    let artifact = artifact_of(&[
        ("a/kustomization.yaml", b"resources: [../b]\n"),
        (
            "b/kustomization.yaml",
            b"resources: ['https://user:token@example.test/base?ref=v1']\n",
        ),
    ]);
    let error = renderer()
        .build(&artifact, &kustomize("a"), &Overlay::new())
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "b/kustomization.yaml refers to \"https://example.test/base\", which is remote; hint: copy \
         it into the repository, remote bases are not fetched"
    );
}

/// Field names in another case slip past the walk (it knows them, this is for those it does not).
#[tokio::test]
async fn the_worker_itself_reaches_neither_network_nor_programs() {
    let renderer = renderer();
    let transformer =
        b"transformers: [\"{apiVersion: example.test/v1, kind: T, metadata: {name: t, \
        annotations: {config.kubernetes.io/function: 'exec: {path: /bin/true}'}}}\"]\n\
        resources: [a.yaml]\n";
    let object = b"apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n";
    let artifact = artifact_of(&[("kustomization.yaml", transformer), ("a.yaml", object)]);
    let error = renderer
        .build(&artifact, &kustomize(""), &Overlay::new())
        .await
        .unwrap_err();
    let RenderError::Kustomize { message } = error else {
        panic!("{error:?}")
    };
    assert!(message.contains("external plugins disabled"), "{message}");
}

#[tokio::test]
async fn no_path_leads_out_of_the_artifact() {
    let object = b"apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n";
    let renderer = renderer();
    for reference in [
        "../../etc/passwd",
        "/etc/passwd",
        "../../../../../../artifact/a.yaml",
    ] {
        let file = format!("resources: [{reference}]\n");
        let artifact = artifact_of(&[
            ("a.yaml", object),
            ("b/kustomization.yaml", file.as_bytes()),
        ]);
        let error = renderer
            .build(&artifact, &kustomize("b"), &Overlay::new())
            .await
            .unwrap_err();
        assert!(matches!(error, RenderError::Reference { .. }), "{error:?}");
    }
    // A place that the walk does not read: kustomize's own file system ends there as well.
    let file = "resources: [a.yaml]\npatches: [{path: link}]\n\
                generators: [\"{apiVersion: builtin, kind: ConfigMapGenerator, \
                metadata: {name: x}, files: [../../../../etc/hostname]}\"]\n";
    let artifact = artifact_of(&[
        ("a.yaml", object),
        (
            "link",
            b"- {op: add, path: /metadata/labels, value: {a: b}}",
        ),
        ("kustomization.yaml", file.as_bytes()),
    ]);
    let error = renderer
        .build(&artifact, &kustomize(""), &Overlay::new())
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("leads out of the source"),
        "{error}"
    );
}

#[tokio::test]
async fn helm_inside_a_kustomization_is_refused_clearly() {
    let artifact = artifact_of(&[("kustomization.yaml", b"helmCharts: [{name: nginx}]\n")]);
    let error = renderer()
        .build(&artifact, &kustomize(""), &Overlay::new())
        .await
        .unwrap_err();
    assert!(
        matches!(error, RenderError::Unsupported { .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn an_alias_bomb_ends_at_our_limits_not_at_the_workers_memory() {
    let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (name, previous) in ["b", "c", "d", "e", "f", "g", "h", "i"]
        .iter()
        .zip("abcdefgh".chars())
    {
        let aliases = vec![format!("*{previous}"); 10].join(", ");
        writeln!(bomb, "{name}: &{name} [{aliases}]").unwrap();
    }
    let text = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: bomb}}\n{bomb}");
    for kustomization in ["resources: [bomb.yaml]\n", "patches: [{path: bomb.yaml}]\n"] {
        let artifact = artifact_of(&[
            ("bomb.yaml", text.as_bytes()),
            ("kustomization.yaml", kustomization.as_bytes()),
        ]);
        let error = renderer()
            .build(&artifact, &kustomize(""), &Overlay::new())
            .await
            .unwrap_err();
        assert!(
            chain(&error).contains("aliases counted as often as they are used"),
            "{error:?}"
        );
    }
}
