//! Where a store's credentials come from, and from which namespace they may come.
//!
//! [`CredentialResolver`] reads Kubernetes objects; it is implemented where the client lives. A
//! provider never sees it: it gets a [`ScopedResolver`], which applies the namespace rules of the
//! store. The rule cannot be gone around: a resolver is asked with an [`ObjectKey`] or a
//! [`TokenRequest`], and only `ScopedResolver` makes those.
//!
//! | store | a reference names | resolved in |
//! |---|---|---|
//! | `SecretStore` | nothing, or the store's namespace | the store's namespace |
//! | `SecretStore` | another namespace | refused |
//! | `ClusterSecretStore` | a namespace | that namespace |
//! | `ClusterSecretStore` | nothing | the consumer's namespace |

use std::sync::Arc;

use api::external_secrets::SecretKeySelector;
use futures::future::BoxFuture;
use secret_bytes::SecretBytes;

use crate::secrets_error::Cause;

/// Reads what a store refers to.
pub trait CredentialResolver: Send + Sync {
    /// Returns the bytes of one key of a Secret, exactly as they are.
    fn secret_key<'a>(
        &'a self,
        at: &'a ObjectKey,
    ) -> BoxFuture<'a, Result<Arc<SecretBytes>, ResolveError>>;

    /// Returns one key of a `ConfigMap`.
    fn config_map_key<'a>(
        &'a self,
        at: &'a ObjectKey,
    ) -> BoxFuture<'a, Result<Vec<u8>, ResolveError>>;

    /// Requests a token for a service account.
    fn service_account_token<'a>(
        &'a self,
        request: &'a TokenRequest,
    ) -> BoxFuture<'a, Result<SecretBytes, ResolveError>>;
}

/// Why something a store refers to could not be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// A namespaced store names another namespace.
    #[error(
        "namespace should either be empty or match the namespace of the SecretStore for a \
         namespaced SecretStore"
    )]
    ForeignNamespace,
    /// A cluster store's CA needs a namespace, since a CA does not depend on the consumer.
    #[error("missing namespace on caProvider secret")]
    CaWithoutNamespace,
    /// The credentials are those of the consumer, and there is none here.
    #[error("credentials are resolved in the namespace of the consumer")]
    NeedsConsumer,
    /// A reference names no object.
    #[error("reference without a name")]
    NoName,
    /// The object could not be read.
    #[error("cannot get Kubernetes {kind} {name:?} from namespace {namespace:?}")]
    GetObject {
        /// `secret` or `config map`.
        kind: &'static str,
        /// The object's name.
        name: String,
        /// The object's namespace.
        namespace: String,
        /// What the API server said.
        #[source]
        source: Cause,
    },
    /// The object has no such key.
    #[error("cannot find secret data for key: {key:?}")]
    NoKey {
        /// The key.
        key: String,
    },
    /// No token could be had for a service account.
    #[error("cannot get a token for service account {name:?} in namespace {namespace:?}")]
    Token {
        /// The service account's name.
        name: String,
        /// The service account's namespace.
        namespace: String,
        /// What the API server said.
        #[source]
        source: Cause,
    },
}

/// A key of a Secret or `ConfigMap`, in a namespace that the store's rules allow.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ObjectKey {
    namespace: String,
    name: String,
    key: String,
}

/// A service account in a namespace that the store's rules allow, and what its token is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TokenRequest {
    namespace: String,
    name: String,
    audiences: Vec<String>,
    expiration_seconds: i64,
}

/// On whose behalf references are resolved.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum StoreScope {
    /// A `SecretStore`: everything stays in its namespace.
    Namespaced {
        /// The store's namespace.
        namespace: String,
    },
    /// A `ClusterSecretStore`.
    Cluster {
        /// The namespace of the object that uses the store; absent when the store is validated
        /// for itself.
        consumer: Option<String>,
    },
}

/// A reference to a key of a Secret or `ConfigMap`, as a store's spec holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KeyReference<'a> {
    /// The object's name.
    pub name: Option<&'a str>,
    /// The object's namespace.
    pub namespace: Option<&'a str>,
    /// The key in the object.
    pub key: Option<&'a str>,
}

/// Resolves references under the namespace rules of one store.
#[derive(Clone)]
pub struct ScopedResolver {
    resolver: Arc<dyn CredentialResolver>,
    scope: StoreScope,
}

