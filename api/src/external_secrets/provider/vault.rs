//! The provider `vault`: the key-value engine of HashiCorp Vault and OpenBao.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Unmodelled,
    external_secrets::selector::{CaProvider, SecretKeySelector, ServiceAccountSelector},
    pattern,
};

/// How to reach Vault or OpenBao.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VaultProvider {
    /// Base URL of the server. Example: `https://vault.example.com:8200`.
    pub server: String,

    /// Mount path of the key-value engine. Example: `secret`. Absent: each key begins with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,

    /// Version of the key-value engine: `v1` or `v2`. Default: `v2`.
    #[serde(default)]
    pub version: KvVersion,

    /// Vault namespace of the requests. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,

    /// How to sign in. Absent: requests are sent without a token, for use with an agent that adds
    /// one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<VaultAuth>,

    /// Headers that are added to each request. Default: none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,

    /// PEM certificates the server's certificate is checked against, base64. Default: those of
    /// the system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "pattern::base64")]
    pub ca_bundle: Option<ByteString>,

    /// Secret or ConfigMap with the certificates the server's certificate is checked against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_provider: Option<CaProvider>,

    /// Client certificate for the connection. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<VaultClientTls>,

    /// Whether to send back the state header of the last write, so that a read sees it. Default:
    /// `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_your_writes: Option<bool>,

    /// Whether to ask that a request be forwarded to the active node when a standby is behind.
    /// Only with `readYourWrites`. Default: `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forward_inconsistent: Option<bool>,

    /// Whether pushes must name the version they replace. Only with `v2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_and_set: Option<VaultCheckAndSet>,

    /// Fields that are not supported yet.
    #[serde(flatten)]
    pub unmodelled: Unmodelled,
}

/// The version of a key-value engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum KvVersion {
    /// One value per key.
    V1,
    /// Versioned values with metadata.
    #[default]
    V2,
}

/// How to sign in to Vault. The first configured method is used.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VaultAuth {
    /// Vault namespace of the login. Default: that of the store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,

    /// A token from a Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_secret_ref: Option<SecretKeySelector>,

    /// Login with an AppRole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_role: Option<VaultAppRoleAuth>,

    /// Login with a Kubernetes ServiceAccount's token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubernetes: Option<VaultKubernetesAuth>,

    /// Login methods that are not supported yet, such as `ldap`, `userPass`, `jwt`, `cert`, `iam`
    /// and `gcp`.
    #[serde(flatten)]
    pub unmodelled: Unmodelled,
}

/// Login with an AppRole.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VaultAppRoleAuth {
    /// Mount path of the auth method. Default: `approle`.
    #[serde(default = "VaultAppRoleAuth::default_path")]
    pub path: String,

    /// The role id. One of `roleId` and `roleRef` is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_id: Option<String>,

    /// Where the role id is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_ref: Option<SecretKeySelector>,

    /// Where the secret id is.
    pub secret_ref: SecretKeySelector,
}

impl VaultAppRoleAuth {
    fn default_path() -> String {
        "approle".to_owned()
    }
}

/// Login with a Kubernetes ServiceAccount's token.
///
/// The token is requested for `serviceAccountRef`, or read from `secretRef`, or, with neither, is
/// that of the controller.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VaultKubernetesAuth {
    /// Mount path of the auth method. Default: `kubernetes`.
    #[serde(default = "VaultKubernetesAuth::default_mount_path")]
    pub mount_path: String,

    /// Vault role to log in as.
    pub role: String,

    /// ServiceAccount to request a token for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account_ref: Option<ServiceAccountSelector>,

    /// Secret that holds a token; its key defaults to `token`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<SecretKeySelector>,
}

impl VaultKubernetesAuth {
    fn default_mount_path() -> String {
        "kubernetes".to_owned()
    }
}

/// The client certificate of the connection: both fields or neither.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VaultClientTls {
    /// The certificate in PEM; the key defaults to `tls.crt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cert_secret_ref: Option<SecretKeySelector>,

    /// The private key in PEM; the key defaults to `tls.key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_secret_ref: Option<SecretKeySelector>,
}

/// Whether pushes must name the version they replace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct VaultCheckAndSet {
    /// Whether each push carries the current version. Default: `false`.
    #[serde(default)]
    pub required: bool,
}
