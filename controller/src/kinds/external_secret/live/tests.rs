use serde_json::json;

use super::*;

fn live(metadata: Value) -> Live {
    let mut secret = json!({"apiVersion": "v1", "kind": "Secret", "type": "Opaque",
        "data": {"foo": "YmFy"}});
    secret["metadata"] = metadata;
    Live::of(serde_json::from_value(secret).unwrap())
}

const HASH_OF_FOO_BAR: &str = "f2a604b87eb0cf673761e8cfea850f901fe73a3d1b2f338802107f36";

fn marked() -> Value {
    json!({
        "labels": {"reconcile.external-secrets.io/managed": "true"},
        "annotations": {"reconcile.external-secrets.io/data-hash": HASH_OF_FOO_BAR},
    })
}

/// E-049, E-050, E-052: what was edited, unmarked or deleted is repaired.
#[test]
fn secret_is_valid_while_it_is_as_written() {
    let policy = CreationPolicy::Owner;
    assert!(is_valid(Some(&live(marked())), policy));
    assert!(!is_valid(None, policy));
    let mut edited = live(marked());
    edited.data.clear();
    assert!(!is_valid(Some(&edited), policy));
    for field in ["labels", "annotations"] {
        let mut metadata = marked();
        metadata[field] = json!({});
        assert!(!is_valid(Some(&live(metadata)), policy));
    }
}

/// Other labels and annotations are nobody's business.
#[test]
fn unrelated_metadata_may_change() {
    let mut metadata = marked();
    metadata["labels"]["team"] = json!("a");
    assert!(is_valid(Some(&live(metadata)), CreationPolicy::Merge));
}

/// E-051.
#[test]
fn orphan_is_always_valid() {
    assert!(is_valid(None, CreationPolicy::Orphan));
}

/// E-208: entries of the earlier controller, written by update, count as ours.
#[test]
fn own_fields_are_those_of_the_manager_by_any_request() {
    let fields = |data: Value| json!({"f:data": data, "f:metadata": {"f:labels": {"f:team": {}}}});
    let live = live(json!({"managedFields": [
        {"manager": "me", "operation": "Update", "fieldsType": "FieldsV1", "fieldsV1": fields(json!({".": {}, "f:a": {}}))},
        {"manager": "me", "operation": "Apply", "fieldsType": "FieldsV1", "fieldsV1": fields(json!({"f:b": {}}))},
        {"manager": "other", "operation": "Update", "fieldsType": "FieldsV1", "fieldsV1": fields(json!({"f:c": {}}))},
    ]}));
    let own = live.written_by("me");
    assert_eq!(own.keys, BTreeSet::from(["a".to_owned(), "b".to_owned()]));
    assert_eq!(own.labels, BTreeSet::from(["team".to_owned()]));
    assert!(own.annotations.is_empty());
}
