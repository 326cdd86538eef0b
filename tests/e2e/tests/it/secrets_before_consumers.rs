//! A workload is written after the Secrets its Pods need, and says which one it waits for.

use std::time::{Duration, Instant};

use e2e::eventually;
use serde_json::{Value, json};

use crate::external::{Line, Team, data};
use crate::shared::{Shared, shared, vault};
use crate::tenant::{DEADLINE, Tenant, config_map};

/// Returns a Deployment whose container reads keys of a Secret.
fn payments(secret: &str, keys: &[&str]) -> String {
    let variables: Vec<Value> = keys
        .iter()
        .map(|key| {
            let reference = json!({"name": secret, "key": key});
            json!({"name": key.to_uppercase(), "valueFrom": {"secretKeyRef": reference}})
        })
        .collect();
    let container = json!({"name": "main", "image": "example.com/payments:1", "env": variables});
    let labels = json!({"app": "payments"});
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "payments"},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    })
    .to_string()
}

/// Returns an ExternalSecret `db` on the store `vault`.
fn external_secret(remote: &str, keys: &[&str]) -> String {
    let entries: Vec<(&str, &str, &str)> = keys.iter().map(|key| (*key, remote, *key)).collect();
    json!({
        "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret",
        "metadata": {"name": "db"},
        "spec": {"secretStoreRef": {"name": "vault"}, "data": data(&entries)},
    })
    .to_string()
}

/// Returns the namespace of a tenant as one with stores.
fn team(shared: &'static Shared, tenant: &Tenant<'_>) -> Team {
    Team {
        world: &shared.world,
        namespace: tenant.namespace.clone(),
    }
}

/// Waits until a unit says that something is waited for, and returns the condition.
fn waits(tenant: &Tenant<'_>, unit: &str, text: &str) -> Value {
    eventually(&format!("{unit} says {text:?}"), DEADLINE, || {
        let object = tenant.get("Kustomization", unit)?;
        let conditions = object["status"]["conditions"].as_array().cloned();
        let conditions = conditions.unwrap_or_default();
        conditions
            .iter()
            .find(|condition| condition["type"] == "Ready" && condition["message"] == text)
            .cloned()
            .ok_or_else(|| format!("conditions are {conditions:#?}"))
    })
}

#[test]
fn workload_waits_for_an_external_secret_whose_store_is_away() {
    let shared = shared();
    let remote = "consumers-away/db";
    let values = json!({"user": "app", "password": "consumers pa\"ss/wörd #1"});
    vault().put_secret(remote, &values).expect("it is written");
    let tenant = Tenant::new(
        shared,
        "consumers-away",
        &[("apps/old.yaml", &config_map("old", "one"))],
    );
    let team = team(shared, &tenant);
    let line = Line::to(&vault().url());
    team.vault_store("vault", &line.url());
    tenant.unit("apps", &json!({"timeout": "10m"}));
    tenant.ready("apps");
    line.cut();

    tenant
        .repository
        .remove(&["apps/old.yaml"], "old is gone")
        .expect("it is committed");
    let commit = tenant.commit(&[
        ("apps/a-payments.yaml", &payments("db", &["user"])),
        ("apps/beside.yaml", &config_map("beside", "one")),
        ("apps/db.yaml", &external_secret(remote, &["user"])),
    ]);
    let text = "Deployment/consumers-away/payments waits for Secret consumers-away/db: \
                ExternalSecret consumers-away/db: SecretSyncedError";
    let condition = waits(&tenant, "apps", text);
    assert_eq!(condition["status"], "Unknown");
    assert_eq!(condition["reason"], "Progressing");
    // Everything else of the stage is there, and nothing is pruned yet.
    assert!(tenant.get("ConfigMap", "beside").is_ok());
    assert!(tenant.get("ConfigMap", "old").is_ok());
    assert!(tenant.get("Deployment", "payments").is_err());

    line.mend();
    team.has("db", "user", "app");
    let made = Instant::now();
    shared
        .world
        .appears("Deployment", &tenant.namespace, "payments");
    println!(
        "ExternalSecret ready -> workload applied: {:?}",
        made.elapsed()
    );
    assert!(made.elapsed() < Duration::from_secs(10));
    tenant.applied("apps", &commit);
    tenant.ready("apps");
    shared
        .world
        .disappears("ConfigMap", &tenant.namespace, "old");
}
