use manifests::Manifest;
use serde_json::{Value, json};

use super::Applier;

fn config_map(metadata: &Value) -> Manifest {
    let mut object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}});
    for (key, value) in metadata.as_object().unwrap() {
        object["metadata"][key] = value.clone();
    }
    Manifest::new(object, None).unwrap()
}

const OWNER: Applier = Applier::Owner {
    field_manager: None,
};

#[test]
fn marks_of_the_owner_stay_and_its_manager_is_used() {
    let live =
        config_map(&json!({"labels": {"kustomize.toolkit.fluxcd.io/name": "apps", "x": "y"}}));
    let mut wanted = config_map(&json!({"labels": {"a": "b"}}));
    assert_eq!(
        OWNER.prepare(&mut wanted, Some(&live)),
        "kustomize-controller"
    );
    let labels = json!({"a": "b", "kustomize.toolkit.fluxcd.io/name": "apps"});
    assert_eq!(wanted.object()["metadata"]["labels"], labels);
}

#[test]
fn what_has_no_owner_is_applied_by_kubectl_or_as_asked() {
    let plain = config_map(&json!({}));
    let mut wanted = plain.clone();
    assert_eq!(OWNER.prepare(&mut wanted, Some(&plain)), "kubectl");
    assert_eq!(OWNER.prepare(&mut wanted, None), "kubectl");
    let asked = Applier::Owner {
        field_manager: Some("me".to_owned()),
    };
    assert_eq!(asked.prepare(&mut wanted, Some(&plain)), "me");
    assert_eq!(wanted, plain);
}

#[test]
fn a_unit_stamps_its_own_marks_only() {
    let unit = Applier::Unit {
        field_manager: "kustomize-controller".to_owned(),
    };
    let live = config_map(&json!({"labels": {"kustomize.toolkit.fluxcd.io/name": "other"}}));
    let mut wanted = config_map(&json!({}));
    unit.prepare(&mut wanted, Some(&live));
    assert_eq!(wanted, config_map(&json!({})));
}
