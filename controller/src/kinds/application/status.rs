//! What is said about it (G-117, G-120).

use std::time::Duration;

use api::argo::{
    Application, ApplicationCondition, ApplicationStatus, ApplicationSummary, ComparedTo,
    HealthCode, HealthStatus, OperationPhase, OperationState, RevisionHistory, SyncCode,
    SyncStatus,
};
use api::condition::{set_condition, whole_seconds};
use api::names::argo;
use jiff::Timestamp;
use kube::ResourceExt;
use pipeline::sync::with_source_of_sync;
use serde_json::{Value, json};

use super::apply::Applied;
use super::{record, sync};
use crate::driver::{Note, Report, Severity};
use crate::error::{Category, Chain, Error};

/// How many entries the history keeps unless it is told otherwise.
const HISTORY: usize = 10;
/// How soon health is looked at again: at once at first, later not so often.
const NEXT_HEALTH: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// How soon an Application is looked at again that is not valid itself: an edit wakes it.
const NEXT_LOOK: Duration = Duration::from_mins(2);

/// Says what came of it.
pub(super) fn status(
    object: &Application,
    outcome: &Result<Applied, Error>,
    now: Timestamp,
) -> ApplicationStatus {
    let held = object.status.clone().unwrap_or_default();
    let mut status = held.clone();
    match outcome {
        Ok(applied) => compared(&mut status, object, applied, now),
        Err(error) => failed(&mut status, object, error, now),
    }
    // A look at which nothing new was seen is not worth a write.
    let asked = object.annotations().contains_key(argo::REFRESH);
    if asked || held != status || held.reconciled_at.is_none() {
        let began = outcome.as_ref().map_or(now, |applied| applied.began);
        status.reconciled_at = Some(whole_seconds(began));
    }
    status
}

fn compared(
    status: &mut ApplicationStatus,
    object: &Application,
    applied: &Applied,
    now: Timestamp,
) {
    let comparison = &applied.comparison;
    let seen = with_source_of_sync(object);
    status.resources = record::resources(comparison);
    status.sync = Some(SyncStatus {
        status: record::code(comparison.sync),
        compared_to: Some(ComparedTo {
            source: seen.spec.source,
            sources: seen.spec.sources,
            destination: object.spec.destination.clone(),
            ignore_differences: object.spec.ignore_differences.clone(),
        }),
        revision: Some(applied.revision.clone()),
        ..SyncStatus::default()
    });
    let health = record::health(comparison.health);
    set_health(status, health, &comparison.health_message, now);
    status.source_type = Some(applied.source_type.clone());
    status.controller_namespace = object.namespace();
    let is_app = |resource: &api::argo::ResourceStatus| {
        resource.group == "argoproj.io" && resource.kind == "Application"
    };
    status.summary = Some(ApplicationSummary {
        images: comparison.images.iter().cloned().collect(),
        is_app_of_apps: status.resources.iter().any(is_app).then_some(true),
        ..ApplicationSummary::default()
    });
    if let Some(state) = &applied.operation {
        if state.phase == OperationPhase::Succeeded && sync::is_whole(&state.operation) {
            remember(status, object, state);
        }
        status.operation_state = Some(state.clone());
    }
    let conditions = applied.conditions.iter();
    set_conditions(
        status,
        conditions.map(|(kind, text)| ApplicationCondition::new(kind, text, now)),
    );
}

fn failed(status: &mut ApplicationStatus, object: &Application, error: &Error, now: Timestamp) {
    let kind = match error.reason() {
        argo::INVALID_SPEC_ERROR => argo::INVALID_SPEC_ERROR,
        _ => argo::COMPARISON_ERROR,
    };
    let text = Chain(error).to_string();
    set_conditions(
        status,
        std::iter::once(ApplicationCondition::new(kind, &text, now)),
    );
    // Of a server that does not answer nothing new is known (G-125).
    let is_lasting = !matches!(error.category(), Category::Unavailable | Category::Conflict);
    if is_lasting || status.sync.is_none() {
        let sync = status.sync.get_or_insert_default();
        sync.status = SyncCode::Unknown;
    }
    if kind == argo::INVALID_SPEC_ERROR || status.health.is_none() {
        set_health(status, HealthCode::Unknown, "", now);
    }
    if let Some(state) = &mut status.operation_state
        && state.phase == OperationPhase::Terminating
    {
        sync::stopped(state, OperationPhase::Failed, sync::TERMINATED, now);
    }
    if error.category() == Category::Invalid {
        end(status, object, &text, now);
    }
}

/// A sync that cannot go on until somebody edits something has ended.
fn end(status: &mut ApplicationStatus, object: &Application, text: &str, now: Timestamp) {
    if status.operation_state.is_none()
        && let Some(operation) = &object.operation
    {
        status.operation_state = Some(sync::begun(object, operation.clone(), "", now));
    }
    if let Some(state) = &mut status.operation_state
        && (state.phase == OperationPhase::Running || object.operation.is_some())
    {
        if let Some(operation) = &object.operation {
            *state = sync::begun(object, operation.clone(), "", now);
        }
        sync::stopped(state, OperationPhase::Error, text, now);
    }
}

