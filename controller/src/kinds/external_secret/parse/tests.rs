use serde_json::{Value, json};

use super::*;
use crate::error::{Category, Chain};

fn external_secret(spec: &Value) -> ExternalSecret {
    let mut whole = json!({"secretStoreRef": {"name": "vault"}});
    if spec.get("data").is_none() && spec.get("dataFrom").is_none() {
        whole["data"] = json!([{"secretKey": "a", "remoteRef": {"key": "k"}}]);
    }
    for (field, value) in spec.as_object().unwrap() {
        whole[field] = value.clone();
    }
    serde_json::from_value(json!({
        "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret",
        "metadata": {"name": "db", "namespace": "prod", "uid": "u1", "generation": 1,
            "labels": {"l": "1"}, "annotations": {"a": "1"}},
        "spec": whole,
    }))
    .unwrap()
}

fn refused(spec: &Value) -> String {
    let refusal = parse(&external_secret(spec)).entries.unwrap_err();
    let error = refusal.error();
    assert_eq!(
        (error.category(), error.reason()),
        (Category::Invalid, "SecretSyncedError")
    );
    Chain(&error).to_string()
}

/// E-028; without a template labels and annotations are copied.
#[test]
fn secret_has_the_objects_name_and_metadata_unless_told_otherwise() {
    let target = parse(&external_secret(&json!({}))).target;
    assert_eq!(target.name, "db");
    assert_eq!(target.labels.get("l").map(String::as_str), Some("1"));
    assert_eq!(target.annotations.get("a").map(String::as_str), Some("1"));
    let spec = json!({"target": {"name": "other", "template": {"type": "kubernetes.io/tls"}}});
    let target = parse(&external_secret(&spec)).target;
    assert_eq!(target.name, "other");
    assert_eq!(target.kind.as_deref(), Some("kubernetes.io/tls"));
    assert!(target.labels.is_empty() && target.annotations.is_empty());
}

/// E-075: sets come first, so that single values win.
#[test]
fn sets_come_before_single_values() {
    let spec = json!({
        "data": [{"secretKey": "a", "remoteRef": {"key": "one"}}],
        "dataFrom": [{"extract": {"key": "two"}}, {"extract": {"key": "three"}}],
    });
    let wanted = parse(&external_secret(&spec));
    let entries = wanted.entries.unwrap();
    let keys: Vec<&str> = entries
        .iter()
        .map(|entry| entry.remote.key.as_str())
        .collect();
    assert_eq!(keys, ["two", "three", "one"]);
}

/// E-087, E-088.
#[test]
fn entry_may_name_a_store_of_its_own() {
    let own = json!({"storeRef": {"name": "aws", "kind": "ClusterSecretStore"}});
    let spec = json!({
        "secretStoreRef": {},
        "data": [{"secretKey": "a", "remoteRef": {"key": "k"}, "sourceRef": own}],
    });
    let wanted = parse(&external_secret(&spec));
    let store = r#"ClusterSecretStore "aws""#;
    assert_eq!(wanted.stores.first().unwrap().to_string(), store);
    let entries = wanted.entries.unwrap();
    assert_eq!(entries.first().unwrap().store.to_string(), store);
    assert!(refused(&json!({"secretStoreRef": {}})).contains("spec.data[0] names no store"));
}

#[test]
fn what_is_not_built_is_refused_by_its_field() {
    let cases = [
        (
            json!({"dataFrom": [{"find": {"name": {"regexp": "x"}}}]}),
            "spec.dataFrom[0].find",
        ),
        (
            json!({"dataFrom": [{"extract": {"key": "k"}, "rewrite": [{"regexp": {"source": "a", "target": "b"}}]}]}),
            "spec.dataFrom[0].rewrite",
        ),
        (
            json!({"dataFrom": [{"sourceRef": {"generatorRef": {"kind": "Password", "name": "p"}}}]}),
            "spec.dataFrom[0].sourceRef.generatorRef",
        ),
        (
            json!({"target": {"template": {"data": {"url": "{{ .a }}"}}}}),
            "spec.target.template.data",
        ),
        (
            json!({"target": {"template": {"templateFrom": [{"literal": "a: b"}]}}}),
            "spec.target.template.templateFrom",
        ),
        (
            json!({"target": {"template": {"metadata": {"labels": {"x": "{{ .a }}"}}}}}),
            r#"spec.target.template.metadata.labels["x"] with an expression"#,
        ),
        (
            json!({"syncWindows": {"kind": "deny", "windows": [{"schedule": "@daily", "duration": "1h"}]}}),
            "spec.syncWindows",
        ),
    ];
    for (spec, field) in cases {
        assert_eq!(refused(&spec), format!("{field} is not supported yet"));
    }
}

/// The switch is off.
#[test]
fn other_kinds_than_secrets_are_disabled() {
    let spec = json!({"target": {"manifest": {"apiVersion": "v1", "kind": "ConfigMap"}}});
    assert_eq!(
        refused(&spec),
        "invalid generic target: generic targets are disabled. \
         Enable with --unsafe-allow-generic-targets flag"
    );
}

/// What the admission webhook refuses is refused with admission off as well.
#[test]
fn contradictions_are_refused() {
    for policy in ["Merge", "None", "CreateOrMerge"] {
        let spec = json!({"target": {"creationPolicy": policy, "deletionPolicy": "Delete"}});
        assert!(refused(&spec).starts_with("deletionPolicy=Delete must not be used"));
    }
    let spec = json!({"target": {"creationPolicy": "None", "deletionPolicy": "Merge"}});
    assert!(refused(&spec).starts_with("deletionPolicy=Merge must not be used"));
    assert_eq!(
        refused(&json!({"data": []})),
        "either data or dataFrom should be specified"
    );
    assert!(refused(&json!({"dataFrom": [{}]})).starts_with("spec.dataFrom[0] must have"));
}

/// With admission off.
#[test]
fn tokens_are_no_target() {
    let template = json!({"type": "bootstrap.kubernetes.io/token"});
    assert!(refused(&json!({"target": {"template": template}})).starts_with("bootstrap tokens"));
    let template = json!({"type": "kubernetes.io/service-account-token",
        "metadata": {"annotations": {"kubernetes.io/service-account.name": "admin"}}});
    assert!(refused(&json!({"target": {"template": template}})).starts_with("tokens of"));
}
