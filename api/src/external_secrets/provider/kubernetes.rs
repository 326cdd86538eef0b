//! The provider `kubernetes`: Secrets of this or another cluster.

use k8s_openapi::ByteString;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Unmodelled,
    external_secrets::selector::{CaProvider, SecretKeySelector, ServiceAccountSelector},
    pattern,
};

/// How to reach the Secrets of a Kubernetes cluster.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KubernetesProvider {
    /// The API server. Default: that of this cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<KubernetesServer>,

    /// How to sign in: exactly one method. Not together with `authRef`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<KubernetesAuth>,

    /// Key of a Secret that holds a kubeconfig, whose current context is used. `server` is then
    /// ignored. Not together with `auth`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_ref: Option<SecretKeySelector>,

    /// Namespace the Secrets are read from. Default: `default`.
    #[serde(default = "KubernetesProvider::default_remote_namespace")]
    #[schemars(length(min = 1, max = 63), regex(pattern = pattern::NAMESPACE))]
    pub remote_namespace: String,

    /// Fields that are not supported yet.
    #[serde(flatten)]
    pub unmodelled: Unmodelled,
}

impl KubernetesProvider {
    fn default_remote_namespace() -> String {
        "default".to_owned()
    }
}

/// An API server.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KubernetesServer {
    /// Address of the API server. Default: `kubernetes.default`.
    #[serde(default = "KubernetesServer::default_url")]
    pub url: String,

    /// PEM certificates the server's certificate is checked against, base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "pattern::base64")]
    pub ca_bundle: Option<ByteString>,

    /// Secret or ConfigMap with the certificates the server's certificate is checked against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_provider: Option<CaProvider>,
}

impl KubernetesServer {
    fn default_url() -> String {
        "kubernetes.default".to_owned()
    }
}

/// How to sign in to an API server: exactly one method.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub struct KubernetesAuth {
    /// With a client certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cert: Option<KubernetesCertAuth>,

    /// With a token from a Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<KubernetesTokenAuth>,

    /// With a token that is requested for a ServiceAccount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account: Option<ServiceAccountSelector>,

    /// Methods that are not supported yet.
    #[serde(flatten)]
    pub unmodelled: Unmodelled,
}

/// A client certificate from Secrets.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KubernetesCertAuth {
    /// The certificate in PEM.
    pub client_cert: SecretKeySelector,

    /// The private key in PEM.
    pub client_key: SecretKeySelector,
}

/// A token from a Secret.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KubernetesTokenAuth {
    /// The bearer token.
    pub bearer_token: SecretKeySelector,
}
