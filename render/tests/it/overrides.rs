//! What a unit lays over the directory's kustomization file.

use std::collections::BTreeMap;

use manifests::{Image, KustomizeOptions, Manifest, Overlay, Patch, PatchTarget};
use render::RenderError;

use crate::fixtures::{artifact, artifact_of, ids, renderer, with};

fn overrides() -> KustomizeOptions {
    KustomizeOptions {
        namespace: Some("tenant".to_owned()),
        name_prefix: Some("pre-".to_owned()),
        name_suffix: Some("-post".to_owned()),
        patches: vec![Patch {
            patch: "- {op: add, path: /spec/paused, value: true}".to_owned(),
            target: Some(PatchTarget {
                kind: "Deployment".to_owned(),
                ..PatchTarget::default()
            }),
        }],
        images: vec![Image {
            name: "registry.example.test/web".to_owned(),
            new_tag: "9.9".to_owned(),
            ..Image::default()
        }],
        components: vec!["../component".to_owned()],
        common_labels: BTreeMap::from([("app".to_owned(), "stamped".to_owned())]),
        common_annotations: BTreeMap::from([("by".to_owned(), "unit".to_owned())]),
        build_metadata: vec!["originAnnotations".to_owned()],
        ..KustomizeOptions::default()
    }
}

fn find<'a>(manifests: &'a [Manifest], kind: &str) -> &'a Manifest {
    manifests
        .iter()
        .find(|manifest| manifest.kind() == kind)
        .unwrap()
}

/// What the options make of a directory of the artifact with every feature.
async fn built(directory: &str, options: KustomizeOptions) -> Vec<Manifest> {
    let options = with(directory, options);
    renderer()
        .build(&artifact("features"), &options, &Overlay::new())
        .await
        .unwrap()
}

#[tokio::test]
async fn every_override_reaches_the_objects_g_192() {
    let manifests = built("base", overrides()).await;
    let deployment = find(&manifests, "Deployment");
    assert_eq!(
        deployment.id().to_string(),
        "Deployment/tenant/pre-web-post"
    );
    let spec = &deployment.object()["spec"];
    assert_eq!(spec["paused"], true);
    assert_eq!(spec["template"]["spec"]["priorityClassName"], "high");
    assert_eq!(
        spec["template"]["spec"]["containers"][0]["image"],
        "registry.example.test/web:9.9"
    );
    // Stamped over the object's own, and not into its selectors.
    assert_eq!(deployment.label("app"), Some("stamped"));
    assert_eq!(spec["selector"]["matchLabels"]["app"], "web");
    assert!(
        manifests
            .iter()
            .all(|manifest| manifest.annotation("by") == Some("unit"))
    );
    assert!(
        deployment
            .annotation("config.kubernetes.io/origin")
            .is_some()
    );
}

#[tokio::test]
async fn an_image_override_takes_the_place_of_the_files_own_g_192() {
    let options = KustomizeOptions {
        images: vec![Image {
            name: "registry.example.test/web".to_owned(),
            digest: format!("sha256:{}", "a".repeat(64)),
            ..Image::default()
        }],
        ..KustomizeOptions::default()
    };
    let manifests = built("overlay", options).await;
    let deployment = find(&manifests, "Deployment").object();
    let image = &deployment["spec"]["template"]["spec"]["containers"][0]["image"];
    assert_eq!(
        image.as_str().unwrap(),
        format!("registry.example.test/web@sha256:{}", "a".repeat(64))
    );
}

#[tokio::test]
async fn overrides_apply_to_a_synthesised_kustomization_file_g_025() {
    let options = KustomizeOptions {
        name_prefix: Some("prod-".to_owned()),
        common_labels: BTreeMap::from([("env".to_owned(), "production".to_owned())]),
        ..KustomizeOptions::default()
    };
    let artifact = artifact_of(&[(
        "apps/a.yaml",
        b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
    )]);
    let manifests = renderer()
        .build(&artifact, &with("apps", options), &Overlay::new())
        .await
        .unwrap();
    assert_eq!(ids(&manifests), ["ConfigMap/prod-a"]);
    assert_eq!(manifests[0].label("env"), Some("production"));
}

/// G-025: as `commonLabels` of an Application's kustomize block, selectors included.
#[tokio::test]
async fn selector_labels_reach_selectors_and_templates_g_025() {
    let options = KustomizeOptions {
        name_prefix: Some("prod-".to_owned()),
        selector_labels: BTreeMap::from([("env".to_owned(), "production".to_owned())]),
        template_annotations: BTreeMap::from([("owner".to_owned(), "unit".to_owned())]),
        ..KustomizeOptions::default()
    };
    let manifests = built("base", options).await;
    assert!(
        manifests
            .iter()
            .all(|manifest| manifest.label("env") == Some("production"))
    );
    let deployment = find(&manifests, "Deployment");
    assert_eq!(deployment.name(), "prod-web");
    let spec = &deployment.object()["spec"];
    assert_eq!(spec["selector"]["matchLabels"]["env"], "production");
    assert_eq!(spec["template"]["metadata"]["labels"]["env"], "production");
    assert_eq!(spec["template"]["metadata"]["annotations"]["owner"], "unit");
    assert_eq!(
        find(&manifests, "Service").object()["spec"]["selector"]["env"],
        "production"
    );
}

#[tokio::test]
async fn the_managed_by_label_is_one_that_the_api_server_takes() {
    let options = KustomizeOptions {
        build_metadata: vec!["managedByLabel".to_owned()],
        ..KustomizeOptions::default()
    };
    let manifests = built("base", options).await;
    assert_eq!(
        manifests[0].label("app.kubernetes.io/managed-by"),
        Some("kustomize-v5.8.1")
    );
}

#[tokio::test]
async fn a_missing_component_fails_unless_it_may_be_missing_g_192() {
    let missing = |ignore| KustomizeOptions {
        components: vec!["../gone".to_owned()],
        ignore_missing_components: ignore,
        ..KustomizeOptions::default()
    };
    let (renderer, artifact) = (renderer(), artifact("features"));
    let error = renderer
        .build(&artifact, &with("base", missing(false)), &Overlay::new())
        .await
        .unwrap_err();
    assert!(
        matches!(error, RenderError::NoComponent { .. }),
        "{error:?}"
    );
    let built = renderer
        .build(&artifact, &with("base", missing(true)), &Overlay::new())
        .await;
    assert!(!built.unwrap().is_empty());
}
