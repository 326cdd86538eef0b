//! The shape of conditions in this group.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::condition::{ConditionStatus, StatusCondition, whole_seconds};

/// One condition of an `ExternalSecret` or a store.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExternalSecretsCondition {
    /// Type of the condition: `Ready`.
    #[serde(rename = "type")]
    pub kind: String,

    /// `True`, `False` or `Unknown`.
    #[schemars(with = "String")]
    pub status: ConditionStatus,

    /// Why, in one word. Example: `SecretSynced`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,

    /// Why, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,

    /// When `status` changed last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_transition_time: Option<Time>,
}

impl ExternalSecretsCondition {
    /// Returns a condition whose status is taken to have changed at `now`.
    pub fn new(
        kind: &str,
        status: ConditionStatus,
        reason: &str,
        message: &str,
        now: Timestamp,
    ) -> Self {
        Self {
            kind: kind.to_owned(),
            status,
            reason: Some(reason.to_owned()),
            message: Some(message.to_owned()),
            last_transition_time: Some(whole_seconds(now)),
        }
    }
}

impl StatusCondition for ExternalSecretsCondition {
    fn kind(&self) -> &str {
        &self.kind
    }

    fn says_the_same(&self, other: &Self) -> bool {
        self.status == other.status && self.reason == other.reason && self.message == other.message
    }

    fn keep_transition_time(&mut self, earlier: &Self) {
        if self.status == earlier.status {
            self.last_transition_time
                .clone_from(&earlier.last_transition_time);
        }
    }
}
