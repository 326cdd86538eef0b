//! What is said about it (G-188, G-211).

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use api::FieldModel;
use api::condition::{
    Condition, ConditionStatus, find_condition, remove_condition, set_condition, whole_seconds,
};
use api::kustomize::{HistoryEntry, Kustomization, KustomizationStatus};
use api::names::flux;
use jiff::Timestamp;
use kube::ResourceExt;

use super::apply::{Applied, to_status};
use crate::driver::{Note, Report, Severity};
use crate::engine::{Ended, Notice, Progress, State, Topic, gathered, seconds, waits};
use crate::error::{Category, Chain, Error};

/// Reason of a condition while something is waited for.
pub(super) const PROGRESSING: &str = "Progressing";
const SUCCEEDED: &str = "ReconciliationSucceeded";
const UNSUPPORTED: &str = "UnsupportedField";

/// How many entries the history keeps.
const HISTORY: usize = 5;

/// Says what came of it.
pub(super) fn status(
    object: &Kustomization,
    outcome: &Result<Applied, Error>,
    now: Timestamp,
) -> KustomizationStatus {
    let mut status = object.status.clone().unwrap_or_default();
    status.observed_generation = object.metadata.generation;
    if let Some(requested) = object.annotations().get(flux::REQUESTED_AT) {
        status.last_handled_reconcile_at = Some(requested.clone());
    }
    let mut say = Say {
        conditions: &mut status.conditions,
        object,
        now,
    };
    say.unsupported();
    match outcome {
        Err(error) => say.failed(error),
        Ok(applied) => {
            say.notices(&applied.notices);
            let revision = applied.revision.to_string();
            match &applied.progress {
                Err(error) => say.failed(error),
                Ok(progress) => {
                    say.progress(&revision, progress);
                    status.inventory = Some(to_status(&progress.inventory));
                    if let State::Ready { .. } = progress.state {
                        status.last_applied_revision = Some(revision.clone());
                    }
                    remember(&mut status, applied, progress, now);
                }
            }
            status.last_attempted_revision = Some(revision);
        }
    }
    status
}

struct Say<'a> {
    conditions: &'a mut Vec<Condition>,
    object: &'a Kustomization,
    now: Timestamp,
}

