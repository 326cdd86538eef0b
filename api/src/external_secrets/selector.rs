//! How a store names the Secret, ConfigMap or ServiceAccount it takes a credential from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::pattern;

/// One key of a Secret.
///
/// Which namespace it is read from is decided by the kind of store and by the consumer, never by
/// this reference alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct SecretKeySelector {
    /// Name of the Secret. Example: `vault-token`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253), regex(pattern = pattern::NAME))]
    pub name: Option<String>,

    /// Namespace of the Secret. In a SecretStore it must be absent or the store's own namespace.
    /// In a ClusterSecretStore, absent means the namespace of the object that uses the store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63), regex(pattern = pattern::NAMESPACE))]
    pub namespace: Option<String>,

    /// Key in the Secret's data. Some fields have a default key. Example: `token`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253), regex(pattern = pattern::DATA_KEY))]
    pub key: Option<String>,
}

/// A ServiceAccount that a token is requested for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct ServiceAccountSelector {
    /// Name of the ServiceAccount. Example: `external-secrets-sa`.
    #[schemars(length(min = 1, max = 253), regex(pattern = pattern::NAME))]
    pub name: String,

    /// Namespace of the ServiceAccount. In a SecretStore it must be absent or the store's own
    /// namespace. In a ClusterSecretStore, absent means the namespace of the object that uses the
    /// store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63), regex(pattern = pattern::NAMESPACE))]
    pub namespace: Option<String>,

    /// Audiences to request the token for, added to those the provider needs. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audiences: Vec<String>,
}

/// Where the certificates are that a backend's certificate is checked against.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct CaProvider {
    /// Kind of the object that holds the certificates: `Secret` or `ConfigMap`.
    #[serde(rename = "type")]
    pub kind: CaProviderKind,

    /// Name of the object.
    #[schemars(length(min = 1, max = 253), regex(pattern = pattern::NAME))]
    pub name: String,

    /// Key in the object's data that holds PEM certificates. Example: `ca.crt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253), regex(pattern = pattern::DATA_KEY))]
    pub key: Option<String>,

    /// Namespace of the object. Required in a ClusterSecretStore; in a SecretStore it must be
    /// absent or the store's own namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63), regex(pattern = pattern::NAMESPACE))]
    pub namespace: Option<String>,
}

/// The kind of object a [`CaProvider`] names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum CaProviderKind {
    /// A Secret.
    Secret,
    /// A ConfigMap.
    ConfigMap,
}
