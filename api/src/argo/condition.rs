//! What is wrong with an `Application`, or worth a look.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::condition::{StatusCondition, whole_seconds};

/// Something that is wrong with an `Application`, or worth a look. There is none when all is well.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationCondition {
    /// What kind of thing. Types that end in `Error` are errors. Example: `ComparisonError`.
    #[serde(rename = "type")]
    pub kind: String,

    /// What exactly.
    pub message: String,

    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_transition_time: Option<Time>,
}

impl ApplicationCondition {
    /// Returns a condition that is so since `now`.
    pub fn new(kind: &str, message: impl Into<String>, now: Timestamp) -> Self {
        Self {
            kind: kind.to_owned(),
            message: message.into(),
            last_transition_time: Some(whole_seconds(now)),
        }
    }

    /// Returns whether it is an error, which keeps automated syncs from starting.
    pub fn is_error(&self) -> bool {
        self.kind.ends_with("Error")
    }
}

/// A condition is there or it is not: another message is another occurrence.
impl StatusCondition for ApplicationCondition {
    fn kind(&self) -> &str {
        &self.kind
    }

    fn says_the_same(&self, other: &Self) -> bool {
        self.message == other.message
    }

    fn keep_transition_time(&mut self, _: &Self) {}
}
