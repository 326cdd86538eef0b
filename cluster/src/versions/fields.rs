//! Sets of fields, as `managedFields` writes them, by hash.

use std::hash::{BuildHasher, Hash, Hasher, RandomState};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ManagedFieldsEntry;
use manifests::Manifest;
use serde_json::{Map, Value};

/// Returns the hash of what a manager applied; none of what was written in another way.
pub(super) fn applied(entry: &ManagedFieldsEntry, names: &RandomState) -> Option<u64> {
    let is_applied = entry.operation.as_deref() == Some("Apply") && entry.subresource.is_none();
    let manager = entry.manager.as_deref().filter(|_| is_applied)?;
    Some(hash(manager, &entry.fields_v1.as_ref()?.0, names))
}

/// Returns the hash of what a manager would apply. There is none where the set cannot be told
/// without the kind's schema: of lists, and of fields that are empty.
pub(super) fn of(manifest: &Manifest, manager: &str, names: &RandomState) -> Option<u64> {
    let mut set = Map::new();
    for (field, value) in manifest.object().as_object()? {
        let below = match (field.as_str(), value) {
            ("apiVersion" | "kind", _) => continue,
            ("metadata", Value::Object(metadata)) => match marks(metadata)? {
                marks if marks.is_empty() => continue,
                marks => Value::Object(marks),
            },
            // It is stored as `data`.
            ("stringData", _) => return None,
            (_, value) => set_of(value)?,
        };
        set.insert(format!("f:{field}"), below);
    }
    Some(hash(manager, &Value::Object(set), names))
}

fn marks(metadata: &Map<String, Value>) -> Option<Map<String, Value>> {
    let mut set = Map::new();
    for (field, value) in metadata {
        if !matches!(field.as_str(), "name" | "namespace") {
            set.insert(format!("f:{field}"), set_of(value)?);
        }
    }
    Some(set)
}

fn set_of(value: &Value) -> Option<Value> {
    match value {
        Value::Null | Value::Array(_) => None,
        Value::Bool(_) | Value::Number(_) | Value::String(_) => Some(Value::Object(Map::new())),
        Value::Object(fields) if fields.is_empty() => None,
        Value::Object(fields) => {
            let below = fields
                .iter()
                .map(|(field, value)| Some((format!("f:{field}"), set_of(value)?)));
            Some(Value::Object(below.collect::<Option<Map<_, _>>>()?))
        }
    }
}

fn hash(manager: &str, set: &Value, names: &RandomState) -> u64 {
    let mut hasher = names.build_hasher();
    manager.hash(&mut hasher);
    absorb(set, &mut hasher);
    hasher.finish()
}

fn absorb(set: &Value, hasher: &mut impl Hasher) {
    let Value::Object(fields) = set else {
        return;
    };
    fields.len().hash(hasher);
    let mut fields: Vec<_> = fields.iter().collect();
    fields.sort_unstable_by_key(|(field, _)| *field);
    for (field, below) in fields {
        field.hash(hasher);
        absorb(below, hasher);
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::FieldsV1;
    use serde_json::json;

    use super::*;

    fn manifest(object: Value) -> Manifest {
        Manifest::new(object, None).unwrap()
    }

    fn entry(operation: &str, fields: Value) -> ManagedFieldsEntry {
        ManagedFieldsEntry {
            manager: Some("us".to_owned()),
            operation: Some(operation.to_owned()),
            fields_v1: Some(FieldsV1(fields)),
            ..ManagedFieldsEntry::default()
        }
    }

    #[test]
    fn manifest_has_the_set_the_api_server_writes_down_for_it() {
        let names = RandomState::new();
        let wanted = manifest(json!({
            "apiVersion": "v1", "kind": "ConfigMap", "data": {"b": "1", "a": "2"},
            "metadata": {"name": "n", "namespace": "s", "labels": {"team": "x"}},
        }));
        let written = json!({
            "f:data": {"f:a": {}, "f:b": {}}, "f:metadata": {"f:labels": {"f:team": {}}},
        });
        let of = |manager| of(&wanted, manager, &names);
        let applied =
            |operation, fields: &Value| applied(&entry(operation, fields.clone()), &names);
        assert_eq!(applied("Apply", &written), of("us"));
        assert_ne!(applied("Apply", &written), of("them"));
        assert_eq!(applied("Update", &written), None);
        let fewer = json!({"f:data": {"f:a": {}}, "f:metadata": {"f:labels": {"f:team": {}}}});
        assert_ne!(applied("Apply", &fewer), of("us"));
    }

    #[test]
    fn lists_and_empty_fields_have_no_known_set() {
        let names = RandomState::new();
        for more in [json!([1]), json!({}), Value::Null, json!({"a": {"b": []}})] {
            let mut object = json!({
                "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "n"},
            });
            object["data"] = more;
            assert_eq!(of(&manifest(object), "us", &names), None);
        }
    }
}
