//! A sync that somebody asks for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ApplicationSource, Info, RetryStrategy};
use crate::Unmodelled;

/// A sync that somebody asks for.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Operation {
    /// What to sync, and how.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sync: Option<SyncOperation>,

    /// Who asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initiated_by: Option<OperationInitiator>,

    /// Texts for people; they have no effect.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub info: Vec<Info>,

    /// How it is repeated when it fails. Default: it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryStrategy>,

    /// Fields that are not supported.
    #[serde(flatten)]
    pub unmodelled: Unmodelled,
}

/// What to sync, and how.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncOperation {
    /// Revision to sync to. Default: that of the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,

    /// Revisions by source.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revisions: Vec<String>,

    /// Whether objects that are no longer in the source are deleted. Default: `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prune: Option<bool>,

    /// Whether nothing is written, only tried. Default: `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<bool>,

    /// How objects are written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sync_strategy: Option<SyncStrategy>,

    /// The objects to sync. Default: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<Vec<SyncOperationResource>>,

    /// Source to sync from in place of the spec's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<ApplicationSource>,

    /// Sources to sync from in place of the spec's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<ApplicationSource>,

    /// Manifests to sync in place of the source's. Not supported.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub manifests: Vec<String>,

    /// Switches, as `Key=value`, in place of the spec's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sync_options: Vec<String>,

    /// How often changes in the cluster were changed back since the last full sync.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_heal_attempts_count: Option<i64>,

    /// Fields that are not supported.
    #[serde(flatten)]
    pub unmodelled: Unmodelled,
}

/// How objects are written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct SyncStrategy {
    /// Apply, without hooks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apply: Option<SyncStrategyApply>,

    /// Apply, with hooks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hook: Option<SyncStrategyApply>,
}

/// How objects are applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct SyncStrategyApply {
    /// Whether an object is deleted and created again when it cannot be changed. Default: `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub force: Option<bool>,
}

/// One object to sync.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct SyncOperationResource {
    /// API group; empty for the core group.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub group: String,

    /// Kind.
    pub kind: String,

    /// Name.
    pub name: String,

    /// Namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,

    /// Whether everything but this object is meant. Default: `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exclude: Option<bool>,
}

/// Who asks for an operation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct OperationInitiator {
    /// Name of the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,

    /// Whether it was the controller itself. Default: `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automated: Option<bool>,
}
