use serde_json::{Value, json};

use super::*;

fn sealed_secret(metadata: &Value, spec: &Value) -> SealedSecret {
    let mut object = json!({
        "apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret",
        "metadata": {"name": "db", "namespace": "prod", "uid": "u1"}, "spec": spec,
    });
    for (key, value) in metadata.as_object().unwrap() {
        object["metadata"][key] = value.clone();
    }
    serde_json::from_value(object).unwrap()
}

/// K-012: the scope comes from the object's own metadata and never from the template.
#[test]
fn scope_is_read_from_the_top_level_only() {
    let wide = json!({"annotations": {"sealedsecrets.bitnami.com/cluster-wide": "true"}});
    let by_template = sealed_secret(
        &json!({}),
        &json!({"encryptedData": {}, "template": {"metadata": wide.clone()}}),
    );
    assert_eq!(
        parse(&by_template).unwrap().label,
        Scope::Strict.label("prod", "db")
    );
    let by_object = sealed_secret(&wide, &json!({"encryptedData": {}}));
    assert_eq!(
        parse(&by_object).unwrap().label,
        Scope::ClusterWide.label("prod", "db")
    );
}

#[test]
fn value_templates_are_refused_and_named() {
    let object = sealed_secret(
        &json!({}),
        &json!({"encryptedData": {}, "template": {"data": {"config": "{{ .password }}"}}}),
    );
    let error = parse(&object).err().unwrap();
    assert_eq!(
        (error.category(), error.reason()),
        (Category::Invalid, UNSEAL_FAILED)
    );
    assert!(error.to_string().contains("spec.template.data"));
}

#[test]
fn item_that_is_no_text_fails_like_a_damaged_one() {
    let object = sealed_secret(&json!({}), &json!({"encryptedData": {"a": 1, "b": "AgA="}}));
    let wanted = parse(&object).unwrap();
    assert_eq!(wanted.items.get("a").map(String::as_str), Some(""));
    assert_eq!(wanted.items.len(), 2);
}
