//! Why a value could not be had, in terms that decide what happens next.

use std::error::Error;
use std::sync::Arc;

use crate::ResolveError;

/// What a lower layer reported; never holds a value.
pub type Cause = Box<dyn Error + Send + Sync>;

/// Why a store could not be reached, or a value not be read. Names keys and objects, never values.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretsError {
    /// The backend holds no such item. The only error that `deletionPolicy` acts on.
    #[error("Secret does not exist")]
    NoSecret {
        /// The remote key.
        key: String,
    },
    /// The item is there and the property is not.
    #[error("{text}")]
    MissingProperty {
        /// The provider's sentence for it.
        text: String,
    },
    /// The backend refused.
    #[error("{action}")]
    Denied {
        /// What was tried.
        action: String,
        /// What the backend said.
        #[source]
        source: Cause,
    },
    /// The backend could not be reached or could not answer; trying again may help.
    #[error("{action}")]
    Unavailable {
        /// What was tried.
        action: String,
        /// What went wrong.
        #[source]
        source: Cause,
    },
    /// The store, the reference or the item is not what this provider can work with.
    #[error("{text}")]
    Invalid {
        /// What is wrong with it.
        text: String,
    },
    /// The backend rejected the request as it stands.
    #[error("{action}")]
    Rejected {
        /// What was tried.
        action: String,
        /// What the backend said.
        #[source]
        source: Cause,
    },
    /// A Kubernetes object that the store names could not be used.
    #[error(transparent)]
    Reference(#[from] ResolveError),
    /// The store names a provider that is not built in.
    #[error("provider {provider:?} is not supported")]
    UnsupportedProvider {
        /// The key under `spec.provider`.
        provider: String,
    },
}

impl SecretsError {
    pub(crate) fn invalid(text: impl Into<String>) -> Self {
        Self::Invalid { text: text.into() }
    }

    pub(crate) fn missing_property(text: impl Into<String>) -> Self {
        Self::MissingProperty { text: text.into() }
    }

    pub(crate) fn no_secret(key: &str) -> Self {
        Self::NoSecret {
            key: key.to_owned(),
        }
    }

    pub(crate) fn denied(action: impl Into<String>, source: impl Into<Cause>) -> Self {
        Self::Denied {
            action: action.into(),
            source: source.into(),
        }
    }

    pub(crate) fn unavailable(action: impl Into<String>, source: impl Into<Cause>) -> Self {
        Self::Unavailable {
            action: action.into(),
            source: source.into(),
        }
    }

    pub(crate) fn rejected(action: impl Into<String>, source: impl Into<Cause>) -> Self {
        Self::Rejected {
            action: action.into(),
            source: source.into(),
        }
    }

    /// Whether the backend says that there is no such item.
    pub fn is_no_secret(&self) -> bool {
        matches!(self, Self::NoSecret { .. })
    }
}

/// A [`SecretsError`] that several callers share, since they shared the call that failed.
#[derive(Debug, Clone, thiserror::Error)]
#[error(transparent)]
pub struct StoreError(Arc<SecretsError>);

impl StoreError {
    /// Returns the error itself.
    pub fn kind(&self) -> &SecretsError {
        &self.0
    }

    /// Whether the backend says that there is no such item.
    pub fn is_no_secret(&self) -> bool {
        self.0.is_no_secret()
    }
}

impl From<SecretsError> for StoreError {
    fn from(error: SecretsError) -> Self {
        Self(Arc::new(error))
    }
}
