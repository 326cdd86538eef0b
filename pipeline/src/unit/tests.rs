use serde_json::json;

use super::{Family, Protection, UnitId};
use crate::fixtures::unit;

#[test]
fn unit_id_reads_family_namespace_name() {
    let id = UnitId {
        family: Family::Flux,
        namespace: "a".to_owned(),
        name: "b".to_owned(),
    };
    assert_eq!(id.to_string(), "flux:a/b");
}

#[test]
fn protection_is_read_from_annotations_and_labels_and_lists() {
    let unit = unit();
    let annotated =
        json!({"metadata": {"annotations": {"kustomize.toolkit.fluxcd.io/ssa": "Merge"}}});
    assert!(unit.protects(&annotated, Protection::Merge));
    assert!(!unit.protects(&annotated, Protection::Ignore));
    let labelled =
        json!({"metadata": {"labels": {"kustomize.toolkit.fluxcd.io/prune": "disabled"}}});
    assert!(unit.protects(&labelled, Protection::KeepFromPrune));
    let listed =
        json!({"metadata": {"annotations": {"kustomize.toolkit.fluxcd.io/ssa": "x, Merge"}}});
    assert!(unit.protects(&listed, Protection::Merge));
    assert!(!unit.protects(&json!({}), Protection::Merge));
}
