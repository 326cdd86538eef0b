use serde_json::json;

use super::held;

/// I1: values stand beside the object, and the copy that `kubectl` leaves of them is gone.
#[test]
fn plaintext_of_an_answer_is_held_beside_the_object() {
    let copy = "{\"data\":{\"k\":\"c2VjcmV0\"}}";
    let answer = json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": "a", "annotations": {
            "kubectl.kubernetes.io/last-applied-configuration": copy,
        }},
        "data": {"k": "c2VjcmV0"},
    });
    let manifest = held(answer).unwrap();
    assert!(!manifest.object().to_string().contains("c2VjcmV0"));
    assert_eq!(manifest.concealed().count(), 1);
    // EXPOSE: the value is a test's.
    let body = manifest.to_body();
    assert!(body.expose_str().unwrap().contains("c2VjcmV0"));
}

#[test]
fn an_answer_that_is_no_object_is_nothing() {
    assert!(held(json!({"kind": "Status"})).is_none());
}
