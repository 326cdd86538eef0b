//! What became of an `Application`.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    ApplicationCondition, ApplicationDestination, ApplicationSource, ManagedNamespaceMetadata,
    Operation, OperationInitiator, ResourceIgnoreDifferences,
};
use crate::Unmodelled;

/// What became of an `Application`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationStatus {
    /// The objects that belong to it, and those that no longer should.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<ResourceStatus>,

    /// Whether the objects are as the source has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sync: Option<SyncStatus>,

    /// Whether the objects do their job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<HealthStatus>,

    /// The syncs that succeeded, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<RevisionHistory>,

    /// What is wrong, or worth a look.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<ApplicationCondition>,

    /// When the last comparison began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reconciled_at: Option<Time>,

    /// The sync that is under way, or was last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation_state: Option<OperationState>,

    /// Kept for older tools; nothing sets it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_at: Option<Time>,

    /// How the directory is built: `Directory`, `Kustomize`, `Helm` or `Plugin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_type: Option<String>,

    /// How the directory of each source is built.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub source_types: Vec<String>,

    /// What the objects have in them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<ApplicationSummary>,

    /// Namespace of the configuration that counts for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub controller_namespace: Option<String>,

    /// Where the health of single objects is: here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_health_source: Option<String>,

    /// Fields that other controllers set.
    #[serde(flatten)]
    pub unmodelled: Unmodelled,
}

/// One object of an `Application`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourceStatus {
    /// API group; empty for the core group.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub group: String,

    /// API version without the group.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,

    /// Kind.
    #[serde(default)]
    pub kind: String,

    /// Namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,

    /// Name.
    #[serde(default)]
    pub name: String,

    /// Whether it is as the source has it; absent when it does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<SyncCode>,

    /// Whether it does its job; absent when nobody can say for its kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<HealthStatus>,

    /// Whether it is a hook.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hook: bool,

    /// Whether it is no longer in the source and waits to be deleted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub requires_pruning: bool,

    /// Whether its deletion waits for somebody's approval.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub requires_deletion_confirmation: bool,

    /// The wave it is applied in.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub sync_wave: i64,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_zero(wave: &i64) -> bool {
    *wave == 0
}

/// Whether objects are as the source has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, Serialize, JsonSchema)]
pub enum SyncCode {
    /// They are.
    Synced,
    /// They are not.
    OutOfSync,
    /// Nobody could compare them.
    #[default]
    #[serde(other)]
    Unknown,
}

/// Whether the objects of an `Application` are as the source has them.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncStatus {
    /// Whether they are.
    #[serde(default)]
    pub status: SyncCode,

    /// What they were compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compared_to: Option<ComparedTo>,

    /// Revision they were compared with. Example: a commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,

    /// Revisions by source.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revisions: Vec<String>,
}

/// What the objects of an `Application` were compared with.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ComparedTo {
    /// The source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<ApplicationSource>,

    /// The sources.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<ApplicationSource>,

    /// The destination.
    #[serde(default)]
    pub destination: ApplicationDestination,

    /// The fields that were left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignore_differences: Vec<ResourceIgnoreDifferences>,
}

/// Whether something does its job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, Serialize, JsonSchema)]
pub enum HealthCode {
    /// It does.
    Healthy,
    /// Paused on purpose.
    Suspended,
    /// On its way.
    Progressing,
    /// Not there.
    Missing,
    /// It failed, or will not get there.
    Degraded,
    /// Nobody can tell.
    #[default]
    #[serde(other)]
    Unknown,
}

/// Whether something does its job, and why not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HealthStatus {
    /// Whether it does.
    #[serde(default)]
    pub status: HealthCode,

    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,

    /// When `status` changed last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_transition_time: Option<Time>,
}

/// One sync that succeeded.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RevisionHistory {
    /// Number of the sync; later ones are higher.
    pub id: i64,

    /// Revision that was synced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,

    /// Revisions by source.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revisions: Vec<String>,

    /// Source it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<ApplicationSource>,

    /// Sources it came from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<ApplicationSource>,

    /// When the sync began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deploy_started_at: Option<Time>,

    /// When the sync was done.
    pub deployed_at: Time,

    /// Who asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initiated_by: Option<OperationInitiator>,
}

/// How far a sync is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize, JsonSchema)]
pub enum OperationPhase {
    /// Under way, or waiting for the next try.
    Running,
    /// Somebody stops it.
    Terminating,
    /// Something could not be applied.
    Failed,
    /// Something went wrong before anything was applied.
    Error,
    /// Everything was applied.
    Succeeded,
}

impl OperationPhase {
    /// Returns whether nothing more comes of it.
    pub fn is_completed(self) -> bool {
        matches!(self, Self::Failed | Self::Error | Self::Succeeded)
    }
}

/// A sync that is under way, or was last.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OperationState {
    /// What was asked for.
    pub operation: Operation,

    /// How far it is.
    pub phase: OperationPhase,

    /// What it waits for, or what came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,

    /// What came of the single objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sync_result: Option<SyncResult>,

    /// When it began.
    pub started_at: Time,

    /// When it ended, or when the try ended that is to be repeated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Time>,

    /// How often it was repeated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_count: Option<i64>,
}

/// What came of a sync, object by object.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncResult {
    /// The objects.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<ResourceResult>,

    /// Revision that was synced.
    #[serde(default)]
    pub revision: String,

    /// Revisions by source.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revisions: Vec<String>,

    /// Source it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<ApplicationSource>,

    /// Sources it came from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<ApplicationSource>,

    /// Labels and annotations of the namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub managed_namespace_metadata: Option<ManagedNamespaceMetadata>,
}

/// What came of one object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourceResult {
    /// API group; empty for the core group.
    #[serde(default)]
    pub group: String,

    /// API version without the group.
    #[serde(default)]
    pub version: String,

    /// Kind.
    #[serde(default)]
    pub kind: String,

    /// Namespace; empty for objects that are in none.
    #[serde(default)]
    pub namespace: String,

    /// Name.
    #[serde(default)]
    pub name: String,

    /// What came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<ResourceResultCode>,

    /// More about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,

    /// The phase a hook runs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hook_type: Option<String>,

    /// How far it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hook_phase: Option<String>,

    /// The phase it was written in. Example: `Sync`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sync_phase: Option<String>,

    /// Images of its containers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<String>,
}

/// What came of one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize, JsonSchema)]
pub enum ResourceResultCode {
    /// It was applied, or is as it should be.
    Synced,
    /// It could not be applied.
    SyncFailed,
    /// It was deleted.
    Pruned,
    /// It should be deleted, and was not.
    PruneSkipped,
}

/// What the objects of an `Application` have in them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationSummary {
    /// Images of the containers, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<String>,

    /// Addresses under which the objects are reached from outside.
    #[serde(
        rename = "externalURLs",
        default,
        skip_serializing_if = "Vec::is_empty"
    )]
    pub external_urls: Vec<String>,

    /// Whether some of the objects are Applications.
    #[serde(
        rename = "isAppOfApps",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub is_app_of_apps: Option<bool>,
}
