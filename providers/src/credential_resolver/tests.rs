use std::sync::Mutex;

use super::*;

/// Records what it is asked for, and answers with the namespace it was asked in.
#[derive(Default)]
struct Recorder(Mutex<Vec<String>>);

impl Recorder {
    fn note(&self, namespace: &str, name: &str) -> Vec<u8> {
        self.0.lock().unwrap().push(format!("{namespace}/{name}"));
        namespace.as_bytes().to_vec()
    }
}

impl CredentialResolver for Recorder {
    fn secret_key<'a>(
        &'a self,
        at: &'a ObjectKey,
    ) -> BoxFuture<'a, Result<Arc<SecretBytes>, ResolveError>> {
        let value = self.note(at.namespace(), at.name());
        Box::pin(async { Ok(Arc::new(SecretBytes::new(value))) })
    }

    fn config_map_key<'a>(
        &'a self,
        at: &'a ObjectKey,
    ) -> BoxFuture<'a, Result<Vec<u8>, ResolveError>> {
        let value = self.note(at.namespace(), at.name());
        Box::pin(async { Ok(value) })
    }

    fn service_account_token<'a>(
        &'a self,
        request: &'a TokenRequest,
    ) -> BoxFuture<'a, Result<SecretBytes, ResolveError>> {
        let value = self.note(request.namespace(), request.name());
        Box::pin(async { Ok(SecretBytes::new(value)) })
    }
}

fn namespaced() -> StoreScope {
    StoreScope::Namespaced {
        namespace: "team".to_owned(),
    }
}

fn cluster(consumer: Option<&str>) -> StoreScope {
    StoreScope::Cluster {
        consumer: consumer.map(ToOwned::to_owned),
    }
}

fn reference(namespace: Option<&str>) -> KeyReference<'_> {
    KeyReference {
        name: Some("creds"),
        namespace,
        key: Some("token"),
    }
}

/// Asks for everything a store can refer to, and returns what the API server would have seen.
async fn ask(scope: StoreScope, namespace: Option<&str>) -> (Vec<Result<(), String>>, Vec<String>) {
    let recorder = Arc::new(Recorder::default());
    let resolver = ScopedResolver::new(recorder.clone(), scope);
    let outcomes = vec![
        resolver.secret_key(reference(namespace)).await.map(drop),
        resolver.ca_secret_key(reference(namespace)).await.map(drop),
        resolver
            .ca_config_map_key(reference(namespace))
            .await
            .map(drop),
        resolver
            .service_account_token("runner", namespace, &[], 600)
            .await
            .map(drop),
    ];
    let outcomes = outcomes
        .into_iter()
        .map(|outcome| outcome.map_err(|error| error.to_string()))
        .collect();
    let asked = recorder.0.lock().unwrap().clone();
    (outcomes, asked)
}

/// E-119, invariant I8: neither credentials, nor a CA, nor a token from another namespace.
#[tokio::test]
async fn namespaced_store_reaches_only_its_own_namespace() {
    let (outcomes, asked) = ask(namespaced(), Some("kube-system")).await;
    assert!(outcomes.iter().all(|outcome| {
        outcome.as_ref().is_err_and(|text| {
            text == "namespace should either be empty or match the namespace of the SecretStore \
                     for a namespaced SecretStore"
        })
    }));
    assert_eq!(asked, Vec::<String>::new());

    for allowed in [None, Some(""), Some("team")] {
        let (outcomes, asked) = ask(namespaced(), allowed).await;
        assert!(outcomes.iter().all(Result::is_ok));
        assert_eq!(
            asked,
            ["team/creds", "team/creds", "team/creds", "team/runner"]
        );
    }
}

/// E-120: without a namespace the consumer's is meant, and a named one is taken as it is.
#[tokio::test]
async fn cluster_store_resolves_in_the_consumers_namespace() {
    let (outcomes, asked) = ask(cluster(Some("shop")), None).await;
    assert_eq!(outcomes[0], Ok(()));
    assert_eq!(
        outcomes[1],
        Err("missing namespace on caProvider secret".to_owned())
    );
    assert_eq!(
        outcomes[2],
        Err("missing namespace on caProvider secret".to_owned())
    );
    assert_eq!(asked, ["shop/creds", "shop/runner"]);

    let (_, asked) = ask(cluster(Some("shop")), Some("vault")).await;
    assert_eq!(
        asked,
        ["vault/creds", "vault/creds", "vault/creds", "vault/runner"]
    );
}

#[tokio::test]
async fn cluster_store_without_consumer_resolves_nothing_of_the_consumer() {
    let (outcomes, asked) = ask(cluster(None), None).await;
    assert!(matches!(&outcomes[0], Err(text) if text.contains("consumer")));
    assert_eq!(asked, Vec::<String>::new());
}

#[tokio::test]
async fn reference_without_a_name_is_refused() {
    let resolver = ScopedResolver::new(Arc::new(Recorder::default()), namespaced());
    let error = resolver.secret_key(KeyReference::default()).await;
    assert!(matches!(error, Err(ResolveError::NoName)));
}
