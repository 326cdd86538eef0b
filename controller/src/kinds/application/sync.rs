//! A sync as somebody asked for it: which objects it is about, and how it is told.

use api::argo::{
    Application, Operation, OperationPhase, OperationState, SyncOperationResource, SyncResult,
};
use api::condition::whole_seconds;
use api::names::argo;
use jiff::Timestamp;
use pipeline::comparison::{Comparison, InSync};
use pipeline::operation::Results;
use pipeline::stage::{Task, TaskAct, Waves, tasks};
use pipeline::sync::source_of;
use pipeline::unit::{ImmutableChange, PrunePolicy, Unit};

use super::observe::Found;

/// What is said of a sync that somebody stopped.
pub(super) const TERMINATED: &str = "Operation terminated";

/// Returns the value of a sync option, the operation's before the Application's.
pub(super) fn option<'a>(
    app: &'a Application,
    operation: Option<&'a Operation>,
    key: &str,
) -> Option<&'a str> {
    let asked = operation
        .and_then(|operation| operation.sync.as_ref())
        .map(|sync| sync.sync_options.as_slice());
    let own = app
        .spec
        .sync_policy
        .as_ref()
        .map(|policy| policy.sync_options.as_slice());
    [asked, own]
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|option| option.split_once('='))
        .find(|(name, _)| name.trim() == key)
        .map(|(_, value)| value.trim())
}

/// Whether a sync option is `true`.
pub(super) fn is_set(app: &Application, operation: Option<&Operation>, key: &str) -> bool {
    option(app, operation, key) == Some("true")
}

/// Returns how waves are told.
pub(super) fn waves(app: &Application, operation: Option<&Operation>) -> Waves {
    Waves {
        annotation: argo::SYNC_WAVE.to_owned(),
        prune_last: is_set(app, operation, "PruneLast"),
    }
}

/// Returns the unit with what the operation says about pruning, and about objects that have to be
/// made anew.
pub(super) fn unit(app: &Application, unit: &Unit, operation: &Operation) -> Unit {
    let sync = operation.sync.as_ref();
    let prunes = sync.and_then(|sync| sync.prune);
    let strategy = sync.and_then(|sync| sync.sync_strategy.as_ref());
    let how = strategy.and_then(|strategy| strategy.apply.as_ref().or(strategy.hook.as_ref()));
    let forces = how.and_then(|how| how.force) == Some(true);
    Unit {
        immutable: if forces || is_set(app, Some(operation), "Force") {
            ImmutableChange::Recreate
        } else {
            unit.immutable
        },
        prune: if prunes == Some(true) {
            PrunePolicy::Prune
        } else {
            PrunePolicy::Keep
        },
        ..unit.clone()
    }
}

/// Returns what a sync has to do.
pub(super) fn selected(
    app: &Application,
    operation: &Operation,
    found: &Found,
    waves: &Waves,
    comparison: &Comparison,
    results: &Results,
) -> Vec<Task> {
    let mut all = tasks(&found.made.unit, &found.desired, &found.looked.stale, waves);
    let chosen = operation
        .sync
        .as_ref()
        .and_then(|sync| sync.resources.as_deref());
    if let Some(chosen) = chosen {
        all.retain(|task| is_chosen(chosen, task));
    }
    if is_set(app, Some(operation), "ApplyOutOfSyncOnly") {
        // What this sync has brought in line is still a part of it: later waves wait for it.
        all.retain(|task| {
            task.act == TaskAct::Prune || results.has(&task.id) || !is_synced(comparison, task)
        });
    }
    all
}

/// Returns why a sync with `FailOnSharedResource=true` must not begin (G-065).
pub(super) fn shares(
    app: &Application,
    operation: &Operation,
    comparison: &Comparison,
) -> Option<String> {
    let (id, with) = comparison.shared.first()?;
    is_set(app, Some(operation), "FailOnSharedResource")
        .then(|| format!("Shared resource found: {id} is part of application {with}, too"))
}

fn is_synced(comparison: &Comparison, task: &Task) -> bool {
    comparison
        .objects
        .iter()
        .any(|object| object.id == task.id && object.sync == Some(InSync::Synced))
}

fn is_chosen(chosen: &[SyncOperationResource], task: &Task) -> bool {
    let names = |resource: &&SyncOperationResource| {
        resource.group == task.id.group_kind.group
            && resource.kind == task.id.group_kind.kind
            && resource.name == task.id.name
            && resource
                .namespace
                .as_ref()
                .filter(|namespace| !namespace.is_empty())
                .is_none_or(|namespace| Some(namespace) == task.id.namespace.as_ref())
    };
    let is_exclusion = |resource: &&SyncOperationResource| resource.exclude == Some(true);
    if chosen.iter().filter(is_exclusion).any(|it| names(&it)) {
        return false;
    }
    let mut included = chosen.iter().filter(|it| !is_exclusion(it)).peekable();
    included.peek().is_none() || included.any(|it| names(&it))
}

/// Returns the record of a sync that begins.
pub(super) fn begun(
    app: &Application,
    operation: Operation,
    revision: &str,
    now: Timestamp,
) -> OperationState {
    let (source, sources) = source_of(app, &operation);
    let revisions = sources.iter().map(|_| revision.to_owned()).collect();
    OperationState {
        operation,
        phase: OperationPhase::Running,
        message: Some("sync is running".to_owned()),
        sync_result: Some(SyncResult {
            revision: revision.to_owned(),
            revisions,
            source,
            sources,
            ..SyncResult::default()
        }),
        started_at: whole_seconds(now),
        finished_at: None,
        retry_count: None,
    }
}

/// Ends a sync with success.
pub(super) fn succeeded(state: &mut OperationState, message: String, now: Timestamp) {
    state.phase = OperationPhase::Succeeded;
    state.message = Some(message);
    state.finished_at = Some(whole_seconds(now));
}

/// Ends a sync with a failure, or has it tried again later.
pub(super) fn failed(state: &mut OperationState, message: &str, now: Timestamp) {
    let tries = state.retry_count.unwrap_or_default();
    state.finished_at = Some(whole_seconds(now));
    if let Some(wait) = pipeline::sync::retry(&state.operation, tries) {
        let number = tries.saturating_add(1);
        let at = clock_time(now.checked_add(wait).unwrap_or(now));
        state.retry_count = Some(number);
        state.message = Some(format!("{message}. Retrying attempt #{number} at {at}."));
        return;
    }
    state.phase = OperationPhase::Failed;
    state.message = Some(match tries {
        0 => message.to_owned(),
        tries => format!("{message} (retried {tries} times)."),
    });
}

/// Ends a sync that somebody stopped, or that must not begin: it is not tried again (G-118).
pub(super) fn stopped(
    state: &mut OperationState,
    phase: OperationPhase,
    message: &str,
    now: Timestamp,
) {
    state.phase = phase;
    state.message = Some(message.to_owned());
    state.finished_at = Some(whole_seconds(now));
}

/// Writes the time of day as people read it, `3:04PM`.
fn clock_time(at: Timestamp) -> String {
    at.strftime("%-I:%M%p").to_string()
}

/// Whether a sync is of everything, so that it makes history (G-050).
pub(super) fn is_whole(operation: &Operation) -> bool {
    operation
        .sync
        .as_ref()
        .is_some_and(|sync| sync.resources.is_none() && sync.dry_run != Some(true))
}

#[cfg(test)]
mod tests;
