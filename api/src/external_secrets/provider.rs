//! Which backend a store reaches, and how.

pub(crate) mod aws;
pub(crate) mod fake;
pub(crate) mod kubernetes;
pub(crate) mod vault;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Unmodelled;
use aws::AwsProvider;
use fake::FakeProvider;
use kubernetes::KubernetesProvider;
use vault::VaultProvider;

/// The backend of a store: exactly one provider.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub struct SecretStoreProvider {
    /// AWS Secrets Manager or Parameter Store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aws: Option<AwsProvider>,

    /// HashiCorp Vault, or OpenBao through the same API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vault: Option<VaultProvider>,

    /// Secrets of this or another Kubernetes cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubernetes: Option<KubernetesProvider>,

    /// Values written into the store itself, for tests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fake: Option<FakeProvider>,

    /// Providers that are not supported. The store is accepted and reported as not ready.
    #[serde(flatten)]
    pub unmodelled: Unmodelled,
}

/// The one provider of a store.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Provider<'a> {
    /// AWS Secrets Manager or Parameter Store.
    Aws(&'a AwsProvider),
    /// Vault or OpenBao.
    Vault(&'a VaultProvider),
    /// A Kubernetes cluster.
    Kubernetes(&'a KubernetesProvider),
    /// Values in the store itself.
    Fake(&'a FakeProvider),
    /// A provider we do not have, by its key.
    Unsupported(&'a str),
}

impl SecretStoreProvider {
    /// Returns the provider, or nothing when there is none or more than one.
    pub fn chosen(&self) -> Option<Provider<'_>> {
        let modelled = [
            self.aws.as_ref().map(Provider::Aws),
            self.vault.as_ref().map(Provider::Vault),
            self.kubernetes.as_ref().map(Provider::Kubernetes),
            self.fake.as_ref().map(Provider::Fake),
        ];
        let mut all = modelled
            .into_iter()
            .flatten()
            .chain(self.unmodelled.names().map(Provider::Unsupported));
        let first = all.next()?;
        if all.next().is_some() {
            None
        } else {
            Some(first)
        }
    }
}
