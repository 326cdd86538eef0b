use api::kustomize::Kustomization;
use manifests::{ParsePath, Tool};
use serde_json::{Value, json};

use super::{build, decryption};
use crate::unit::MacPolicy;

fn kustomization(annotations: &Value, spec: &Value) -> Kustomization {
    let mut object = json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": {"name": "apps", "namespace": "flux-system", "annotations": annotations},
        "spec": {
            "interval": "10m",
            "prune": true,
            "sourceRef": {"kind": "GitRepository", "name": "apps"},
        },
    });
    for (field, value) in spec.as_object().unwrap() {
        object["spec"][field] = value.clone();
    }
    serde_json::from_value(object).unwrap()
}

/// G-192: every override reaches the renderer.
#[test]
fn overrides_are_laid_over_the_directory() {
    let object = kustomization(
        &json!({}),
        &json!({
            "path": "./apps/live/",
            "targetNamespace": "live",
            "namePrefix": "my-",
            "nameSuffix": "-v2",
            "commonMetadata": {"labels": {"team": "a"}, "annotations": {"note": "b"}},
            "patches": [{"patch": "- op: remove", "target": {"kind": "Deployment"}}],
            "images": [{"name": "web", "newTag": "2.0"}],
            "components": ["../extra"],
            "ignoreMissingComponents": true,
        }),
    );
    let options = build(&object.spec).unwrap();
    assert_eq!(options.path.as_str(), "apps/live");
    let Tool::Kustomize(kustomize) = options.tool else {
        panic!("not kustomize");
    };
    assert_eq!(kustomize.namespace.as_deref(), Some("live"));
    assert_eq!(kustomize.name_prefix.as_deref(), Some("my-"));
    assert_eq!(kustomize.name_suffix.as_deref(), Some("-v2"));
    assert_eq!(kustomize.common_labels["team"], "a");
    assert_eq!(kustomize.common_annotations["note"], "b");
    let target = kustomize.patches[0].target.as_ref().unwrap();
    assert_eq!(target.kind, "Deployment");
    assert_eq!(kustomize.images[0].new_tag, "2.0");
    assert_eq!(kustomize.components, ["../extra"]);
    assert!(kustomize.ignore_missing_components);
}

#[test]
fn a_path_out_of_the_artifact_is_refused() {
    let object = kustomization(&json!({}), &json!({"path": "../other"}));
    assert!(matches!(build(&object.spec), Err(ParsePath::Escape { .. })));
}

/// G-201: the check of a MAC is given up by an annotation only.
#[test]
fn decryption_is_what_the_spec_and_the_annotation_say() {
    assert_eq!(decryption(&kustomization(&json!({}), &json!({}))), None);
    let spec = json!({"decryption": {"provider": "sops", "secretRef": {"name": "keys"}}});
    let strict = decryption(&kustomization(&json!({}), &spec)).unwrap();
    assert_eq!(strict.secret_name.as_deref(), Some("keys"));
    assert_eq!(strict.mac_policy, MacPolicy::Refuse);
    let annotations = json!({"signet.dev/mac-policy": "warn"});
    let lenient = decryption(&kustomization(&annotations, &spec)).unwrap();
    assert_eq!(lenient.mac_policy, MacPolicy::Warn);
}
