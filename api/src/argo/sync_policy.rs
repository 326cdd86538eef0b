//! When and how the objects of an `Application` are applied.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Unmodelled;

/// When and how the objects are applied.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncPolicy {
    /// Apply without being asked. Default: only when somebody asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automated: Option<Automated>,

    /// Switches, as `Key=value`. Example: `CreateNamespace=true`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sync_options: Vec<String>,

    /// How a failed sync is repeated. Default: five times when `automated` is set, else not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryStrategy>,

    /// Labels and annotations of the namespace that `CreateNamespace=true` makes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub managed_namespace_metadata: Option<ManagedNamespaceMetadata>,

    /// Fields that are not supported.
    #[serde(flatten)]
    pub unmodelled: Unmodelled,
}

/// Apply without being asked.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Automated {
    /// Whether objects that are no longer in the source are deleted. Default: `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prune: Option<bool>,

    /// Whether objects that were changed in the cluster are changed back. Default: `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub self_heal: Option<bool>,

    /// Whether a source without objects deletes all of them. Default: `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_empty: Option<bool>,

    /// Whether this counts at all; `false` keeps the settings for later. Default: `true`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,

    /// Fields that are not supported.
    #[serde(flatten)]
    pub unmodelled: Unmodelled,
}

/// How a failed sync is repeated.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
pub struct RetryStrategy {
    /// How often; 0 is never, less than 0 without end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,

    /// How long to wait in between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backoff: Option<Backoff>,

    /// Whether a retry uses the newest revision instead of the one that failed. Default: `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh: Option<bool>,

    /// Fields that are not supported.
    #[serde(flatten)]
    pub unmodelled: Unmodelled,
}

/// How long to wait between two tries: `duration`, then each time `factor` times as long, and
/// `maxDuration` at most.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Backoff {
    /// The first wait, as a duration or in seconds. Example: `5s`. Default: `5s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<String>,

    /// How much longer each wait is. Default: 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor: Option<i64>,

    /// The longest wait, as a duration or in seconds. Default: `3m`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_duration: Option<String>,
}

/// Labels and annotations of a namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct ManagedNamespaceMetadata {
    /// The labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,

    /// The annotations.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}
