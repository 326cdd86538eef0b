//! What is said about it: the condition `Synced`, always the first, and events.

use std::time::Duration;

use api::bitnami::{SealedSecret, SealedSecretCondition, SealedSecretStatus};
use api::condition::{ConditionStatus, set_condition};
use api::names::sealed_secrets::SYNCED;
use jiff::Timestamp;

use super::apply::Applied;
use super::parse::UNSEAL_FAILED;
use crate::driver::{Note, Report, Severity};
use crate::error::{Chain, Error};

/// Reason of a Secret that could not be written.
pub(super) const UPDATE_FAILED: &str = "ErrUpdateFailed";
/// Metric reason, and ours inside, of a Secret that is somebody else's.
pub(super) const UNMANAGED: &str = "unmanaged";

/// How soon items that no key opens are tried again, if no key appears before.
const TRY_AGAIN: Duration = Duration::from_mins(5);

/// Says what came of it.
pub(super) fn status(
    object: &SealedSecret,
    outcome: &Result<Applied, Error>,
    now: Timestamp,
) -> SealedSecretStatus {
    let mut status = object.status.clone().unwrap_or_default();
    status.observed_generation = object.metadata.generation;
    let (state, message) = match outcome {
        Ok(_) => (ConditionStatus::True, String::new()),
        Err(error) => (ConditionStatus::False, Chain(error).to_string()),
    };
    set_condition(
        &mut status.conditions,
        SealedSecretCondition::new(SYNCED, state, &message, now),
    );
    status
        .conditions
        .sort_by_key(|condition| condition.kind != SYNCED);
    status
}

/// Says what happened in the words dashboards know.
pub(super) fn report(object: &SealedSecret, outcome: &Result<Applied, Error>) -> Report {
    let is_first = object.status.is_none();
    let note = match outcome {
        Ok(Applied::Unchanged) if !is_first => None,
        Ok(_) => Some((
            Severity::Normal,
            "Unsealed",
            "SealedSecret unsealed successfully".to_owned(),
        )),
        Err(error) => {
            let text = Chain(error).to_string();
            Some(match error.reason() {
                UNSEAL_FAILED => (
                    Severity::Warning,
                    UNSEAL_FAILED,
                    format!("Failed to unseal: {text}"),
                ),
                UNMANAGED => {
                    let text = text
                        .strip_prefix("failed update: ")
                        .unwrap_or(&text)
                        .to_owned();
                    (Severity::Warning, UPDATE_FAILED, text)
                }
                _ => (Severity::Warning, UPDATE_FAILED, text),
            })
        }
    };
    let notes = note
        .into_iter()
        .map(|(severity, reason, message)| Note {
            severity,
            reason: reason.to_owned(),
            message,
        })
        .collect();
    // Other failures come back as their category says; this one mostly waits for a key.
    let is_sealed = outcome
        .as_ref()
        .err()
        .is_some_and(|error| error.reason() == UNSEAL_FAILED);
    Report {
        again: is_sealed.then_some(TRY_AGAIN),
        notes,
    }
}

#[cfg(test)]
mod tests;
