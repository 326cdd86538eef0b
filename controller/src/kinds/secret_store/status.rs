//! What is said about a store: the condition `Ready`, its capabilities and events.

use api::condition::{ConditionStatus, find_condition, set_condition};
use api::external_secrets::{ExternalSecretsCondition, SecretStoreCapabilities, SecretStoreStatus};
use api::names::external_secrets::READY;
use jiff::Timestamp;
use providers::{Capabilities, Validation};

use super::observe::Checked;
use crate::driver::{Note, Report, Severity};
use crate::error::{Chain, Error};
use crate::stores::{INVALID_PROVIDER_CONFIG, StoreObject};

/// Reason of a store that works.
const VALID: &str = "Valid";
/// Its message, in the condition and in the event.
const VALIDATED: &str = "store validated";
/// Reason of a store of which asking says nothing.
const VALIDATION_UNKNOWN: &str = "ValidationUnknown";

/// Says what came of it. A store of another class keeps the status its controller gave it.
pub(super) fn status(
    object: &impl StoreObject,
    outcome: &Result<Checked, Error>,
    now: Timestamp,
) -> SecretStoreStatus {
    let mut status = object.status().cloned().unwrap_or_default();
    let (state, reason, message) = match outcome {
        Ok(Checked::Foreign) => return status,
        Ok(Checked::Here { validation, .. }) => match validation {
            Validation::Ready | Validation::Unknown => {
                (ConditionStatus::True, VALID, VALIDATED.to_owned())
            }
            Validation::Undetermined(_) => (
                ConditionStatus::True,
                VALIDATION_UNKNOWN,
                "could not determine validation status".to_owned(),
            ),
        },
        Err(error) => (
            ConditionStatus::False,
            INVALID_PROVIDER_CONFIG,
            error.to_string(),
        ),
    };
    set_condition(
        &mut status.conditions,
        ExternalSecretsCondition::new(READY, state, reason, &message, now),
    );
    if let Ok(Checked::Here { capabilities, .. }) = outcome {
        status.capabilities = Some(match capabilities {
            Capabilities::ReadOnly => SecretStoreCapabilities::ReadOnly,
            Capabilities::WriteOnly => SecretStoreCapabilities::WriteOnly,
            Capabilities::ReadWrite => SecretStoreCapabilities::ReadWrite,
        });
    }
    status
}

/// Says when to check again, and what happened; that all is well is told when it was not before.
pub(super) fn report(object: &impl StoreObject, outcome: &Result<Checked, Error>) -> Report {
    let (again, note) = match outcome {
        Ok(Checked::Foreign) => return Report::default(),
        Ok(Checked::Here {
            validation, again, ..
        }) => {
            let note = match validation {
                Validation::Ready | Validation::Unknown => {
                    (!is_valid(object)).then(|| (Severity::Normal, VALID, VALIDATED.to_owned()))
                }
                Validation::Undetermined(text) => {
                    Some((Severity::Warning, VALIDATION_UNKNOWN, text.clone()))
                }
            };
            (Some(*again), note)
        }
        Err(error) => {
            let text = std::error::Error::source(error)
                .map_or_else(|| error.to_string(), |cause| Chain(cause).to_string());
            (
                None,
                Some((Severity::Warning, INVALID_PROVIDER_CONFIG, text)),
            )
        }
    };
    let notes = note.into_iter().map(|(severity, reason, message)| Note {
        severity,
        reason: reason.to_owned(),
        message,
    });
    Report {
        again,
        notes: notes.collect(),
    }
}

fn is_valid(object: &impl StoreObject) -> bool {
    object.status().is_some_and(|status| {
        find_condition(&status.conditions, READY)
            .is_some_and(|condition| condition.reason.as_deref() == Some(VALID))
    })
}

#[cfg(test)]
mod tests;
