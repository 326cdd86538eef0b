use serde_json::json;

use super::*;

fn metadata(managed_fields: &serde_json::Value) -> ObjectMeta {
    serde_json::from_value(json!({"name": "db", "managedFields": managed_fields})).unwrap()
}

#[test]
fn keys_are_those_of_all_who_wrote() {
    let metadata = metadata(&json!([
        {"manager": FIELD_MANAGER, "fieldsV1": {"f:data": {".": {}, "f:user": {}}, "f:type": {}}},
        {"manager": "b", "fieldsV1": {"f:data": {"f:password": {}}}},
        {"manager": "c", "fieldsV1": {"f:metadata": {}}},
    ]));
    let keys = Keys {
        all: ["password", "user"].into(),
        rewritten: ["password"].into(),
    };
    assert_eq!(Keys::of(&metadata), Some(keys));
}

#[test]
fn emptied_secret_has_no_keys_and_an_unrecorded_one_is_not_known() {
    let emptied = metadata(&json!([{"manager": "a", "fieldsV1": {"f:type": {}}}]));
    let none = Keys {
        all: BTreeSet::new(),
        rewritten: BTreeSet::new(),
    };
    assert_eq!(Keys::of(&emptied), Some(none));
    assert_eq!(Keys::of(&metadata(&json!([]))), None);
    assert_eq!(Keys::of(&ObjectMeta::default()), None);
}
