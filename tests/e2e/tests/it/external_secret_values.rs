//! From what a store holds to the keys and values of a Secret: sets, decoding, conversion, and
//! what is refused; stores of the kinds Fake and Kubernetes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::external::Team;
use crate::sealed::value;

fn spec(fields: &Value) -> Value {
    let mut spec = json!({"refreshInterval": "1h", "secretStoreRef": {"name": "values"}});
    for (key, value) in fields.as_object().into_iter().flatten() {
        spec[key] = value.clone();
    }
    spec
}

/// E-073, E-074, E-075; conversion and decoding on the way.
#[test]
fn sets_and_values_are_put_together_in_order() {
    let team = Team::new("es-values");
    team.fake_store(
        "values",
        &[
            ("set", r#"{"a": "1", "b/c": {"x": [1, 2]}, "same": "set"}"#),
            ("deep", r#"{"inner": {"d": "4", "same": "deep"}}"#),
            ("same", "data"),
            ("encoded", "aGVsbG8="),
        ],
    );
    team.external_secret(
        "db",
        &spec(&json!({
            "dataFrom": [
                {"extract": {"key": "set"}},
                {"extract": {"key": "deep", "property": "inner"}},
            ],
            "data": [{"secretKey": "encoded",
                "remoteRef": {"key": "encoded", "decodingStrategy": "Base64"}}],
        })),
    );
    let secret = team.has_keys("db", &["a", "b_c", "d", "encoded", "same"]);
    assert_eq!(value(&secret, "b_c"), r#"{"x": [1, 2]}"#);
    assert_eq!(value(&secret, "same"), "deep");
    assert_eq!(value(&secret, "encoded"), "hello");
    team.external_secret(
        "db",
        &spec(&json!({
            "dataFrom": [{"extract": {"key": "set", "conversionStrategy": "Unicode"}}],
            "data": [{"secretKey": "same", "remoteRef": {"key": "same"}}],
        })),
    );
    let secret = team.has_keys("db", &["a", "b_U002f_c", "same"]);
    assert_eq!(value(&secret, "same"), "data");
}

/// E-035, E-038, E-086: one bad entry fails the whole, by its key and without its value.
#[test]
fn one_failure_writes_nothing_and_shows_no_value() {
    let team = Team::new("es-unfit");
    team.fake_store(
        "values",
        &[("good", "fine"), ("bad", "not-base64-hunter2!")],
    );
    team.external_secret(
        "db",
        &spec(&json!({"data": [
            {"secretKey": "good", "remoteRef": {"key": "good"}},
            {"secretKey": "bad", "remoteRef": {"key": "bad", "decodingStrategy": "Base64"}},
        ]})),
    );
    team.fails("db");
    let told = team.event("db", "UpdateFailed");
    assert!(told.contains("failure decoding key bad"), "{told}");
    assert!(!told.contains("hunter2"), "{told}");
    team.get("Secret", "db").expect_err("it is not made");
}

/// What is not built is told by its field, and nothing is made.
#[test]
fn what_is_not_supported_is_refused() {
    let team = Team::new("es-refused");
    team.fake_store("values", &[("a", "1")]);
    let data = json!([{"secretKey": "a", "remoteRef": {"key": "a"}}]);
    team.external_secret(
        "db",
        &spec(&json!({"data": data, "target": {"template": {"data": {"url": "x{{ .a }}"}}}})),
    );
    let ready = team.fails("db");
    assert_eq!(ready["reason"], "SecretSyncedError");
    assert_eq!(
        team.event("db", "UpdateFailed"),
        "spec.target.template.data is not supported yet"
    );
    team.get("Secret", "db").expect_err("it is not made");
}

/// E-174: the same name in another namespace is another store.
#[test]
fn stores_of_one_name_hold_their_own_values() {
    let teams = ["es-same-one", "es-same-two"].map(Team::new);
    for team in &teams {
        team.fake_store("values", &[("a", team.namespace.as_str())]);
    }
    for team in &teams {
        let data = json!([{"secretKey": "a", "remoteRef": {"key": "a"}}]);
        team.external_secret("db", &spec(&json!({"data": data})));
        team.has("db", "a", &team.namespace);
    }
}

/// E-089, E-157: Secrets of a cluster, read with a ServiceAccount's rights.
#[test]
fn values_of_another_namespace_are_read_with_an_accounts_rights() {
    let team = Team::new("es-kubernetes");
    let remote = Team::new("es-kubernetes-remote");
    let bytes = [0, 159, 146, 150, 255];
    team.world.create(&json!({
        "apiVersion": "v1", "kind": "Secret", "data": {"binary": STANDARD.encode(bytes)},
        "metadata": {"name": "source", "namespace": remote.namespace},
    }));
    let cluster = team.world.cluster();
    team.world.create(&json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {"name": "reader", "namespace": team.namespace},
    }));
    let provider = json!({"kubernetes": {
        "remoteNamespace": remote.namespace,
        "server": {"url": cluster.url(), "caBundle": STANDARD.encode(cluster.ca_pem())},
        "auth": {"serviceAccount": {"name": "reader"}},
    }});
    team.store("values", &provider);
    team.world
        .condition("SecretStore", "es-kubernetes", "values", "Ready", "False");
    let told = team.event("values", "InvalidProviderConfig");
    assert!(
        told.contains("client is not allowed to get secrets"),
        "{told}"
    );
    team.world.create(&json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
        "metadata": {"name": "reader", "namespace": remote.namespace},
        "rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}],
    }));
    team.world.create(&json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": {"name": "reader", "namespace": remote.namespace},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"},
        "subjects": [{"kind": "ServiceAccount", "name": "reader", "namespace": team.namespace}],
    }));
    // The store has no way to know; who grants the right says so.
    let touch = json!({"metadata": {"annotations": {"checked": "again"}}});
    team.world
        .patch("SecretStore", &team.namespace, "values", &touch);
    team.store_ready("values");
    team.external_secret(
        "db",
        &spec(&json!({"dataFrom": [{"extract": {"key": "source"}}]})),
    );
    let secret = team.has_keys("db", &["binary"]);
    assert_eq!(secret["data"]["binary"], STANDARD.encode(bytes));
}