/// The time is when the health changed, not when it was looked at.
fn set_health(status: &mut ApplicationStatus, code: HealthCode, message: &str, now: Timestamp) {
    let since = status
        .health
        .as_ref()
        .filter(|health| health.status == code)
        .and_then(|health| health.last_transition_time.clone());
    status.health = Some(HealthStatus {
        status: code,
        message: Some(message.to_owned()).filter(|text| !text.is_empty()),
        last_transition_time: Some(since.unwrap_or_else(|| whole_seconds(now))),
    });
}

/// Those that say what they said before keep their times; what is not said any more goes.
fn set_conditions(
    status: &mut ApplicationStatus,
    wanted: impl Iterator<Item = ApplicationCondition>,
) {
    let wanted: Vec<ApplicationCondition> = wanted.collect();
    status
        .conditions
        .retain(|held| wanted.iter().any(|condition| condition.kind == held.kind));
    for condition in wanted {
        set_condition(&mut status.conditions, condition);
    }
}

/// Adds a whole sync that succeeded.
fn remember(status: &mut ApplicationStatus, object: &Application, state: &OperationState) {
    let limit = match object.spec.revision_history_limit {
        Some(limit) => usize::try_from(limit).unwrap_or_default(),
        None => HISTORY,
    };
    let Some(finished) = &state.finished_at else {
        return;
    };
    let next = status
        .history
        .last()
        .map_or(0, |last| last.id.saturating_add(1));
    let result = state.sync_result.as_ref();
    status.history.push(RevisionHistory {
        id: next,
        revision: result.map(|result| result.revision.clone()),
        revisions: result.map_or_else(Vec::new, |result| result.revisions.clone()),
        source: result.and_then(|result| result.source.clone()),
        sources: result.map_or_else(Vec::new, |result| result.sources.clone()),
        deploy_started_at: Some(state.started_at.clone()),
        deployed_at: finished.clone(),
        initiated_by: state.operation.initiated_by.clone(),
    });
    let extra = status.history.len().saturating_sub(limit);
    status.history.drain(..extra);
}

/// Takes off the requests that were handled (G-123). That for a sync was taken off when it began,
/// unless it could not begin at all.
pub(super) fn handled(object: &Application, outcome: &Result<Applied, Error>) -> Option<Value> {
    let mut patch = serde_json::Map::new();
    let mut metadata = serde_json::Map::new();
    if object.annotations().contains_key(argo::REFRESH) {
        let off = json!({argo::REFRESH: null});
        metadata.insert("annotations".to_owned(), off);
    }
    let is_lasting = outcome
        .as_ref()
        .err()
        .is_some_and(|error| error.category() == Category::Invalid);
    if is_lasting && object.operation.is_some() {
        patch.insert("operation".to_owned(), Value::Null);
        // Another request that somebody put there meanwhile is not taken off unseen.
        let seen = json!(object.resource_version());
        metadata.insert("resourceVersion".to_owned(), seen);
    }
    if !metadata.is_empty() {
        patch.insert("metadata".to_owned(), Value::Object(metadata));
    }
    (!patch.is_empty()).then_some(Value::Object(patch))
}

/// Says when to look again, and what happened.
pub(super) fn report(object: &Application, outcome: &Result<Applied, Error>) -> Report {
    match outcome {
        Ok(applied) => Report {
            again: Some(next(object, applied)),
            notes: applied.notes.clone(),
        },
        Err(error) => Report {
            again: mended_elsewhere(error),
            notes: failure(object, error),
        },
    }
}

/// Nobody wakes an Application when a commit mends what it could not apply.
fn mended_elsewhere(error: &Error) -> Option<Duration> {
    let interval = error.again().unwrap_or(NEXT_LOOK);
    (error.category() == Category::Invalid).then(|| interval.mul_f64(rand::random_range(1.0..1.4)))
}

/// What is on its way is looked at often, everything else when the repository is asked again.
fn next(object: &Application, applied: &Applied) -> Duration {
    let interval = applied.interval.mul_f64(rand::random_range(1.0..1.4));
    let due = applied.again.unwrap_or(interval);
    let health = record::health(applied.comparison.health);
    if health == HealthCode::Healthy || health == HealthCode::Suspended {
        return due.min(interval);
    }
    let held = object
        .status
        .as_ref()
        .and_then(|status| status.health.as_ref());
    let since = held
        .filter(|held| held.status == health)
        .and_then(|held| held.last_transition_time.as_ref());
    let age = since.map_or(Duration::ZERO, |since| {
        Duration::try_from(applied.began.duration_since(since.0)).unwrap_or_default()
    });
    let (soonest, latest) = NEXT_HEALTH;
    due.min(interval).min((age / 4).clamp(soonest, latest))
}

/// A failure is told when it is new; the same one again is not.
fn failure(object: &Application, error: &Error) -> Vec<Note> {
    let message = Chain(error).to_string();
    let is_known = object.status.as_ref().is_some_and(|status| {
        let mut conditions = status.conditions.iter();
        conditions.any(|condition| condition.message == message)
    });
    if is_known {
        return Vec::new();
    }
    vec![Note {
        severity: Severity::Warning,
        reason: error.reason().to_owned(),
        message,
    }]
}

#[cfg(test)]
mod tests;
