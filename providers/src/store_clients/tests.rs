use secret_bytes::SecretBytes;

use super::*;
use crate::credential_resolver::{CredentialResolver, ObjectKey, TokenRequest};
use crate::{AwsEndpoints, Fetch, RemoteRef};

/// Knows no objects at all.
struct Nothing;

impl CredentialResolver for Nothing {
    fn secret_key<'a>(
        &'a self,
        at: &'a ObjectKey,
    ) -> BoxFuture<'a, Result<Arc<SecretBytes>, ResolveError>> {
        Box::pin(async {
            Err(ResolveError::GetObject {
                kind: "secret",
                name: at.name().to_owned(),
                namespace: at.namespace().to_owned(),
                source: "not found".into(),
            })
        })
    }

    fn config_map_key<'a>(
        &'a self,
        _: &'a ObjectKey,
    ) -> BoxFuture<'a, Result<Vec<u8>, ResolveError>> {
        Box::pin(async { Err(ResolveError::NoName) })
    }

    fn service_account_token<'a>(
        &'a self,
        _: &'a TokenRequest,
    ) -> BoxFuture<'a, Result<SecretBytes, ResolveError>> {
        Box::pin(async { Err(ResolveError::NoName) })
    }
}

fn clients(most: usize) -> StoreClients {
    let connector = Connector::new(AwsEndpoints::default()).unwrap();
    StoreClients::new(
        connector,
        StoreClientsOptions {
            clients: most,
            ..StoreClientsOptions::default()
        },
    )
}

fn spec(provider: &serde_json::Value) -> Arc<SecretStoreSpec> {
    Arc::new(serde_json::from_value(serde_json::json!({ "provider": provider })).unwrap())
}

fn fake(value: &str) -> Arc<SecretStoreSpec> {
    spec(&serde_json::json!({ "fake": { "data": [{ "key": "a", "value": value }] } }))
}

fn vault_by_token() -> Arc<SecretStoreSpec> {
    spec(&serde_json::json!({ "vault": {
        "server": "http://127.0.0.1:1",
        "auth": { "tokenSecretRef": { "name": "token", "key": "token" } },
    }}))
}

fn key(name: &str, generation: i64) -> StoreKey {
    StoreKey {
        name: name.to_owned(),
        uid: format!("uid-{name}"),
        generation,
        fingerprint: String::new(),
    }
}

fn resolver(scope: StoreScope) -> ScopedResolver {
    ScopedResolver::new(Arc::new(Nothing), scope)
}

fn team() -> ScopedResolver {
    resolver(StoreScope::Namespaced {
        namespace: "team".to_owned(),
    })
}

fn cluster(consumer: Option<&str>) -> ScopedResolver {
    resolver(StoreScope::Cluster {
        consumer: consumer.map(ToOwned::to_owned),
    })
}

#[tokio::test]
async fn client_is_shared_until_the_store_or_its_credentials_change() {
    let clients = clients(10);
    let first = clients
        .store(&key("s", 1), &fake("1"), &team())
        .await
        .unwrap();
    let again = clients
        .store(&key("s", 1), &fake("1"), &team())
        .await
        .unwrap();
    assert!(Arc::ptr_eq(&first, &again));

    let edited = clients
        .store(&key("s", 2), &fake("2"), &team())
        .await
        .unwrap();
    assert!(!Arc::ptr_eq(&first, &edited));
    let value = Fetch::new()
        .get(&edited, &RemoteRef::new("a"))
        .await
        .unwrap();
    // EXPOSE: test.
    assert_eq!(value.expose(), b"2");

    let rotated = StoreKey {
        fingerprint: "token@7".to_owned(),
        ..key("s", 2)
    };
    let rotated = clients.store(&rotated, &fake("2"), &team()).await.unwrap();
    assert!(!Arc::ptr_eq(&edited, &rotated));
}

/// E-174: the same name in two namespaces is two stores.
#[tokio::test]
async fn stores_of_one_name_in_two_namespaces_are_two() {
    let clients = clients(10);
    let other = resolver(StoreScope::Namespaced {
        namespace: "other".to_owned(),
    });
    let first = clients
        .store(&key("s", 1), &fake("1"), &team())
        .await
        .unwrap();
    let second = clients
        .store(&key("s", 1), &fake("2"), &other)
        .await
        .unwrap();
    assert!(!Arc::ptr_eq(&first, &second));
}