impl Say<'_> {
    fn set(&mut self, kind: &str, status: ConditionStatus, reason: &str, message: &str) {
        let condition = Condition::new(kind, status, reason, message, self.now)
            .at_generation(self.object.metadata.generation);
        set_condition(self.conditions, condition);
    }

    fn progress(&mut self, revision: &str, progress: &Progress) {
        match &progress.state {
            State::Ready { checked } => {
                let message = ready_message(revision, progress);
                self.set(flux::READY, ConditionStatus::True, SUCCEEDED, &message);
                match checked {
                    Some(_) => {
                        // The time it took would change the condition at every look.
                        let message = "Health check passed";
                        self.set(flux::HEALTHY, ConditionStatus::True, "Succeeded", message);
                    }
                    None => {
                        remove_condition(self.conditions, flux::HEALTHY);
                    }
                }
                remove_condition(self.conditions, flux::RECONCILING);
                remove_condition(self.conditions, flux::STALLED);
            }
            State::Waiting { pending, .. } => {
                let message = format!(
                    "Running health checks for revision {revision}: waiting for {}",
                    pipeline::health::list(pending)
                );
                self.waits(revision, &message);
            }
            State::Held { held, .. } => self.waits(revision, &waits(held)),
            State::Failed { at, error } => {
                self.failed(error);
                if *at == Ended::Health {
                    let message = Chain(error).to_string();
                    self.set(
                        flux::HEALTHY,
                        ConditionStatus::False,
                        error.reason(),
                        &message,
                    );
                }
            }
        }
    }

    fn waits(&mut self, revision: &str, message: &str) {
        if !self.goes_on_waiting(revision) {
            // Its time says since when is waited, and it would keep that of what was said before, a
            // failure's for one.
            remove_condition(self.conditions, flux::RECONCILING);
        }
        self.set(flux::READY, ConditionStatus::Unknown, PROGRESSING, message);
        self.set(
            flux::RECONCILING,
            ConditionStatus::True,
            PROGRESSING,
            message,
        );
        remove_condition(self.conditions, flux::STALLED);
    }

    /// Whether the very revision and generation was waited for at the last look.
    fn goes_on_waiting(&self, revision: &str) -> bool {
        super::parse::waiting(self.object).is_some_and(|(waited_for, _)| waited_for == revision)
    }

    fn failed(&mut self, error: &Error) {
        let message = Chain(error).to_string();
        self.set(
            flux::READY,
            ConditionStatus::False,
            error.reason(),
            &message,
        );
        if error.category() == Category::Invalid && error.reason() == UNSUPPORTED {
            self.set(
                flux::STALLED,
                ConditionStatus::True,
                error.reason(),
                &message,
            );
            remove_condition(self.conditions, flux::RECONCILING);
        } else {
            self.set(
                flux::RECONCILING,
                ConditionStatus::True,
                "ProgressingWithRetry",
                &message,
            );
            remove_condition(self.conditions, flux::STALLED);
        }
    }

    /// Fields that are kept but not acted upon are named, once.
    fn unsupported(&mut self) {
        static FIELDS: LazyLock<FieldModel> = LazyLock::new(FieldModel::of::<Kustomization>);
        let spec = serde_json::to_value(&self.object.spec).unwrap_or_default();
        let paths = FIELDS.unmodelled(&spec);
        if paths.is_empty() {
            remove_condition(self.conditions, UNSUPPORTED);
        } else {
            let message = format!("not supported and without effect: {}", paths.join(", "));
            self.set(UNSUPPORTED, ConditionStatus::True, UNSUPPORTED, &message);
        }
    }

    /// What a build went on with all the same shows in a condition of its own.
    fn notices(&mut self, notices: &[Notice]) {
        for topic in Topic::ALL {
            let kind = topic.condition();
            match gathered(notices, topic) {
                Some(message) => self.set(kind, ConditionStatus::True, kind, &message),
                None => {
                    remove_condition(self.conditions, kind);
                }
            }
        }
    }
}

/// Says what was applied, and which Secrets its workloads will miss.
fn ready_message(revision: &str, progress: &Progress) -> String {
    match progress.lacks() {
        Some(lacks) => format!("Applied revision: {revision}; {lacks}"),
        None => format!("Applied revision: {revision}"),
    }
}

/// Adds to the history when there is something new to tell; a repeat of the newest entry is not,
/// so that a steady state writes nothing.
fn remember(
    status: &mut KustomizationStatus,
    applied: &Applied,
    progress: &Progress,
    now: Timestamp,
) {
    let word = match &progress.state {
        State::Ready { .. } => SUCCEEDED,
        State::Waiting { .. } | State::Held { .. } => return,
        State::Failed { error, .. } => error.reason(),
    };
    let revision = applied.revision.to_string();
    let is_repeat = status.history.first().is_some_and(|newest| {
        newest.last_reconciled_status == word && newest.metadata.get("revision") == Some(&revision)
    });
    if is_repeat && progress.changes.is_empty() {
        return;
    }
    let at = whole_seconds(now);
    let took = i64::try_from(applied.took.as_nanos()).unwrap_or(i64::MAX);
    let earlier = status
        .history
        .iter()
        .position(|entry| {
            entry.last_reconciled_status == word
                && entry.metadata.get("revision") == Some(&revision)
        })
        .map(|index| status.history.remove(index));
    let entry = HistoryEntry {
        digest: applied.revision.id().to_owned(),
        first_reconciled: earlier
            .as_ref()
            .map_or_else(|| at.clone(), |entry| entry.first_reconciled.clone()),
        last_reconciled: at,
        last_reconciled_duration: api::GoDuration::from_nanoseconds(took),
        last_reconciled_status: word.to_owned(),
        total_reconciliations: earlier.map_or(0, |entry| entry.total_reconciliations) + 1,
        metadata: BTreeMap::from([("revision".to_owned(), revision)]),
    };
    status.history.insert(0, entry);
    status.history.truncate(HISTORY);
}

