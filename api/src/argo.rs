//! The group `argoproj.io/v1alpha1`: `Application` and `AppProject`.

mod application;
mod condition;
mod operation;
mod project;
mod source;
mod status;
mod sync_policy;

pub use application::{
    Application, ApplicationDestination, ApplicationSpec, DEFAULT_PROJECT, Info,
    ResourceIgnoreDifferences,
};
pub use condition::ApplicationCondition;
pub use operation::{
    Operation, OperationInitiator, SyncOperation, SyncOperationResource, SyncStrategy,
    SyncStrategyApply,
};
pub use project::{
    AppProject, AppProjectSpec, AppProjectStatus, ClusterResourceRestriction,
    DestinationServiceAccount, GroupKind, OrphanedResourceKey, OrphanedResources,
    ProjectDestination, ProjectRole, SignatureKey, SyncWindow,
};
pub use source::{
    ApplicationSource, Directory, Helm, Jsonnet, JsonnetVariable, Kustomize, KustomizePatch,
    KustomizeReplica, Plugin,
};
pub use status::{
    ApplicationStatus, ApplicationSummary, ComparedTo, HealthCode, HealthStatus, OperationPhase,
    OperationState, ResourceResult, ResourceResultCode, ResourceStatus, RevisionHistory, SyncCode,
    SyncResult, SyncStatus,
};
pub use sync_policy::{Automated, Backoff, ManagedNamespaceMetadata, RetryStrategy, SyncPolicy};
