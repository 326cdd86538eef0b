//! Decrypted files that stand in for the artifact's own.

use manifests::{Manifest, Overlay};
use render::RenderError;

use crate::fixtures::{artifact, artifact_of, chain, kustomize, overlay, renderer};

fn secret<'a>(manifests: &'a [Manifest], prefix: &str) -> &'a Manifest {
    let mut secrets = manifests.iter().filter(|manifest| manifest.is_secret());
    secrets
        .find(|manifest| manifest.name().starts_with(prefix))
        .unwrap()
}

#[tokio::test]
async fn generators_and_patches_take_the_overlay_and_components_and_replacements_work() {
    let decrypted = overlay(&[
        ("secrets/token.txt", "opened"),
        ("secrets/database.env", "USER=app\nPASSWORD=open sesame\n"),
        (
            "secrets/limits.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 9}\n",
        ),
    ]);
    let manifests = renderer()
        .build(&artifact("features"), &kustomize("overlay"), &decrypted)
        .await
        .unwrap();
    let data = &secret(&manifests, "eu-credentials-v2").object()["data"];
    assert_eq!(data["token.txt"], "b3BlbmVk");
    assert_eq!(data["PASSWORD"], "b3BlbiBzZXNhbWU=");
    let deployment = manifests
        .iter()
        .find(|manifest| manifest.kind() == "Deployment")
        .unwrap();
    let pod = &deployment.object()["spec"]["template"]["spec"];
    assert_eq!(pod["priorityClassName"], "high");
    assert_eq!(pod["containers"][0]["env"][0]["value"], "eu-web-v2");
    // The patch's other content was replaced with it.
    assert!(pod["containers"][0].get("resources").is_none());
}

#[tokio::test]
async fn an_overlay_is_gone_with_its_request() {
    let renderer = renderer();
    let (artifact, options) = (artifact("features"), kustomize("overlay"));
    let before = renderer
        .build(&artifact, &options, &Overlay::new())
        .await
        .unwrap();
    let decrypted = overlay(&[("secrets/token.txt", "opened")]);
    let with = renderer
        .build(&artifact, &options, &decrypted)
        .await
        .unwrap();
    let after = renderer
        .build(&artifact, &options, &Overlay::new())
        .await
        .unwrap();
    assert_ne!(before, with);
    assert_eq!(before, after);
}

#[tokio::test]
async fn no_error_quotes_what_was_decrypted() {
    let canary = "canary-7f3a";
    let artifact = artifact_of(&[
        (
            "a.yaml",
            b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
        ),
        (
            "patch.yaml",
            b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: ENC}\n",
        ),
        (
            "kustomization.yaml",
            b"resources: [a.yaml]\npatches: [{path: patch.yaml}]\n",
        ),
        (
            "b/kustomization.yaml",
            b"resources: [../a.yaml, gone.yaml]\npatches: [{path: ../patch.yaml}]\n",
        ),
    ]);
    let decrypted = overlay(&[("patch.yaml", &format!("{canary}: [\n{canary}"))]);
    let renderer = renderer();
    let error = renderer
        .build(&artifact, &kustomize(""), &decrypted)
        .await
        .unwrap_err();
    assert!(matches!(error, RenderError::Withheld { .. }), "{error:?}");
    assert!(chain(&error).contains("patch.yaml") && !format!("{error:?}").contains(canary));
    // What is wrong without the overlay as well is said as kustomize says it.
    let error = renderer
        .build(&artifact, &kustomize("b"), &decrypted)
        .await
        .unwrap_err();
    assert!(chain(&error).contains("gone.yaml") && !format!("{error:?}").contains(canary));
}
