use super::*;

fn provider(json: serde_json::Value) -> SecretStoreProvider {
    serde_json::from_value(json).unwrap()
}

fn vault(auth: &serde_json::Value) -> SecretStoreProvider {
    provider(serde_json::json!({ "vault": {
        "server": "https://vault.test",
        "auth": auth,
        "caProvider": { "type": "ConfigMap", "name": "ca", "namespace": "team" },
    }}))
}

fn texts(provider: &SecretStoreProvider, scope: &StoreScope) -> Vec<String> {
    references(provider, scope)
        .unwrap()
        .into_iter()
        .map(|object| format!("{:?} {}/{}", object.kind, object.namespace, object.name))
        .collect()
}

fn team() -> StoreScope {
    StoreScope::Namespaced {
        namespace: "team".to_owned(),
    }
}

#[test]
fn every_object_that_is_used_is_named_once() {
    let app_role = vault(&serde_json::json!({ "appRole": {
        "roleRef": { "name": "role", "key": "id" },
        "secretRef": { "name": "role", "key": "secret" },
    }}));
    assert_eq!(
        texts(&app_role, &team()),
        ["Secret team/role", "ConfigMap team/ca"]
    );

    let aws = provider(serde_json::json!({ "aws": {
        "service": "SecretsManager", "region": "eu-west-1",
        "auth": { "secretRef": {
            "accessKeyIDSecretRef": { "name": "keys", "key": "id" },
            "secretAccessKeySecretRef": { "name": "keys", "key": "secret" },
        }},
    }}));
    assert_eq!(texts(&aws, &team()), ["Secret team/keys"]);

    let kubernetes = provider(serde_json::json!({ "kubernetes": {
        "server": { "caProvider": { "type": "Secret", "name": "ca" } },
        "auth": { "serviceAccount": { "name": "reader" } },
    }}));
    assert_eq!(
        texts(&kubernetes, &team()),
        ["Secret team/ca", "ServiceAccount team/reader"]
    );
}

/// E-119: the rule holds here as well.
#[test]
fn reference_to_another_namespace_is_refused() {
    let foreign = vault(&serde_json::json!({
        "tokenSecretRef": { "name": "t", "namespace": "kube-system" },
    }));
    assert!(matches!(
        references(&foreign, &team()),
        Err(ResolveError::ForeignNamespace)
    ));
}

/// E-120: a cluster store without a namespace on its credentials follows its consumer.
#[test]
fn cluster_store_may_depend_on_its_consumer() {
    let open = vault(&serde_json::json!({ "tokenSecretRef": { "name": "t" } }));
    let fixed = vault(&serde_json::json!({ "tokenSecretRef": { "name": "t", "namespace": "x" } }));
    assert!(depends_on_consumer(&open));
    assert!(!depends_on_consumer(&fixed));
    assert!(!depends_on_consumer(&provider(
        serde_json::json!({ "fake": { "data": [] } })
    )));

    let consumer = StoreScope::Cluster {
        consumer: Some("shop".to_owned()),
    };
    assert_eq!(
        texts(&open, &consumer),
        ["Secret shop/t", "ConfigMap team/ca"]
    );
    let nobody = StoreScope::Cluster { consumer: None };
    assert!(matches!(
        references(&open, &nobody),
        Err(ResolveError::NeedsConsumer)
    ));
}
