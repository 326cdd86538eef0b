//! Which stores may be used by whom, what a store says of itself, and that its return is noticed.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::external::{Team, data, vault_token};
use crate::shared::{shared, vault};

fn cluster_store(name: &str, spec: &Value) {
    let world = &shared().world;
    world.create(&json!({
        "apiVersion": "external-secrets.io/v1", "kind": "ClusterSecretStore",
        "metadata": {"name": name}, "spec": spec,
    }));
    world.condition("ClusterSecretStore", "", name, "Ready", "True");
}

fn from_cluster_store(store: &str, key: &str) -> Value {
    json!({
        "secretStoreRef": {"name": store, "kind": "ClusterSecretStore"},
        "data": [{"secretKey": "k", "remoteRef": {"key": key}}],
    })
}

fn fake(value: &str) -> Value {
    json!({"fake": {"data": [{"key": "a", "value": value}]}})
}

/// E-118, I8: names, expressions and labels; who is not let in is told so.
#[test]
fn cluster_store_serves_the_namespaces_its_conditions_allow() {
    cluster_store(
        "conditional",
        &json!({"provider": fake("1"), "conditions": [
            {"namespaces": ["es-allowed-name"], "namespaceRegexes": ["allowed-expr"]},
            {"namespaceSelector": {"matchLabels": {"es-allowed": "yes"}}},
        ]}),
    );
    let teams = [
        "es-allowed-name",
        "es-allowed-expression",
        "es-allowed-label",
        "es-denied",
    ]
    .map(Team::new);
    let labels = json!({"metadata": {"labels": {"es-allowed": "yes"}}});
    shared()
        .world
        .patch("Namespace", "", "es-allowed-label", &labels);
    for team in &teams {
        team.external_secret("db", &from_cluster_store("conditional", "a"));
    }
    let [name, expression, label, denied] = &teams;
    for team in [name, expression, label] {
        team.synced("db");
    }
    assert_eq!(
        denied.fails("db")["message"],
        "could not get secret data from provider"
    );
    assert_eq!(
        denied.event("db", "UpdateFailed"),
        "error processing spec.data[0] (key: a), err: using cluster store \"conditional\" is not \
         allowed from namespace \"es-denied\": denied by spec.condition"
    );
    denied.get("Secret", "db").expect_err("it is not made");
}

/// E-120: a store without credentials of its own uses those of its consumer.
#[test]
fn credentials_of_the_consumer_are_the_consumers() {
    let vault = vault();
    vault
        .put_secret("es-referent/db", &json!({"password": "p"}))
        .expect("it is written");
    let auth = json!({"tokenSecretRef": {"name": "vault-token", "key": "token"}});
    cluster_store(
        "referent",
        &json!({"provider": {"vault": {"server": vault.url(), "path": "secret", "auth": auth}}}),
    );
    let (with, without) = (
        Team::new("es-referent-with"),
        Team::new("es-referent-without"),
    );
    with.secret("vault-token", &json!({"token": vault_token()}));
    for team in [&with, &without] {
        let mut spec = from_cluster_store("referent", "es-referent/db");
        spec["data"][0]["remoteRef"]["property"] = json!("password");
        team.external_secret("db", &spec);
    }
    with.has("db", "k", "p");
    without.fails("db");
    let told = without.event("db", "UpdateFailed");
    assert!(
        told.contains(
            "cannot get Kubernetes secret \"vault-token\" from namespace \"es-referent-without\""
        ),
        "{told}"
    );
}

/// E-119, I8: with no admission in the way.
#[test]
fn store_cannot_name_credentials_of_another_namespace() {
    let (owner, thief) = (Team::new("es-owner"), Team::new("es-thief"));
    owner.secret("vault-token", &json!({"token": vault_token()}));
    let auth = json!({"tokenSecretRef":
        {"name": "vault-token", "key": "token", "namespace": owner.namespace}});
    thief.store(
        "vault",
        &json!({"vault": {"server": vault().url(), "path": "secret", "auth": auth}}),
    );
    let world = thief.world;
    let ready = world.condition("SecretStore", "es-thief", "vault", "Ready", "False");
    assert_eq!(ready["reason"], "InvalidProviderConfig");
    assert_eq!(ready["message"], "unable to create client");
    assert!(
        thief.event("vault", "InvalidProviderConfig").starts_with(
            "namespace should either be empty or match the namespace of the SecretStore"
        )
    );
}

/// E-113, E-117: the credential comes, the store is ready, and so is who waits for it.
#[test]
fn store_that_becomes_ready_wakes_who_waits() {
    let team = Team::new("es-late");
    let vault = vault();
    vault
        .put_secret("es-late/db", &json!({"password": "p"}))
        .expect("it is written");
    let auth = json!({"tokenSecretRef": {"name": "vault-token", "key": "token"}});
    team.store(
        "vault",
        &json!({"vault": {"server": vault.url(), "path": "secret", "auth": auth}}),
    );
    team.external_secret(
        "db",
        &json!({"secretStoreRef": {"name": "vault"}, "data": data(&[("k", "es-late/db", "password")])}),
    );
    let ready = team
        .world
        .condition("SecretStore", "es-late", "vault", "Ready", "False");
    assert_eq!(ready["message"], "unable to create client");
    team.fails("db");
    let told = team.event("db", "UpdateFailed");
    assert!(
        told.ends_with("SecretStore \"vault\" is not ready"),
        "{told}"
    );
    team.secret("vault-token", &json!({"token": vault_token()}));
    team.store_ready("vault");
    let ready = Instant::now();
    team.has("db", "k", "p");
    assert!(ready.elapsed() < Duration::from_secs(5));
}

/// E-012, E-114.
#[test]
fn store_says_why_it_cannot_be_used() {
    let team = Team::new("es-invalid");
    team.store("unsupported", &json!({"gitlab": {"projectID": "1"}}));
    team.store(
        "refuses",
        &json!({"fake": {"data": [], "validationResult": 2}}),
    );
    team.store(
        "unknown",
        &json!({"fake": {"data": [], "validationResult": 1}}),
    );
    let status = |name: &str, status: &str| {
        let condition = team
            .world
            .condition("SecretStore", "es-invalid", name, "Ready", status);
        (condition["reason"].clone(), condition["message"].clone())
    };
    let text = |reason: &str, message: &str| (json!(reason), json!(message));
    assert_eq!(
        status("unsupported", "False"),
        text("InvalidProviderConfig", "unable to create client")
    );
    assert_eq!(
        status("refuses", "False"),
        text("InvalidProviderConfig", "unable to validate store")
    );
    assert_eq!(
        status("unknown", "True"),
        text("ValidationUnknown", "could not determine validation status")
    );
    assert_eq!(
        team.event("unsupported", "InvalidProviderConfig"),
        "provider \"gitlab\" is not supported"
    );
}

/// E-115: neither the store nor who uses it is touched.
#[test]
fn store_of_another_class_is_left_alone() {
    let team = Team::new("es-class");
    team.store_with(
        "theirs",
        &json!({"controller": "other", "provider": fake("1")}),
    );
    team.fake_store("ours", &[("a", "1")]);
    let spec = |store: &str| {
        json!({"secretStoreRef": {"name": store},
            "data": [{"secretKey": "k", "remoteRef": {"key": "a"}}]})
    };
    team.external_secret("theirs", &spec("theirs"));
    team.external_secret("ours", &spec("ours"));
    team.synced("ours");
    for kind in ["SecretStore", "ExternalSecret"] {
        let object = team.get(kind, "theirs").expect("it is there");
        assert_eq!(object.get("status"), None, "{kind}");
    }
}
