use api::{
    GoDuration,
    external_secrets::{
        AwsService, ClusterSecretStore, CreationPolicy, DeletionPolicy, ExternalSecret, KvVersion,
        Provider, SecretStore, StoreKind,
    },
};
use serde_json::json;

use crate::{assert_keeps, manifest, round_trip};

const DB_CREDENTIALS: &str =
    include_str!("../fixtures/M-44-externalsecret-db-credentials-twin.yaml");
const PAYMENT_SERVICE: &str =
    include_str!("../fixtures/M-16-externalsecret-payment-service-secrets-twin.yaml");
const AWS_STORE: &str =
    include_str!("../fixtures/M-15-clustersecretstore-aws-secrets-manager-twin.yaml");

fn store(provider: &serde_json::Value) -> SecretStore {
    let text = json!({
        "apiVersion": "external-secrets.io/v1",
        "kind": "SecretStore",
        "metadata": { "name": "store" },
        "spec": { "provider": provider },
    });
    let (store, written) = round_trip::<SecretStore>(&text.to_string());
    assert_keeps(&written, &text, "");
    store
}

#[test]
fn external_secrets_keep_what_was_written() {
    for text in [DB_CREDENTIALS, PAYMENT_SERVICE] {
        let (secret, written) = round_trip::<ExternalSecret>(text);
        assert_keeps(&written, &manifest(text), "");
        assert_eq!(secret.spec.refresh_interval, GoDuration::from_seconds(3600));
        assert_eq!(secret.spec.target.creation_policy, CreationPolicy::Owner);
        assert_eq!(
            secret.spec.secret_store_ref.unwrap().kind(),
            StoreKind::ClusterSecretStore
        );
    }
}

/// E-002: an ExternalSecret that says little means the defaults, also outside a cluster.
#[test]
fn absent_fields_mean_the_defaults() {
    let text = json!({
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": { "name": "a" },
        "spec": { "secretStoreRef": { "name": "store" }, "data": [] },
    });
    let (secret, _) = round_trip::<ExternalSecret>(&text.to_string());
    assert_eq!(secret.spec.refresh_interval.to_string(), "1h0m0s");
    assert_eq!(secret.spec.target.deletion_policy, DeletionPolicy::Retain);
    assert_eq!(
        secret.spec.secret_store_ref.unwrap().kind(),
        StoreKind::SecretStore
    );
}

#[test]
fn aws_store_names_service_region_and_service_account() {
    let (store, written) = round_trip::<ClusterSecretStore>(AWS_STORE);
    assert_keeps(&written, &manifest(AWS_STORE), "");
    let Some(Provider::Aws(aws)) = store.spec.0.provider.chosen() else {
        panic!("not aws")
    };
    assert_eq!(aws.service, AwsService::SecretsManager);
    assert_eq!(aws.region, "us-east-1");
    let account = aws
        .auth
        .as_ref()
        .unwrap()
        .jwt
        .as_ref()
        .unwrap()
        .service_account_ref
        .as_ref();
    assert_eq!(
        account.unwrap().namespace.as_deref(),
        Some("external-secrets")
    );
}

#[test]
fn aws_static_keys_keep_their_spelling() {
    let store = store(&json!({ "aws": {
        "service": "ParameterStore", "region": "eu-central-1", "externalID": "x",
        "auth": { "secretRef": {
            "accessKeyIDSecretRef": { "name": "keys", "key": "id" },
            "secretAccessKeySecretRef": { "name": "keys", "key": "secret" },
            "sessionTokenSecretRef": { "name": "keys", "key": "token" },
        } },
    } }));
    let Some(Provider::Aws(aws)) = store.spec.provider.chosen() else {
        panic!("not aws")
    };
    let keys = aws.auth.as_ref().unwrap().secret_ref.as_ref().unwrap();
    assert_eq!(
        keys.access_key_id.as_ref().unwrap().key.as_deref(),
        Some("id")
    );
    assert_eq!(aws.external_id.as_deref(), Some("x"));
    assert!(aws.unmodelled.is_empty() && aws.auth.as_ref().unwrap().unmodelled.is_empty());
}

#[test]
fn vault_store_has_its_defaults() {
    let store = store(&json!({ "vault": {
        "server": "https://vault:8200", "path": "secret", "caBundle": "LS0t",
        "auth": { "appRole": { "roleId": "r", "secretRef": { "name": "s" } }, "ldap": { "username": "u" } },
    } }));
    let Some(Provider::Vault(vault)) = store.spec.provider.chosen() else {
        panic!("not vault")
    };
    assert_eq!(vault.version, KvVersion::V2);
    let auth = vault.auth.as_ref().unwrap();
    assert_eq!(auth.app_role.as_ref().unwrap().path, "approle");
    assert_eq!(auth.unmodelled.names().collect::<Vec<_>>(), ["ldap"]);
    assert_eq!(vault.ca_bundle.as_ref().unwrap().0, b"---");
}

/// E-012: a store of a provider we do not have is read, kept, and says which provider it is.
#[test]
fn unsupported_provider_is_kept_and_named() {
    let store = store(&json!({ "gitlab": { "projectID": "1", "auth": { "SecretRef": {} } } }));
    assert_eq!(
        store.spec.provider.chosen(),
        Some(Provider::Unsupported("gitlab"))
    );
}

#[test]
fn two_providers_or_none_are_no_choice() {
    assert_eq!(store(&json!({})).spec.provider.chosen(), None);
    let both = json!({ "fake": { "data": [] }, "gitlab": {} });
    assert_eq!(store(&both).spec.provider.chosen(), None);
}

#[test]
fn debug_text_of_a_store_shows_no_value() {
    let store = store(&json!({
        "fake": { "data": [{ "key": "k", "value": "plaintext" }], "extra": "plaintext" },
    }));
    let text = format!("{store:?}");
    assert!(text.contains("\"k\"") && text.contains("extra"), "{text}");
    assert!(!text.contains("plaintext"), "{text}");
}

/// E-009: an interval of a store is a number of seconds or a duration.
#[test]
fn store_refresh_interval_is_a_number_or_a_text() {
    for interval in [json!(30), json!("30s")] {
        let text = json!({
            "apiVersion": "external-secrets.io/v1", "kind": "SecretStore", "metadata": {},
            "spec": { "provider": {}, "refreshInterval": interval },
        });
        let (_, written) = round_trip::<SecretStore>(&text.to_string());
        assert_keeps(&written, &text, "");
    }
}
