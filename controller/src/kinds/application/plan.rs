//! Whether something is to be synced, and what.

use std::time::Duration;

use api::argo::{Application, Operation, OperationPhase, OperationState};
use api::condition::whole_seconds;
use jiff::Timestamp;
use pipeline::comparison::{Comparing, Comparison, compare};
use pipeline::stage::Waves;
use pipeline::sync::{Decide, Decision, decide, refusal};

use super::observe::Found;
use super::parse::Wanted;
use super::{record, sync};

/// What is there, how it stands, and what comes next.
pub(crate) struct Plan {
    pub(super) app: Application,
    pub(super) found: Found,
    pub(super) waves: Waves,
    pub(super) comparison: Comparison,
    pub(super) next: Next,
    /// Whether something else was looked at than what the object says itself.
    pub(super) is_elsewhere: bool,
}

/// What comes next.
#[derive(Debug)]
pub(crate) enum Next {
    /// Everything is as it is to be, or nobody asked.
    Nothing,
    /// A sync would be needed and does not start.
    Blocked(String),
    /// A sync is due later.
    Later(Duration),
    /// A sync begins.
    Begin(Box<Operation>),
    /// A sync was asked for that does not begin.
    Refuse(Box<Operation>, String),
    /// The sync on its way was stopped.
    Stop(Box<OperationState>),
    /// The sync on its way goes on.
    Continue(Box<OperationState>),
}

/// Compares and decides.
pub(super) fn plan(wanted: &Wanted, found: Found, now: Timestamp) -> Plan {
    let app = &wanted.app;
    let running = wanted.running();
    let operation = running
        .map(|state| &state.operation)
        .or(app.operation.as_ref());
    let waves = sync::waves(app, operation);
    let comparison = compared(&found, &waves, now);
    let itself = || automated(app, &found, &comparison, now);
    let next = next(wanted, itself, found.is_freed, now);
    Plan {
        app: app.clone(),
        found,
        waves,
        comparison,
        next,
        is_elsewhere: wanted.is_elsewhere,
    }
}

/// Decides what comes next; what an Application does by itself comes last.
fn next(wanted: &Wanted, itself: impl FnOnce() -> Next, is_freed: bool, now: Timestamp) -> Next {
    let app = &wanted.app;
    if let Some(state) = wanted.running() {
        goes_on(state, is_freed, now)
    } else if let Some(state) = stopped(app) {
        Next::Stop(Box::new(state.clone()))
    } else if let Some(operation) = &app.operation {
        asked(app, operation)
    } else {
        itself()
    }
}

/// Returns the sync that somebody stopped (G-118).
fn stopped(app: &Application) -> Option<&OperationState> {
    let state = app.status.as_ref()?.operation_state.as_ref()?;
    (state.phase == OperationPhase::Terminating).then_some(state)
}

fn asked(app: &Application, operation: &Operation) -> Next {
    let operation_of = || Box::new(operation.clone());
    match refusal(app, operation) {
        Some(message) => Next::Refuse(operation_of(), message),
        None => Next::Begin(operation_of()),
    }
}

/// Compares what is wanted with what was found.
pub(super) fn compared(found: &Found, waves: &Waves, now: Timestamp) -> Comparison {
    let comparing = Comparing {
        unit: &found.made.unit,
        wanted: &found.desired,
        found: &found.looked.found,
        stale: &found.looked.stale,
        waves,
        ignored: &found.made.ignored,
    };
    compare(&comparing, now)
}

/// A sync that failed waits for its next try, unless what it waited for in vain has come; then it
/// begins anew, with nothing done and all of its time.
fn goes_on(state: &OperationState, is_freed: bool, now: Timestamp) -> Next {
    let Some(failed) = &state.finished_at else {
        return Next::Continue(Box::new(state.clone()));
    };
    let tries = state.retry_count.unwrap_or_default();
    let wait = pipeline::sync::retry(&state.operation, tries.saturating_sub(1));
    let passed = Duration::try_from(now.duration_since(failed.0)).unwrap_or_default();
    match wait.and_then(|wait| wait.checked_sub(passed)) {
        Some(left) if !left.is_zero() && !is_freed => Next::Later(left),
        _ => {
            let mut state = state.clone();
            state.finished_at = None;
            state.started_at = whole_seconds(now);
            if let Some(result) = &mut state.sync_result {
                result.resources.clear();
            }
            Next::Continue(Box::new(state))
        }
    }
}

fn automated(app: &Application, found: &Found, comparison: &Comparison, now: Timestamp) -> Next {
    let resources = record::resources(comparison);
    let decision = decide(&Decide {
        app,
        sync: record::code(comparison.sync),
        resources: &resources,
        revision: &found.revision,
        is_freed: found.is_freed,
        now,
    });
    match decision {
        Decision::Nothing => Next::Nothing,
        Decision::Blocked(reason) => Next::Blocked(reason),
        Decision::Later(wait) => Next::Later(wait),
        Decision::Start(operation) => Next::Begin(Box::new(operation)),
    }
}

#[cfg(test)]
mod tests;
