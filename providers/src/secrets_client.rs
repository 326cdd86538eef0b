//! What every secret store looks like from outside: read an item, pick a part of it, validate.
//!
//! Reading and picking are apart on purpose. [`SecretsClient::read`] is the one call that goes to
//! the backend, and [`SecretsClient::pick`] and [`SecretsClient::members`] are pure: ten
//! properties of one remote item cost one call (see [`crate::Fetch`]).

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::BoxFuture;
use secret_bytes::SecretBytes;

use crate::SecretsError;

/// One backend, reached with one store's credentials.
pub trait SecretsClient: Send + Sync {
    /// Reads one item from the backend. The only method, with `validate`, that leaves the process.
    fn read<'a>(&'a self, item: &'a RemoteItem) -> BoxFuture<'a, Result<Payload, SecretsError>>;

    /// Picks the value that a reference names from what `read` returned.
    ///
    /// # Errors
    ///
    /// When the property is not there. That is never [`SecretsError::NoSecret`], but for `fake`.
    fn pick(&self, payload: &Payload, remote: &RemoteRef) -> Result<SecretBytes, SecretsError>;

    /// Returns the members of an item, as `dataFrom.extract` wants them.
    ///
    /// # Errors
    ///
    /// When the item, or the property in it, is no object.
    fn members(&self, payload: &Payload, remote: &RemoteRef) -> Result<Members, SecretsError>;

    /// Asks the backend whether the store's credentials are accepted.
    fn validate(&self) -> BoxFuture<'_, Result<Validation, SecretsError>>;

    /// Returns what the store can do.
    fn capabilities(&self) -> Capabilities;

    /// Gives back what the backend holds for this client, such as a login token.
    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }

    /// Reads one value.
    fn get<'a>(
        &'a self,
        remote: &'a RemoteRef,
    ) -> BoxFuture<'a, Result<SecretBytes, SecretsError>> {
        Box::pin(async move { self.pick(&self.read(&remote.item()).await?, remote) })
    }

    /// Reads the members of one item.
    fn get_map<'a>(
        &'a self,
        remote: &'a RemoteRef,
    ) -> BoxFuture<'a, Result<Members, SecretsError>> {
        Box::pin(async move { self.members(&self.read(&remote.item()).await?, remote) })
    }
}

/// Values by name.
pub type Members = BTreeMap<String, Arc<SecretBytes>>;

/// Which value of a store is meant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct RemoteRef {
    /// The provider's identifier of the item.
    pub key: String,
    /// Which part of the item; absent for all of it.
    pub property: Option<String>,
    /// Which version of the item; absent for the current one.
    pub version: Option<String>,
    /// Whether the value or what the provider says about it is wanted.
    pub metadata_policy: MetadataPolicy,
}

/// What of an item is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum MetadataPolicy {
    /// The value.
    #[default]
    None,
    /// The provider's metadata: tags, labels, custom metadata.
    Fetch,
}

/// What one call to a backend reads. Two references with the same item share the call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RemoteItem {
    /// The provider's identifier of the item.
    pub key: String,
    /// Which version of the item.
    pub version: Option<String>,
    /// Whether the value or its metadata is read.
    pub metadata_policy: MetadataPolicy,
}

/// What a backend returned for one item.
#[derive(Debug)]
#[non_exhaustive]
pub enum Payload {
    /// One value; a JSON document for the backends whose items are objects.
    Value(SecretBytes),
    /// Named values, for backends whose items hold bytes by name.
    Members(Members),
}

/// What a validation found, when it did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Validation {
    /// The credentials work.
    Ready,
    /// It cannot be known here, and nothing is wrong: the credentials depend on the consumer.
    Unknown,
    /// It cannot be known, because asking failed. The text holds no values.
    Undetermined(String),
}

/// What a store can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capabilities {
    /// Values can be read.
    ReadOnly,
    /// Values can be written.
    WriteOnly,
    /// Both.
    ReadWrite,
}

impl RemoteRef {
    /// Returns a reference to the whole current item.
    pub fn new(key: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            ..Self::default()
        }
    }

    /// The same item, one part of it.
    #[must_use]
    pub fn property(mut self, property: impl Into<String>) -> Self {
        self.property = Some(property.into());
        self
    }

    /// Another version of the same item.
    #[must_use]
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// The metadata of the same item.
    #[must_use]
    pub fn metadata(mut self) -> Self {
        self.metadata_policy = MetadataPolicy::Fetch;
        self
    }

    /// Returns what has to be read for this reference.
    pub fn item(&self) -> RemoteItem {
        RemoteItem {
            key: self.key.clone(),
            version: filled(self.version.as_ref()).cloned(),
            metadata_policy: self.metadata_policy,
        }
    }

    /// Returns the property when there is one; an empty text is none.
    pub fn named_property(&self) -> Option<&str> {
        filled(self.property.as_ref()).map(String::as_str)
    }
}

impl Capabilities {
    /// Returns the text for `status.capabilities`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReadOnly => "ReadOnly",
            Self::WriteOnly => "WriteOnly",
            Self::ReadWrite => "ReadWrite",
        }
    }
}

fn filled(text: Option<&String>) -> Option<&String> {
    text.filter(|text| !text.is_empty())
}
