//! A workload is written after the Secrets its Pods need, and says which one it waits for.

use std::time::{Duration, Instant};

use e2e::eventually;
use serde_json::{Value, json};

use crate::external::{Line, Team, data};
use crate::sealed::{certificate, seal, secret};
use crate::shared::{Shared, shared, vault};
use crate::tenant::{DEADLINE, Tenant, config_map};

/// Returns a Deployment whose container reads keys of a Secret.
pub(crate) fn payments(secret: &str, keys: &[&str]) -> String {
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
pub(crate) fn external_secret(remote: &str, keys: &[&str]) -> String {
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

/// Seals values for `name` and gives them to a SealedSecret `db`: under another name they open only
/// where names do not matter.
fn sealed(shared: &Shared, namespace: &str, name: &str) -> String {
    let certificate = certificate(&shared.world, &shared.controller);
    let mut sealed = seal(
        &certificate,
        &secret(namespace, name, &[("user", "app")]),
        &[],
    );
    for place in ["/metadata", "/spec/template/metadata"] {
        if let Some(metadata) = sealed.pointer_mut(place) {
            metadata["name"] = json!("db");
        }
    }
    sealed.to_string()
}

#[test]
fn workload_waits_for_a_sealed_secret_of_the_same_commit() {
    let shared = shared();
    let namespace = "consumers-sealed";
    let tenant = Tenant::new(
        shared,
        namespace,
        &[
            ("apps/a-payments.yaml", &payments("db", &["user"])),
            ("apps/db.yaml", &sealed(shared, namespace, "other")),
        ],
    );
    tenant.unit("apps", &json!({"timeout": "10m"}));
    let text = "Deployment/consumers-sealed/payments waits for Secret consumers-sealed/db: \
                SealedSecret consumers-sealed/db: no key could decrypt secret (user)";
    waits(&tenant, "apps", text);
    assert!(tenant.get("Deployment", "payments").is_err());

    let commit = tenant.commit(&[("apps/db.yaml", &sealed(shared, namespace, "db"))]);
    tenant.applied("apps", &commit);
    assert!(tenant.get("Secret", "db").is_ok());
    assert!(tenant.get("Deployment", "payments").is_ok());
    tenant.ready("apps");
}

#[test]
fn update_waits_for_a_key_that_is_still_to_be_made() {
    let shared = shared();
    let remote = "consumers-key/db";
    let put = |values: &Value| vault().put_secret(remote, values).expect("it is written");
    put(&json!({"user": "app"}));
    let tenant = Tenant::new(
        shared,
        "consumers-key",
        &[
            ("apps/a-payments.yaml", &payments("db", &["user"])),
            ("apps/db.yaml", &external_secret(remote, &["user"])),
        ],
    );
    team(shared, &tenant).vault_store("vault", &vault().url());
    tenant.unit("apps", &json!({"timeout": "10m"}));
    tenant.ready("apps");

    let both = ["user", "token"];
    let commit = tenant.commit(&[
        ("apps/a-payments.yaml", &payments("db", &both)),
        ("apps/db.yaml", &external_secret(remote, &both)),
    ]);
    let text = "Deployment/consumers-key/payments waits for key \"token\" of Secret \
                consumers-key/db: ExternalSecret consumers-key/db: SecretSyncedError";
    waits(&tenant, "apps", text);
    let variables = |object: &Value| {
        let spec = &object["spec"]["template"]["spec"];
        spec["containers"][0]["env"].as_array().map_or(0, Vec::len)
    };
    let old = tenant.get("Deployment", "payments").expect("it is there");
    assert_eq!(variables(&old), 1);

    put(&json!({"user": "app", "token": "consumers tok\"en/wörd #2"}));
    tenant.applied("apps", &commit);
    let new = tenant.get("Deployment", "payments").expect("it is there");
    assert_eq!(variables(&new), 2);
}

#[test]
fn secret_of_the_same_commit_is_not_waited_for_and_one_that_nobody_makes_is_named() {
    let shared = shared();
    let values = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n  user: app\n";
    let tenant = Tenant::new(
        shared,
        "consumers-missing",
        &[
            ("same/a-payments.yaml", &payments("db", &["user"])),
            ("same/z-db.yaml", values),
            (
                "none/payments.yaml",
                &payments("nowhere", &["user"]).replace("payments", "lonely"),
            ),
        ],
    );
    tenant.unit("same", &json!({}));
    tenant.unit("none", &json!({}));
    let message = |unit: &str| tenant.ready(unit)["message"].to_string();
    assert!(
        !message("same").contains("refers to"),
        "{}",
        message("same")
    );
    assert!(tenant.get("Deployment", "payments").is_ok());

    let named = "; Deployment/consumers-missing/lonely refers to Secret consumers-missing/nowhere, \
                 which is not there; no manifest beside it, SealedSecret or ExternalSecret makes it";
    assert!(message("none").contains(named), "{}", message("none"));
    assert!(tenant.get("Deployment", "lonely").is_ok());
    // It stays named as long as that is so, and no longer.
    tenant.reconcile("Kustomization", "none");
    assert!(message("none").contains(named), "{}", message("none"));
    shared
        .world
        .create(&secret(&tenant.namespace, "nowhere", &[("user", "app")]));
    eventually("the Secret is found", DEADLINE, || {
        let message = message("none");
        if message.contains("refers to") {
            Err(message)
        } else {
            Ok(())
        }
    });
}

#[test]
fn wait_ends_with_the_units_time_and_prunes_nothing() {
    let shared = shared();
    let tenant = Tenant::new(
        shared,
        "consumers-limit",
        &[
            ("apps/old.yaml", &config_map("old", "one")),
            ("apps/payments.yaml", &payments("before", &["user"])),
        ],
    );
    shared
        .world
        .create(&secret(&tenant.namespace, "before", &[("user", "app")]));
    tenant.unit("apps", &json!({"timeout": "3s", "retryInterval": "30m"}));
    tenant.ready("apps");

    tenant
        .repository
        .remove(&["apps/old.yaml"], "old is gone")
        .expect("it is committed");
    // The store that is named does not exist.
    let commit = tenant.commit(&[
        ("apps/payments.yaml", &payments("db", &["user"])),
        (
            "apps/db.yaml",
            &external_secret("consumers-limit/db", &["user"]),
        ),
    ]);
    let message = tenant.fails("apps", "SecretNotReady");
    assert!(
        message.starts_with("timeout waiting for Secrets after "),
        "{message}"
    );
    let text = "Deployment/consumers-limit/payments waits for Secret consumers-limit/db: \
                ExternalSecret consumers-limit/db: SecretSyncedError";
    assert!(message.ends_with(text), "{message}");
    assert!(tenant.get("ConfigMap", "old").is_ok());
    let kept = tenant.get("Deployment", "payments").expect("it is there");
    assert!(kept.to_string().contains("before"));
    assert_eq!(
        shared
            .world
            .event(&tenant.namespace, "apps", "SecretNotReady"),
        message
    );

    // Whoever makes the Secret ends the wait, long before the next try is due.
    shared
        .world
        .create(&secret(&tenant.namespace, "db", &[("user", "app")]));
    tenant.applied("apps", &commit);
    shared
        .world
        .disappears("ConfigMap", &tenant.namespace, "old");
}

/// A unit that may not read Secrets goes by what their makers say.
#[test]
fn makers_condition_decides_for_a_unit_without_the_right_to_read_secrets() {
    let shared = shared();
    let remote = "consumers-blind/db";
    let tenant = Tenant::new(
        shared,
        "consumers-blind",
        &[
            ("apps/a-payments.yaml", &payments("db", &["user"])),
            ("apps/db.yaml", &external_secret(remote, &["user"])),
        ],
    );
    let world = tenant.world;
    let metadata = json!({"name": "blind", "namespace": tenant.namespace});
    world.create(&json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}));
    world.create(&json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": metadata,
        "rules": [
            {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["*"]},
            {"apiGroups": ["external-secrets.io"], "resources": ["externalsecrets"], "verbs": ["*"]},
        ],
    }));
    world.create(&json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": metadata,
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "blind"},
        "subjects": [{"kind": "ServiceAccount", "name": "blind", "namespace": tenant.namespace}],
    }));
    tenant.unit(
        "apps",
        &json!({"serviceAccountName": "blind", "timeout": "10m"}),
    );
    let text = "Deployment/consumers-blind/payments waits for Secret consumers-blind/db: \
                ExternalSecret consumers-blind/db: SecretSyncedError";
    waits(&tenant, "apps", text);
    vault()
        .put_secret(remote, &json!({"user": "app"}))
        .expect("it is written");
    team(shared, &tenant).vault_store("vault", &vault().url());
    tenant.ready("apps");
    assert!(tenant.get("Deployment", "payments").is_ok());
}
