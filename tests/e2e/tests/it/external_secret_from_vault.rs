//! Values come from a vault: KV version 1 and 2, by token, AppRole and ServiceAccount.

use e2e::Canary;
use serde_json::json;

use crate::external::{Team, data};
use crate::sealed::value;
use crate::shared::{shared, vault};

const PASSWORD: &str = "from the vault pa\"ss/wörd #11";
const OTHER: &str = "from the vault pa\"ss/wörd #12";

/// E-025, E-027, E-028, E-029, E-032, E-033, E-112. The login is by `AppRole`.
#[test]
fn values_of_a_vault_become_a_secret() {
    let team = Team::new("es-vault");
    let vault = vault();
    vault
        .put_secret("es-vault/db", &json!({"user": "app", "password": PASSWORD}))
        .expect("it is written");
    let policy = "path \"secret/data/es-vault/*\" { capabilities = [\"read\"] }";
    vault
        .write_policy("es-vault", policy)
        .expect("it is written");
    let role = vault
        .create_app_role("es-vault", &["es-vault"])
        .expect("the role is made");
    team.secret("approle", &json!({"secret-id": role.secret_id}));
    team.store(
        "vault",
        &json!({"vault": {"server": vault.url(), "path": "secret", "version": "v2", "auth": {
            "appRole": {"path": "approle", "roleId": role.role_id,
                "secretRef": {"name": "approle", "key": "secret-id"}},
        }}}),
    );
    let ready = team.store_ready("vault");
    assert_eq!(ready["reason"], "Valid");
    assert_eq!(ready["message"], "store validated");
    let store = team.get("SecretStore", "vault").expect("it is there");
    assert_eq!(store["status"]["capabilities"], "ReadWrite");
    team.external_secret(
        "db",
        &json!({
            "refreshInterval": "1h",
            "secretStoreRef": {"name": "vault"},
            "data": data(&[
                ("user", "es-vault/db", "user"),
                ("password", "es-vault/db", "password"),
            ]),
            "dataFrom": [{"extract": {"key": "es-vault/db"}}],
        }),
    );
    let ready = team.synced("db");
    assert_eq!(ready["reason"], "SecretSynced");
    assert_eq!(ready["message"], "secret synced");
    assert_eq!(team.event("db", "Created"), "secret created");

    let secret = team.get("Secret", "db").expect("it is made");
    assert_eq!(value(&secret, "password"), PASSWORD);
    assert_eq!(value(&secret, "user"), "app");
    assert_eq!(secret["type"], "Opaque");
    let metadata = &secret["metadata"];
    assert_eq!(
        metadata["labels"]["reconcile.external-secrets.io/managed"],
        "true"
    );
    assert!(metadata["labels"]["reconcile.external-secrets.io/created-by"].is_string());
    let hash = &metadata["annotations"]["reconcile.external-secrets.io/data-hash"];
    assert_eq!(hash.as_str().map(str::len), Some(56));
    let owner = &metadata["ownerReferences"][0];
    assert_eq!(owner["kind"], "ExternalSecret");
    assert_eq!(owner["controller"], true);
    assert_eq!(owner["blockOwnerDeletion"], true);
    let managers = metadata["managedFields"].to_string();
    assert!(
        managers.contains("externalsecrets.external-secrets.io/db"),
        "{managers}"
    );

    let object = team.get("ExternalSecret", "db").expect("it is there");
    assert_eq!(object["status"]["binding"]["name"], "db");
    assert!(object["status"]["refreshTime"].is_string());
    let version = object["status"]["syncedResourceVersion"].to_string();
    assert!(version.starts_with("\"1-"), "{version}");
    assert_eq!(
        object["metadata"]["finalizers"],
        json!(["externalsecrets.external-secrets.io/externalsecret-cleanup"])
    );
    let entries = object["metadata"]["managedFields"].as_array();
    let of_spec: Vec<&str> = entries
        .into_iter()
        .flatten()
        .filter(|entry| entry["fieldsV1"].get("f:spec").is_some())
        .filter_map(|entry| entry["manager"].as_str())
        .collect();
    assert_eq!(of_spec, ["scenario"], "who owns fields of the spec");
    Canary::of(&[PASSWORD, &role.secret_id]).assert_silent(team.world, &shared().controller);
}

/// KV version 1, and the tokens of a `ServiceAccount`.
#[test]
fn service_account_reads_a_vault_of_version_one() {
    let team = Team::new("es-vault-accounts");
    let (vault, world) = (vault(), team.world);
    vault
        .enable_engine("kv", "es-kv1", &json!({"version": "1"}))
        .expect("it is mounted");
    vault
        .request("POST", "es-kv1/app", Some(&json!({"token": OTHER})))
        .expect("it is written");
    let policy = "path \"es-kv1/*\" { capabilities = [\"read\"] }";
    vault.write_policy("es-kv1", policy).expect("it is written");
    vault
        .enable_kubernetes_auth("es-kubernetes", world.cluster())
        .expect("it is mounted");
    vault
        .create_kubernetes_role(
            "es-kubernetes",
            "reader",
            &team.namespace,
            "reader",
            &["es-kv1"],
        )
        .expect("the role is made");
    world.create(&json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {"name": "reader", "namespace": team.namespace},
    }));
    world.create(&json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": {"name": "es-vault-accounts"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole",
            "name": "system:auth-delegator"},
        "subjects": [{"kind": "ServiceAccount", "name": "reader", "namespace": team.namespace}],
    }));
    team.store(
        "vault",
        &json!({"vault": {"server": vault.url(), "path": "es-kv1", "version": "v1", "auth": {
            "kubernetes": {"mountPath": "es-kubernetes", "role": "reader",
                "serviceAccountRef": {"name": "reader"}},
        }}}),
    );
    team.store_ready("vault");
    team.external_secret(
        "app",
        &json!({"secretStoreRef": {"name": "vault"}, "data": data(&[("token", "app", "token")])}),
    );
    team.synced("app");
    team.has("app", "token", OTHER);
    Canary::of(&[OTHER]).assert_silent(world, &shared().controller);
}