#[tokio::test]
async fn cluster_store_with_its_own_credentials_has_one_client() {
    let clients = clients(10);
    let one = clients
        .store(&key("s", 1), &fake("1"), &cluster(Some("a")))
        .await
        .unwrap();
    let two = clients
        .store(&key("s", 1), &fake("1"), &cluster(Some("b")))
        .await
        .unwrap();
    assert!(Arc::ptr_eq(&one, &two));
}

#[tokio::test]
async fn number_of_clients_is_bounded() {
    let clients = clients(2);
    let kept = clients
        .store(&key("a", 1), &fake("1"), &team())
        .await
        .unwrap();
    for name in ["b", "c", "d"] {
        clients
            .store(&key("a", 1), &fake("1"), &team())
            .await
            .unwrap();
        clients
            .store(&key(name, 1), &fake("1"), &team())
            .await
            .unwrap();
    }
    assert_eq!(clients.lock().entries.len(), 2);
    assert!(clients.lock().retired.len() <= 1);
    let again = clients
        .store(&key("a", 1), &fake("1"), &team())
        .await
        .unwrap();
    assert!(Arc::ptr_eq(&kept, &again));
}

/// E-113: a missing credential is a client that cannot be created, and is tried again.
#[tokio::test]
async fn failed_connection_is_not_kept() {
    let clients = clients(10);
    let (key, spec) = (key("s", 1), vault_by_token());
    let error = clients.validate(&key, &spec, &team()).await.unwrap_err();
    assert_eq!(error.to_string(), "unable to create client");
    let ValidateStore::Connect { source } = error else {
        panic!("a connect error is expected");
    };
    assert_eq!(
        source.to_string(),
        "cannot get Kubernetes secret \"token\" from namespace \"team\""
    );
    clients.store(&key, &fake("1"), &team()).await.unwrap();
}

/// E-114: what the backend refuses is a failed validation.
#[tokio::test]
async fn refused_client_is_a_failed_validation() {
    let clients = clients(10);
    let spec = spec(&serde_json::json!({ "fake": { "data": [], "validationResult": 2 } }));
    let error = clients
        .validate(&key("s", 1), &spec, &team())
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "unable to validate store");
}

/// E-120: credentials of the consumer cannot be checked without one, and that is no failure.
#[tokio::test]
async fn consumers_credentials_are_not_validated_without_one() {
    let clients = clients(10);
    let outcome = clients
        .validate(&key("s", 1), &vault_by_token(), &cluster(None))
        .await
        .unwrap();
    assert_eq!(outcome.0, Validation::Unknown);
}

#[tokio::test]
async fn unknown_provider_is_named() {
    let clients = clients(10);
    let spec = spec(&serde_json::json!({ "gitlab": { "projectID": "1" } }));
    let error = clients
        .store(&key("s", 1), &spec, &team())
        .await
        .err()
        .unwrap();
    assert_eq!(error.to_string(), "provider \"gitlab\" is not supported");
}

#[tokio::test]
async fn forgotten_store_is_connected_anew() {
    let clients = clients(10);
    let first = clients
        .store(&key("s", 1), &fake("1"), &team())
        .await
        .unwrap();
    clients.forget("uid-s").await;
    let second = clients
        .store(&key("s", 1), &fake("1"), &team())
        .await
        .unwrap();
    assert!(!Arc::ptr_eq(&first, &second));
}

/// I8: a client that signed in with one consumer's credentials is never another's, also where name,
/// uid and generation of the store are the same.
#[test]
fn consumers_with_their_own_credentials_never_share_a_client() {
    let spec = vault_by_token();
    let place = |scope| Place::of(&key("s", 1), &spec, &scope);
    let of = |name: &str| StoreScope::Cluster {
        consumer: Some(name.to_owned()),
    };
    let at_home = |name: &str| StoreScope::Namespaced {
        namespace: name.to_owned(),
    };
    assert_ne!(place(of("a")), place(of("b")));
    assert_ne!(place(of("a")), place(at_home("a")));
    assert_ne!(place(at_home("a")), place(at_home("b")));
    assert_eq!(place(of("a")), place(of("a")));
}
