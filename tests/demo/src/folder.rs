//! What is committed: one folder with objects of every origin.

use secret_bytes::SecretBytes;
use serde_json::json;

/// The folder in the repository.
pub(crate) const PATH: &str = "app";

/// The key of each object that holds its value.
pub(crate) const KEY: &str = "value";

/// ConfigMap with a value that anybody may read.
pub(crate) const PLAIN: &str = "plain";
/// Secret out of a SealedSecret.
pub(crate) const SEALED: &str = "sealed";
/// Secret out of a SOPS file.
pub(crate) const ENCRYPTED: &str = "encrypted";
/// Secret out of OpenBao, and its store.
pub(crate) const OPENBAO: &str = "from-openbao";
/// Secret out of Secrets Manager, and its store.
pub(crate) const SECRETS_MANAGER: &str = "from-secrets-manager";
/// Secret, SOPS-encrypted, with what the stores sign in with.
pub(crate) const CREDENTIALS: &str = "store-credentials";

/// The vault's secret, and its property.
pub(crate) const VAULT_KEY: &str = "demo/app";
/// The property of the vault's secret.
pub(crate) const VAULT_PROPERTY: &str = "password";
/// The secret of Secrets Manager.
pub(crate) const MANAGED_KEY: &str = "demo/app";

/// How often the vaults are asked.
pub(crate) const REFRESH: &str = "2s";

/// Returns `kustomization.yaml`.
pub(crate) fn kustomization(namespace: &str) -> String {
    format!(
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamespace: {namespace}\n\
         labels:\n  - pairs: {{app.kubernetes.io/part-of: demo}}\n\
         resources: [plain.yaml, sealed.yaml, encrypted.yaml, credentials.yaml, stores.yaml]\n"
    )
}

/// Returns the plain ConfigMap.
pub(crate) fn plain(value: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {PLAIN}\ndata:\n  {KEY}: \"{value}\"\n"
    )
}

/// Returns a Secret before anything made it safe to commit; values must need no escapes.
pub(crate) fn secret(namespace: &str, name: &str, entries: &[(&str, &SecretBytes)]) -> SecretBytes {
    let mut text = format!(
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\n  namespace: {namespace}\nstringData:\n"
    )
    .into_bytes();
    for (key, value) in entries {
        text.extend_from_slice(format!("  {key}: \"").as_bytes());
        // EXPOSE: the whole is sealed or encrypted next.
        text.extend_from_slice(value.expose());
        text.extend_from_slice(b"\"\n");
    }
    SecretBytes::new(text)
}

/// Returns the stores and the ExternalSecrets.
pub(crate) fn stores(vault: &str, region: &str) -> String {
    let credential = |key: &str| json!({ "name": CREDENTIALS, "key": key });
    let objects = [
        store(
            OPENBAO,
            &json!({ "vault": {
            "server": vault, "path": "secret", "version": "v2",
            "auth": { "tokenSecretRef": credential("vault-token") },
        } }),
        ),
        external_secret(
            OPENBAO,
            &json!({ "key": VAULT_KEY, "property": VAULT_PROPERTY }),
        ),
        store(
            SECRETS_MANAGER,
            &json!({ "aws": {
            "service": "SecretsManager", "region": region,
            "auth": { "secretRef": {
                "accessKeyIDSecretRef": credential("access-key-id"),
                "secretAccessKeySecretRef": credential("secret-access-key"),
            } },
        } }),
        ),
        external_secret(SECRETS_MANAGER, &json!({ "key": MANAGED_KEY })),
    ];
    objects.map(|object| object.to_string()).join("\n---\n")
}

fn store(name: &str, provider: &serde_json::Value) -> serde_json::Value {
    json!({
        "apiVersion": "external-secrets.io/v1", "kind": "SecretStore",
        "metadata": { "name": name },
        "spec": { "provider": provider },
    })
}

fn external_secret(name: &str, remote: &serde_json::Value) -> serde_json::Value {
    json!({
        "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret",
        "metadata": { "name": name },
        "spec": {
            "refreshInterval": REFRESH,
            "secretStoreRef": { "kind": "SecretStore", "name": name },
            "data": [{ "secretKey": KEY, "remoteRef": remote }],
        },
    })
}
