//! Key services: what wraps and unwraps a data key with a master key.
//!
//! The trait is object safe and knows no runtime. [`crate::AgeKeyService`] works in memory; cloud
//! services are implemented by the crates that may use the network. [`KeyServices`] puts several
//! in a row.

use std::error::Error;
use std::sync::Arc;

use futures::future::BoxFuture;

use crate::{DataKey, KeyKind, MasterKey, WrappedKey};

/// Wraps and unwraps data keys.
pub trait KeyService: Send + Sync {
    /// Wraps a data key with a master key, and returns the text for the `enc` field.
    fn wrap<'a>(
        &'a self,
        key: &'a MasterKey,
        data_key: &'a DataKey,
    ) -> BoxFuture<'a, Result<String, KeyServiceError>>;

    /// Unwraps a data key.
    fn unwrap<'a>(&'a self, key: &'a WrappedKey)
    -> BoxFuture<'a, Result<DataKey, KeyServiceError>>;
}

/// What a lower layer reported; never holds a value.
pub type Cause = Box<dyn Error + Send + Sync>;

/// Why a master key could not be used. Names the key, never a value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyServiceError {
    /// No service at hand takes keys of this kind.
    #[error("no key service for {kind} keys")]
    Unsupported {
        /// The kind of the master key.
        kind: KeyKind,
    },
    /// There is no private key that belongs to the master key.
    #[error("no identity matches {key:?}")]
    NoIdentity {
        /// The identity text of the master key.
        key: String,
    },
    /// The service refused.
    #[error("use of {key:?} was denied")]
    Denied {
        /// The identity text of the master key.
        key: String,
        /// What the service said.
        #[source]
        source: Cause,
    },
    /// The service could not be reached or could not answer; trying again may help.
    #[error("the service of {key:?} is unavailable")]
    Unavailable {
        /// The identity text of the master key.
        key: String,
        /// What went wrong.
        #[source]
        source: Cause,
    },
    /// The master key, or the wrapped data key, is not well formed.
    #[error("{key:?} cannot be used: {reason}")]
    Malformed {
        /// The identity text of the master key.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A source of private keys could not be read.
    #[error("failed to read {origin}: {reason}")]
    ReadIdentities {
        /// Where the private keys were to come from.
        origin: String,
        /// What is wrong there.
        reason: String,
    },
    /// There are no private keys where they are looked for.
    #[error("Did not find keys in location(s) '{}'", places.join("', '"))]
    IdentitiesNotFound {
        /// The places.
        places: Vec<String>,
    },
    /// Several services took the key and all of them failed.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    All(Vec<KeyServiceError>),
}

impl KeyServiceError {
    /// Whether trying again later, with nothing changed, may help.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unavailable { .. } => true,
            Self::All(errors) => errors.iter().any(Self::is_transient),
            Self::Unsupported { .. }
            | Self::NoIdentity { .. }
            | Self::Denied { .. }
            | Self::Malformed { .. }
            | Self::ReadIdentities { .. }
            | Self::IdentitiesNotFound { .. } => false,
        }
    }
}

/// Several services, tried in order: the first that succeeds decides.
#[derive(Clone, Default)]
pub struct KeyServices(Vec<Arc<dyn KeyService>>);

impl KeyServices {
    /// Puts services in the order in which they are tried.
    pub fn new(services: Vec<Arc<dyn KeyService>>) -> Self {
        Self(services)
    }

    /// Adds a service behind the others.
    pub fn push(&mut self, service: Arc<dyn KeyService>) {
        self.0.push(service);
    }
}

impl KeyService for KeyServices {
    fn wrap<'a>(
        &'a self,
        key: &'a MasterKey,
        data_key: &'a DataKey,
    ) -> BoxFuture<'a, Result<String, KeyServiceError>> {
        Box::pin(async move {
            let mut errors = Vec::new();
            for service in &self.0 {
                match service.wrap(key, data_key).await {
                    Ok(enc) => return Ok(enc),
                    Err(error) => errors.push(error),
                }
            }
            Err(most_telling(key.kind(), errors))
        })
    }

    fn unwrap<'a>(
        &'a self,
        key: &'a WrappedKey,
    ) -> BoxFuture<'a, Result<DataKey, KeyServiceError>> {
        Box::pin(async move {
            let mut errors = Vec::new();
            for service in &self.0 {
                match service.unwrap(key).await {
                    Ok(data_key) => return Ok(data_key),
                    Err(error) => errors.push(error),
                }
            }
            Err(most_telling(key.key.kind(), errors))
        })
    }
}

/// Drops the services that do not take the kind, since they say nothing about the key.
fn most_telling(kind: KeyKind, errors: Vec<KeyServiceError>) -> KeyServiceError {
    let mut telling: Vec<KeyServiceError> = errors
        .into_iter()
        .filter(|error| !matches!(error, KeyServiceError::Unsupported { .. }))
        .collect();
    match telling.len() {
        0 => KeyServiceError::Unsupported { kind },
        1 => telling.remove(0),
        _ => KeyServiceError::All(telling),
    }
}

#[cfg(test)]
mod tests;
