//! The group `external-secrets.io/v1`: `ExternalSecret`, `SecretStore`, `ClusterSecretStore`.
//!
//! A store says how to reach a backend ([`SecretStoreProvider`]), an `ExternalSecret` which values
//! to fetch from it and into which Secret to write them. Providers that are not modelled are kept
//! in [`SecretStoreProvider::unmodelled`], so that a store of such a provider can be applied and
//! its condition can say that it is not supported.

mod provider;
mod selector;
mod store;

pub use provider::{
    Provider, SecretStoreProvider,
    aws::{AwsAuth, AwsJwtAuth, AwsProvider, AwsSecretRef, AwsService, AwsTag, SecretsManager},
    fake::{FakeData, FakeProvider},
    kubernetes::{
        KubernetesAuth, KubernetesCertAuth, KubernetesProvider, KubernetesServer,
        KubernetesTokenAuth,
    },
    vault::{
        KvVersion, VaultAppRoleAuth, VaultAuth, VaultCheckAndSet, VaultClientTls,
        VaultKubernetesAuth, VaultProvider,
    },
};
pub use selector::{CaProvider, CaProviderKind, SecretKeySelector, ServiceAccountSelector};
pub use store::{
    ClusterSecretStore, ClusterSecretStoreSpec, RetrySettings, SecretStore,
    SecretStoreCapabilities, SecretStoreCondition, SecretStoreSpec, SecretStoreStatus,
    StoreCondition,
};
