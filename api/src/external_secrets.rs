//! The group `external-secrets.io/v1`: `ExternalSecret`, `SecretStore`, `ClusterSecretStore`.
//!
//! A store says how to reach a backend ([`SecretStoreProvider`]), an `ExternalSecret` which values
//! to fetch from it and into which Secret to write them. Providers that are not modelled are kept
//! in [`SecretStoreProvider::unmodelled`], so that a store of such a provider can be applied and
//! its condition can say that it is not supported.

mod condition;
mod external_secret;
mod provider;
mod selector;
mod store;
mod target;

pub use condition::ExternalSecretsCondition;
pub use external_secret::{
    Binding, ConversionStrategy, DataEntry, DataFromEntry, DataFromSourceRef, DecodingStrategy,
    ExternalSecret, ExternalSecretSpec, ExternalSecretStatus, Find, FindName, GeneratorKind,
    GeneratorRef, MergeConflictPolicy, MergePriorityPolicy, MergeStrategy, MetadataPolicy,
    NullBytePolicy, RefreshPolicy, RemoteRef, Rewrite, RewriteMerge, RewriteRegexp,
    RewriteTransform, SourceRef, StoreKind, StoreRef, SyncWindow, SyncWindowKind, SyncWindows,
};
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
    SecretStoreCapabilities, SecretStoreSpec, SecretStoreStatus, StoreCondition,
};
pub use target::{
    CreationPolicy, DeletionPolicy, EngineVersion, ManifestTarget, MergePolicy, Target, Template,
    TemplateAs, TemplateFrom, TemplateItem, TemplateMetadata, TemplateSource,
};
