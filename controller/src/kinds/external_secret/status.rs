//! What is said about it: the condition `Ready`, times, the binding and events (§7.2, §7.3).

use std::time::Duration;

use api::condition::{ConditionStatus, set_condition, whole_seconds};
use api::external_secrets::{
    Binding, ExternalSecret, ExternalSecretStatus, ExternalSecretsCondition,
};
use api::names::external_secrets::READY;
use jiff::Timestamp;
use kube::ResourceExt;

use super::apply::{Applied, Did, Done};
use super::hash;
use crate::driver::{Note, Report, Severity};
use crate::error::{Category, Chain, Error};

/// Reason of every failure. The message is one of the fixed ones below; the event has the cause.
pub(crate) const SYNC_ERROR: &str = "SecretSyncedError";

pub(super) const COULD_NOT_FETCH: &str = "could not get secret data from provider";
pub(super) const COULD_NOT_DELETE: &str = "could not delete secret";
pub(super) const COULD_NOT_DELETE_ORPHANS: &str = "could not delete orphaned secrets";
pub(super) const COULD_NOT_UPDATE: &str = "could not update secret";
pub(super) const IMMUTABLE: &str = "could not update secret, target is immutable";
pub(super) const NOT_OWNER: &str = "failed to take ownership of target secret";
pub(super) const OWNED_BY_ANOTHER: &str = "target is owned by another ExternalSecret";

/// How soon a value that no Secret can hold is looked at again: it is mended at the provider, which
/// tells nobody.
const UNFIT_AGAIN: Duration = Duration::from_mins(1);

/// What a successful sync came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Synced {
    /// The Secret is as the store has it.
    Secret,
    /// The store has nothing, and the Secret stays.
    Retained,
    /// The store has nothing, and the Secret is gone.
    Deleted,
    /// There is no Secret to merge into.
    Missing,
}

impl Synced {
    fn reason(self) -> &'static str {
        match self {
            Self::Secret | Self::Retained => "SecretSynced",
            Self::Deleted => "SecretDeleted",
            Self::Missing => "SecretMissing",
        }
    }

    fn message(self) -> &'static str {
        match self {
            Self::Secret => "secret synced",
            Self::Retained => "secret retained due to DeletionPolicy=Retain",
            Self::Deleted => DELETED,
            Self::Missing => "secret will not be created due to CreationPolicy=Merge",
        }
    }
}

/// Message of a deletion, in the condition and in the event.
const DELETED: &str = "secret deleted due to DeletionPolicy=Delete";

/// Says what came of it. What was left alone, or written by somebody else at the same moment, says
/// nothing new.
pub(super) fn status(
    object: &ExternalSecret,
    outcome: &Result<Applied, Error>,
    now: Timestamp,
) -> ExternalSecretStatus {
    let mut status = object.status.clone().unwrap_or_default();
    let condition = match outcome {
        Ok(Applied::LeftAlone { .. }) => return status,
        Err(error) if error.category() == Category::Conflict => return status,
        Ok(Applied::Done(done)) => {
            status.refresh_time = Some(whole_seconds(done.started));
            status.synced_resource_version = Some(hash::version(
                object.metadata.generation.unwrap_or_default(),
                object.annotations(),
                object.labels(),
            ));
            if let Some(name) = &done.binding {
                status.binding = Some(Binding { name: name.clone() });
            }
            let (reason, message) = (done.synced.reason(), done.synced.message());
            ExternalSecretsCondition::new(READY, ConditionStatus::True, reason, message, now)
        }
        // Times stay as they are, so that the next try is due.
        Err(error) => {
            let message = error.to_string();
            ExternalSecretsCondition::new(READY, ConditionStatus::False, SYNC_ERROR, &message, now)
        }
    };
    set_condition(&mut status.conditions, condition);
    status
}

/// Says when to look again and what happened.
pub(super) fn report(_object: &ExternalSecret, outcome: &Result<Applied, Error>) -> Report {
    match outcome {
        Ok(Applied::LeftAlone { again }) => Report {
            again: *again,
            notes: Vec::new(),
        },
        Ok(Applied::Done(done)) => Report {
            again: done.again,
            notes: notes(done),
        },
        Err(error) if error.category() == Category::Conflict => Report::default(),
        Err(error) => Report {
            again: is_unfit(error).then_some(UNFIT_AGAIN),
            notes: vec![Note {
                severity: Severity::Warning,
                reason: "UpdateFailed".to_owned(),
                message: cause(error),
            }],
        },
    }
}

/// Whether the values are at fault and not the object: an edit of the object is not the only help.
fn is_unfit(error: &Error) -> bool {
    error.category() == Category::Invalid && error.to_string() == COULD_NOT_FETCH
}

/// The condition has the fixed text; the event tells what lies behind it.
fn cause(error: &Error) -> String {
    std::error::Error::source(error)
        .map_or_else(|| error.to_string(), |cause| Chain(cause).to_string())
}

fn notes(done: &Done) -> Vec<Note> {
    let note = |reason: &str, message: &str| Note {
        severity: Severity::Normal,
        reason: reason.to_owned(),
        message: message.to_owned(),
    };
    let mut notes: Vec<Note> = done
        .missing
        .iter()
        .map(|message| note("MissingProviderSecret", message))
        .collect();
    if done.orphans > 0 {
        notes.push(note("Deleted", "secret deleted because it was orphaned"));
    }
    match done.did {
        Did::Nothing => {}
        Did::Created => notes.push(note("Created", "secret created")),
        Did::Updated => notes.push(note("Updated", "secret updated")),
        Did::Deleted => notes.push(note("Deleted", DELETED)),
    }
    notes
}

#[cfg(test)]
mod tests;
