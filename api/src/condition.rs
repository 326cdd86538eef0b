//! Conditions: what a controller says about an object, kept so that times only move on a change.
//!
//! [`Condition`] is the shape of Kubernetes itself, used by the GitOps families. The secret
//! families have shapes of their own ([`StatusCondition`] is the trait they share), and
//! [`set_condition`] works on all of them.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One condition as Kubernetes defines it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// Type of the condition. Example: `Ready`.
    #[serde(rename = "type")]
    #[schemars(length(max = 316))]
    pub kind: String,

    /// Whether the condition holds: `True`, `False` or `Unknown`.
    pub status: ConditionStatus,

    /// `metadata.generation` of the object the condition was derived from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub observed_generation: Option<i64>,

    /// When `status` changed last.
    pub last_transition_time: Time,

    /// Why, in one word. Example: `ReconciliationSucceeded`.
    #[schemars(
        length(min = 1, max = 1024),
        regex(pattern = r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$")
    )]
    pub reason: String,

    /// Why, in a sentence.
    #[schemars(length(max = 32768))]
    pub message: String,
}

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize, JsonSchema)]
pub enum ConditionStatus {
    /// The condition holds.
    True,
    /// The condition does not hold.
    False,
    /// It is not known whether the condition holds.
    Unknown,
}

/// The longest message Kubernetes takes, in characters.
const LONGEST_MESSAGE: usize = 32_768;

impl Condition {
    /// Returns a condition whose status is taken to have changed at `now`.
    ///
    /// A message that is too long for the API server is cut.
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
            observed_generation: None,
            last_transition_time: whole_seconds(now),
            reason: reason.to_owned(),
            message: message.chars().take(LONGEST_MESSAGE).collect(),
        }
    }

    /// Returns the condition, said of the given generation of its object.
    #[must_use]
    pub fn at_generation(mut self, generation: Option<i64>) -> Self {
        self.observed_generation = generation;
        self
    }
}

/// Returns a time as it reads back from the API server, which keeps whole seconds.
pub fn whole_seconds(now: Timestamp) -> Time {
    Time(Timestamp::from_second(now.as_second()).unwrap_or(now))
}

/// What [`set_condition`] needs to know about the shape of a condition.
pub trait StatusCondition {
    /// Returns the type, of which a list holds at most one condition.
    fn kind(&self) -> &str;

    /// Returns whether both conditions say the same, times aside.
    fn says_the_same(&self, other: &Self) -> bool;

    /// Takes over the time of the last transition when the status of both is the same.
    fn keep_transition_time(&mut self, earlier: &Self);
}

impl StatusCondition for Condition {
    fn kind(&self) -> &str {
        &self.kind
    }

    fn says_the_same(&self, other: &Self) -> bool {
        self.status == other.status
            && self.reason == other.reason
            && self.message == other.message
            && self.observed_generation == other.observed_generation
    }

    fn keep_transition_time(&mut self, earlier: &Self) {
        if self.status == earlier.status {
            self.last_transition_time = earlier.last_transition_time.clone();
        }
    }
}

/// Puts a condition into a list in place of the one of its type, and returns whether that changed
/// anything but times.
///
/// `lastTransitionTime` moves only when the status flips. A condition that says what the list
/// already says leaves the list as it is, and a new type goes to the end.
pub fn set_condition<C: StatusCondition>(conditions: &mut Vec<C>, mut wanted: C) -> bool {
    let Some(present) = conditions.iter_mut().find(|c| c.kind() == wanted.kind()) else {
        conditions.push(wanted);
        return true;
    };
    if present.says_the_same(&wanted) {
        return false;
    }
    wanted.keep_transition_time(present);
    *present = wanted;
    true
}

/// Takes the condition of one type out of a list and returns whether it was there.
pub fn remove_condition<C: StatusCondition>(conditions: &mut Vec<C>, kind: &str) -> bool {
    let before = conditions.len();
    conditions.retain(|condition| condition.kind() != kind);
    conditions.len() < before
}

/// Returns the condition of one type.
pub fn find_condition<'a, C: StatusCondition>(conditions: &'a [C], kind: &str) -> Option<&'a C> {
    conditions.iter().find(|condition| condition.kind() == kind)
}

#[cfg(test)]
mod tests;
