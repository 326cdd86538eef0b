//! Resolvers for tests: from a list, and from a cluster.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use api::external_secrets::SecretStoreSpec;
use components::ControlPlane;
use futures::future::BoxFuture;
use k8s_openapi::api::authentication::v1::{TokenRequest as Review, TokenRequestSpec};
use k8s_openapi::api::core::v1::{Secret, ServiceAccount};
use kube::api::{Api, PostParams};
use providers::{
    AwsEndpoints, Connector, CredentialResolver, ObjectKey, ResolveError, ScopedResolver,
    SecretsClient, StoreScope, TokenRequest,
};
use secret_bytes::SecretBytes;

/// The namespace of the stores in these tests.
pub(crate) const NAMESPACE: &str = "team";

/// Credentials by `namespace/name/key`.
#[derive(Default)]
pub(crate) struct Listed(HashMap<String, String>);

impl Listed {
    /// Lists `name/key` in the namespace of the stores.
    pub(crate) fn with(mut self, at: &str, value: impl Into<String>) -> Self {
        self.0.insert(format!("{NAMESPACE}/{at}"), value.into());
        self
    }

    /// Binds to a namespaced store.
    pub(crate) fn scoped(self) -> ScopedResolver {
        scoped(Arc::new(self))
    }

    fn value(&self, at: &ObjectKey) -> Result<Vec<u8>, ResolveError> {
        self.0
            .get(&format!("{}/{}/{}", at.namespace(), at.name(), at.key()))
            .map(|value| value.clone().into_bytes())
            .ok_or_else(|| ResolveError::NoKey {
                key: at.key().to_owned(),
            })
    }
}

impl CredentialResolver for Listed {
    fn secret_key<'a>(
        &'a self,
        at: &'a ObjectKey,
    ) -> BoxFuture<'a, Result<Arc<SecretBytes>, ResolveError>> {
        Box::pin(async { Ok(Arc::new(SecretBytes::new(self.value(at)?))) })
    }

    fn config_map_key<'a>(
        &'a self,
        at: &'a ObjectKey,
    ) -> BoxFuture<'a, Result<Vec<u8>, ResolveError>> {
        Box::pin(async { self.value(at) })
    }

    fn service_account_token<'a>(
        &'a self,
        _: &'a TokenRequest,
    ) -> BoxFuture<'a, Result<SecretBytes, ResolveError>> {
        Box::pin(async { Err(ResolveError::NoName) })
    }
}

/// Credentials in a real cluster, read as its administrator.
pub(crate) struct Cluster(kube::Client);

impl Cluster {
    /// Reads the cluster's kubeconfig.
    pub(crate) async fn new(cluster: &ControlPlane) -> Self {
        let kubeconfig = kube::config::Kubeconfig::read_from(cluster.kubeconfig()).unwrap();
        let options = kube::config::KubeConfigOptions::default();
        let config = kube::Config::from_custom_kubeconfig(kubeconfig, &options).await;
        Self(config.unwrap().try_into().unwrap())
    }
}

fn unreadable(kind: &'static str, at: &ObjectKey, error: kube::Error) -> ResolveError {
    ResolveError::GetObject {
        kind,
        name: at.name().to_owned(),
        namespace: at.namespace().to_owned(),
        source: error.into(),
    }
}

impl CredentialResolver for Cluster {
    fn secret_key<'a>(
        &'a self,
        at: &'a ObjectKey,
    ) -> BoxFuture<'a, Result<Arc<SecretBytes>, ResolveError>> {
        Box::pin(async {
            let secrets: Api<Secret> = Api::namespaced(self.0.clone(), at.namespace());
            let secret = secrets
                .get(at.name())
                .await
                .map_err(|error| unreadable("secret", at, error))?;
            let value = secret.data.unwrap_or_default().remove(at.key());
            let value = value.ok_or_else(|| ResolveError::NoKey {
                key: at.key().to_owned(),
            })?;
            Ok(Arc::new(SecretBytes::new(value.0)))
        })
    }

    fn config_map_key<'a>(
        &'a self,
        at: &'a ObjectKey,
    ) -> BoxFuture<'a, Result<Vec<u8>, ResolveError>> {
        Box::pin(async {
            Err(ResolveError::NoKey {
                key: at.key().to_owned(),
            })
        })
    }

    fn service_account_token<'a>(
        &'a self,
        request: &'a TokenRequest,
    ) -> BoxFuture<'a, Result<SecretBytes, ResolveError>> {
        Box::pin(async {
            let accounts: Api<ServiceAccount> =
                Api::namespaced(self.0.clone(), request.namespace());
            let review = Review {
                spec: Some(TokenRequestSpec {
                    audiences: Some(request.audiences().to_vec()),
                    expiration_seconds: Some(request.expiration_seconds()),
                    ..TokenRequestSpec::default()
                }),
                ..Review::default()
            };
            let review = accounts
                .create_token_request(request.name(), &PostParams::default(), &review)
                .await
                .map_err(|error| ResolveError::Token {
                    name: request.name().to_owned(),
                    namespace: request.namespace().to_owned(),
                    source: error.into(),
                })?;
            Ok(SecretBytes::from(review.status.unwrap().token.unwrap()))
        })
    }
}

/// Binds a resolver to a namespaced store.
pub(crate) fn scoped(resolver: Arc<dyn CredentialResolver>) -> ScopedResolver {
    let scope = StoreScope::Namespaced {
        namespace: NAMESPACE.to_owned(),
    };
    ScopedResolver::new(resolver, scope)
}

/// Reads the spec of a store.
pub(crate) fn spec(provider: &serde_json::Value) -> SecretStoreSpec {
    serde_json::from_value(serde_json::json!({ "provider": provider })).unwrap()
}

/// Connects a store that needs no AWS endpoint.
pub(crate) async fn connect(
    provider: serde_json::Value,
    resolver: &ScopedResolver,
) -> Result<Arc<dyn SecretsClient>, providers::SecretsError> {
    Connector::new(AwsEndpoints::default())?
        .connect(&spec(&provider), resolver)
        .await
}

/// Reads one value as text.
pub(crate) async fn text(
    client: &Arc<dyn SecretsClient>,
    remote: providers::RemoteRef,
) -> Result<String, providers::SecretsError> {
    let value = client.get(&remote).await?;
    // EXPOSE: test.
    Ok(value.expose_str().unwrap().to_owned())
}

/// Starts a blocking component once for all tests.
pub(crate) async fn started<T: Send + Sync + 'static>(
    cell: &'static OnceLock<T>,
    start: fn() -> Result<T, components::StartError>,
) -> &'static T {
    tokio::task::spawn_blocking(move || cell.get_or_init(|| start().expect("the component starts")))
        .await
        .unwrap()
}