impl ScopedResolver {
    /// Binds a resolver to a store and its consumer.
    pub fn new(resolver: Arc<dyn CredentialResolver>, scope: StoreScope) -> Self {
        Self { resolver, scope }
    }

    /// Returns on whose behalf this resolves.
    pub fn scope(&self) -> &StoreScope {
        &self.scope
    }

    /// Returns the bytes of one key of a Secret.
    pub async fn secret_key(
        &self,
        reference: KeyReference<'_>,
    ) -> Result<Arc<SecretBytes>, ResolveError> {
        let at = ObjectKey::new(&self.scope, reference)?;
        self.resolver.secret_key(&at).await
    }

    /// Returns the bytes of a CA kept in a Secret.
    pub async fn ca_secret_key(
        &self,
        reference: KeyReference<'_>,
    ) -> Result<Arc<SecretBytes>, ResolveError> {
        let at = ObjectKey::for_ca(&self.scope, reference)?;
        self.resolver.secret_key(&at).await
    }

    /// Returns the bytes of a CA kept in a `ConfigMap`.
    pub async fn ca_config_map_key(
        &self,
        reference: KeyReference<'_>,
    ) -> Result<Vec<u8>, ResolveError> {
        let at = ObjectKey::for_ca(&self.scope, reference)?;
        self.resolver.config_map_key(&at).await
    }

    /// Requests a token for a service account.
    pub async fn service_account_token(
        &self,
        name: &str,
        namespace: Option<&str>,
        audiences: &[String],
        expiration_seconds: i64,
    ) -> Result<SecretBytes, ResolveError> {
        let request = TokenRequest {
            namespace: self.scope.namespace(namespace)?,
            name: name.to_owned(),
            audiences: audiences.to_vec(),
            expiration_seconds,
        };
        self.resolver.service_account_token(&request).await
    }
}

impl StoreScope {
    /// Returns the namespace in which a reference of this store is resolved.
    ///
    /// # Errors
    ///
    /// When the store may not name that namespace, or when it depends on a consumer and there is
    /// none.
    pub fn namespace(&self, named: Option<&str>) -> Result<String, ResolveError> {
        let named = named.filter(|namespace| !namespace.is_empty());
        match self {
            Self::Namespaced { namespace } => match named {
                Some(named) if named != namespace => Err(ResolveError::ForeignNamespace),
                Some(_) | None => Ok(namespace.clone()),
            },
            Self::Cluster { consumer } => named
                .map(ToOwned::to_owned)
                .or_else(|| consumer.clone())
                .ok_or(ResolveError::NeedsConsumer),
        }
    }
}

impl<'a> From<&'a SecretKeySelector> for KeyReference<'a> {
    fn from(selector: &'a SecretKeySelector) -> Self {
        Self {
            name: selector.name.as_deref(),
            namespace: selector.namespace.as_deref(),
            key: selector.key.as_deref(),
        }
    }
}

impl ObjectKey {
    fn new(scope: &StoreScope, reference: KeyReference<'_>) -> Result<Self, ResolveError> {
        let name = reference.name.filter(|name| !name.is_empty());
        Ok(Self {
            namespace: scope.namespace(reference.namespace)?,
            name: name.ok_or(ResolveError::NoName)?.to_owned(),
            key: reference.key.unwrap_or_default().to_owned(),
        })
    }

    fn for_ca(scope: &StoreScope, reference: KeyReference<'_>) -> Result<Self, ResolveError> {
        let is_named = reference
            .namespace
            .is_some_and(|namespace| !namespace.is_empty());
        match scope {
            StoreScope::Cluster { .. } if !is_named => Err(ResolveError::CaWithoutNamespace),
            StoreScope::Cluster { .. } | StoreScope::Namespaced { .. } => {
                Self::new(scope, reference)
            }
        }
    }

    /// The object's namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The object's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key in the object.
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl TokenRequest {
    /// The service account's namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The service account's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// For whom the token is; empty for the API server itself.
    pub fn audiences(&self) -> &[String] {
        &self.audiences
    }

    /// How long the token should live.
    pub fn expiration_seconds(&self) -> i64 {
        self.expiration_seconds
    }
}

#[cfg(test)]
mod tests;