/// Says when to look again, and what changed.
pub(super) fn report(object: &Kustomization, outcome: &Result<Applied, Error>) -> Report {
    let interval = object.spec.interval.positive();
    let retry = object
        .spec
        .retry_interval
        .and_then(api::GoDuration::positive)
        .or(interval);
    let applied = match outcome {
        Ok(applied) => applied,
        Err(error) => {
            return Report {
                again: retry_after(error, retry),
                notes: failure(object, error),
            };
        }
    };
    let mut notes = noticed(object, &applied.notices);
    let progress = match &applied.progress {
        Ok(progress) => progress,
        Err(error) => {
            notes.extend(failure(object, error));
            return Report {
                again: retry_after(error, retry),
                notes,
            };
        }
    };
    if !progress.changes.is_empty() {
        let lines: Vec<String> = progress.changes.iter().map(ToString::to_string).collect();
        notes.push(note(Severity::Normal, PROGRESSING, lines.join("\n")));
    }
    match &progress.state {
        State::Ready { .. } => {
            let next = interval.map(crate::kinds::with_jitter);
            let was_ready = is_ready(object);
            if !progress.changes.is_empty() || !was_ready {
                let next = seconds(interval.unwrap_or_default());
                let took = seconds(applied.took);
                let message = format!("Reconciliation finished in {took}, next run in {next}");
                notes.push(note(Severity::Normal, SUCCEEDED, message));
            }
            Report { again: next, notes }
        }
        State::Waiting { again, .. } | State::Held { again, .. } => Report {
            again: Some(*again),
            notes,
        },
        State::Failed { error, .. } => {
            notes.extend(failure(object, error));
            Report {
                again: retry_after(error, retry),
                notes,
            }
        }
    }
}

fn retry_after(error: &Error, retry: Option<Duration>) -> Option<Duration> {
    match error.reason() {
        "DependencyNotReady" => Some(super::observe::REQUEUE_DEPENDENCY),
        UNSUPPORTED => None,
        _ => retry,
    }
}

/// Notices are told when they are new; their condition goes on saying them.
fn noticed(object: &Kustomization, notices: &[Notice]) -> Vec<Note> {
    let conditions = object.status.as_ref().map(|status| &status.conditions);
    let is_known = |kind: &str, message: &str| {
        conditions
            .and_then(|conditions| find_condition(conditions, kind))
            .is_some_and(|condition| condition.message == message)
    };
    Topic::ALL
        .into_iter()
        .filter_map(|topic| Some((topic.condition(), gathered(notices, topic)?)))
        .filter(|(kind, message)| !is_known(kind, message))
        .map(|(kind, message)| note(Severity::Warning, kind, message))
        .collect()
}

/// A failure is told when it is new; the same one again is not.
fn failure(object: &Kustomization, error: &Error) -> Vec<Note> {
    let message = Chain(error).to_string();
    let is_known = object.status.as_ref().is_some_and(|status| {
        find_condition(&status.conditions, flux::READY)
            .is_some_and(|ready| ready.reason == error.reason() && ready.message == message)
    });
    if is_known {
        return Vec::new();
    }
    vec![note(Severity::Warning, error.reason(), message)]
}

fn is_ready(object: &Kustomization) -> bool {
    object.status.as_ref().is_some_and(|status| {
        find_condition(&status.conditions, flux::READY)
            .is_some_and(|ready| ready.status == ConditionStatus::True)
    })
}

fn note(severity: Severity, reason: &str, message: String) -> Note {
    Note {
        severity,
        reason: reason.to_owned(),
        message,
    }
}

#[cfg(test)]
mod tests;
