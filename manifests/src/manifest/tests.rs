use secret_bytes::SecretBytes;
use serde_json::{Value, json};

use super::{CONCEALED, Manifest, pointer_token};

fn secret() -> Manifest {
    Manifest::new(
        json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db", "namespace": "prod"},
            "data": {"password": "aHVudGVyMg==", "a/b~c": "eA=="}, "stringData": {"plain": "canary"},
        }),
        None,
    )
    .unwrap()
}

#[test]
fn concealed_secret_shows_keys_and_no_value() {
    let mut manifest = secret();
    manifest.conceal_secret_data();
    let text = manifest.object().to_string() + &format!("{manifest:?}");
    assert!(
        !text.contains("aHVudGVyMg") && !text.contains("canary"),
        "{text}"
    );
    assert_eq!(manifest.object()["data"]["password"], CONCEALED);
    assert_eq!(manifest.concealed().count(), 3);
}

#[test]
fn body_is_the_object_as_it_was_before_concealing() {
    let plain = secret();
    let mut concealed = plain.clone();
    concealed.conceal_secret_data();
    // EXPOSE: the test compares the request body with the object it was made from.
    let body: Value = serde_json::from_slice(concealed.to_body().expose()).unwrap();
    assert_eq!(&body, plain.object());
}

#[test]
fn concealing_twice_keeps_the_plaintext() {
    let mut manifest = secret();
    manifest.conceal_secret_data();
    manifest.conceal_secret_data();
    // EXPOSE: the test looks for the value in the request body.
    assert!(String::from_utf8_lossy(manifest.to_body().expose()).contains("aHVudGVyMg=="));
}

#[test]
fn numbers_are_concealed_and_come_back_as_numbers() {
    let mut manifest = Manifest::new(
        json!({"apiVersion": "v1", "kind": "X", "metadata": {"name": "x"}, "spec": {"pin": 1234}}),
        None,
    )
    .unwrap();
    manifest.conceal("/spec/pin");
    assert_eq!(manifest.object()["spec"]["pin"], CONCEALED);
    // EXPOSE: the test looks for the value in the request body.
    let body: Value = serde_json::from_slice(manifest.to_body().expose()).unwrap();
    assert_eq!(body["spec"]["pin"], 1234);
}

#[test]
fn other_kinds_have_no_secret_data() {
    let mut manifest = Manifest::new(
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": {"a": "b"}}),
        None,
    )
    .unwrap();
    manifest.conceal_secret_data();
    assert_eq!(manifest.object()["data"]["a"], "b");
}

#[test]
fn objects_without_identity_are_no_manifests() {
    assert!(Manifest::new(json!({"kind": "ConfigMap"}), None).is_none());
    assert!(
        Manifest::new(
            json!({"apiVersion": "v1", "kind": "X", "metadata": {}}),
            None
        )
        .is_none()
    );
}

#[test]
fn pointer_tokens_escape_slash_and_tilde() {
    assert_eq!(pointer_token("a/b~c"), "a~1b~0c");
}

#[test]
fn value_put_under_a_key_is_base64_in_the_body_and_nowhere_else() {
    let mut manifest = Manifest::new(
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}}),
        None,
    )
    .unwrap();
    manifest.set_secret_value("password", &SecretBytes::new(b"hunter2".to_vec()));
    assert!(!manifest.object().to_string().contains("aHVudGVyMg"));
    // EXPOSE: the test looks for the value in the request body.
    let body: Value = serde_json::from_slice(manifest.to_body().expose()).unwrap();
    assert_eq!(body["data"]["password"], "aHVudGVyMg==");
}
