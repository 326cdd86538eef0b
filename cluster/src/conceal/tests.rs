use manifests::Manifest;
use serde_json::{Value, json};

use super::{Concealer, LAST_APPLIED};

fn secret(value: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": "db", "annotations": {LAST_APPLIED: format!("{{\"data\":\"{value}\"}}"), "team": "a"}},
        "data": {"password": value},
    })
}

/// I1
#[test]
fn secret_values_and_their_copies_are_gone_after_reading() {
    let mut object = secret("aHVudGVyMg==");
    Concealer::new().unwrap().conceal(&mut object);
    assert!(!object.to_string().contains("aHVudGVyMg"), "{object}");
    assert_eq!(object["metadata"]["annotations"]["team"], "a");
}

#[test]
fn equal_values_have_equal_tokens_under_one_key_and_others_under_another() {
    let (one, other) = (Concealer::new().unwrap(), Concealer::new().unwrap());
    let token = |concealer: &Concealer, value: &str| {
        let mut object = secret(value);
        concealer.conceal(&mut object);
        object["data"]["password"].clone()
    };
    assert_eq!(token(&one, "eA=="), token(&one, "eA=="));
    assert_ne!(token(&one, "eA=="), token(&one, "eQ=="));
    assert_ne!(token(&one, "eA=="), token(&other, "eA=="));
}

#[test]
fn other_kinds_stay_as_they_are() {
    let config_map = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "b"}});
    let mut object = config_map.clone();
    Concealer::new().unwrap().conceal(&mut object);
    assert_eq!(object, config_map);
}

/// I1: what is compared of a manifest with plaintext says nothing about it.
#[test]
fn fingerprint_tells_manifests_values_and_managers_apart() {
    let (one, other) = (Concealer::new().unwrap(), Concealer::new().unwrap());
    let manifest = |value: &str| {
        let mut manifest = Manifest::new(secret(value), None).unwrap();
        manifest.conceal_secret_data();
        manifest
    };
    let print = one.fingerprint(&manifest("eA=="), "us");
    assert_eq!(print, one.fingerprint(&manifest("eA=="), "us"));
    assert_ne!(print, one.fingerprint(&manifest("eQ=="), "us"));
    assert_ne!(print, one.fingerprint(&manifest("eA=="), "them"));
    assert_ne!(print, other.fingerprint(&manifest("eA=="), "us"));
}
