//! Begins a sync or goes on with one, and compares again where something was done.

use std::collections::BTreeMap;
use std::time::Duration;

use api::argo::{Application, Operation, OperationPhase, OperationState};
use api::names::{argo, signet};
use jiff::Timestamp;
use kube::api::{Patch, PatchParams};
use kube::{Api, ResourceExt};
use manifests::ObjectId;
use pipeline::comparison::Comparison;
use pipeline::inventory::Inventory;
use pipeline::stage::Waves;
use pipeline::unit::Unit;
use serde_json::{Value, json};

use super::namespace::Ensured;
use super::observe::Found;
use super::plan::{Next, Plan, compared};
use super::{namespace, observe, options, record, sync};
use crate::context::Context;
use crate::driver::{Note, Severity, difference};
use crate::engine::{Engine, SyncEnded, SyncProgress as Progress, SyncRun, supply};
use crate::error::Error;
use crate::kinds::drift;

/// Condition: a workload was applied that will not start without a Secret that nobody makes.
const SECRET_MISSING: &str = "SecretMissing";
/// How soon it is decided what comes after a failure.
const DECIDE_AGAIN: Duration = Duration::from_millis(500);

/// What was compared, and what was done.
pub(crate) struct Applied {
    pub(super) revision: String,
    pub(super) source_type: String,
    pub(super) comparison: Comparison,
    /// The sync that began, went on or ended now.
    pub(super) operation: Option<OperationState>,
    /// Conditions to show, by type.
    pub(super) conditions: Vec<(String, String)>,
    /// When something is due.
    pub(super) again: Option<Duration>,
    pub(super) interval: Duration,
    pub(super) notes: Vec<Note>,
    pub(super) began: Timestamp,
}

/// Does what the plan says.
pub(super) async fn apply(plan: Plan, context: &Context) -> Result<Applied, Error> {
    let Plan {
        app,
        mut found,
        waves,
        comparison,
        next,
        is_elsewhere,
    } = plan;
    let inventory = inventory(&comparison);
    drift::watch(&context.application_drift, &inventory);
    let mut applied = Applied {
        revision: found.revision.clone(),
        source_type: found.made.source_type.to_owned(),
        conditions: conditions(&found, &comparison),
        comparison,
        operation: None,
        again: None,
        interval: found.interval,
        notes: Vec::new(),
        began: found.began,
    };
    let state = match next {
        Next::Nothing => return Ok(applied),
        Next::Blocked(reason) => {
            let blocked = (argo::SYNC_ERROR.to_owned(), reason);
            applied.conditions.push(blocked);
            return Ok(applied);
        }
        Next::Later(wait) => {
            applied.again = Some(wait);
            return Ok(applied);
        }
        Next::Stop(mut state) => {
            let now = (context.clock)();
            sync::stopped(&mut state, OperationPhase::Failed, sync::TERMINATED, now);
            over(*state, &mut applied);
            return Ok(applied);
        }
        Next::Refuse(operation, message) => {
            let now = (context.clock)();
            let mut state = sync::begun(&app, *operation, &found.revision, now);
            sync::stopped(&mut state, OperationPhase::Error, &message, now);
            claim(&app, &state, &applied.comparison, context).await?;
            over(state, &mut applied);
            return Ok(applied);
        }
        Next::Continue(state) => *state,
        Next::Begin(operation) => {
            options::tell(&app, &operation);
            let state = sync::begun(&app, *operation, &found.revision, (context.clock)());
            applied.notes.push(started(&state));
            claim(&app, &state, &applied.comparison, context).await?;
            state
        }
    };
    go_on(&app, state, &mut found, &waves, &mut applied, context).await?;
    applied.comparison = compared(&found, &waves, (context.clock)());
    let ended = applied.operation.as_ref();
    if is_elsewhere && ended.is_some_and(|state| state.phase.is_completed()) {
        // What the object itself asks for has not been looked at.
        applied.again = Some(DECIDE_AGAIN);
    }
    Ok(applied)
}

/// Takes into the record that a sync is over; what is to be done now is decided at once.
fn over(state: OperationState, applied: &mut Applied) {
    applied.notes.push(completed(&state));
    applied.operation = Some(state);
    applied.again = Some(DECIDE_AGAIN);
}

/// Advances a sync as far as it comes.
async fn go_on(
    app: &Application,
    mut state: OperationState,
    found: &mut Found,
    waves: &Waves,
    applied: &mut Applied,
    context: &Context,
) -> Result<(), Error> {
    let operation = state.operation.clone();
    let unit = sync::unit(app, &found.made.unit, &operation);
    let recorded = state
        .sync_result
        .as_ref()
        .map(|result| result.resources.as_slice());
    let results = record::read(recorded.unwrap_or_default());
    let comparison = &applied.comparison;
    let tasks = sync::selected(app, &operation, found, waves, comparison, &results);
    let refused = namespace::permitted(app, &operation, &found.policy).err();
    let refused = refused.or_else(|| sync::shares(app, &operation, comparison));
    if let Some(message) = refused {
        let ended = SyncEnded::Failed { message };
        tell(&mut state, ended, applied, (context.clock)());
        applied.operation = Some(state);
        return Ok(());
    }
    let rehearses = is_dry_run(&operation);
    let left = if rehearses {
        None
    } else {
        destination(app, &operation, &unit, found, context).await?
    };
    let supply = supply(&found.desired, &tasks);
    let run = SyncRun {
        unit: &unit,
        wanted: &found.desired,
        tasks: &tasks,
        supply: &supply,
        forbidden: &found.forbidden,
        began: state.started_at.0,
        pause: found.pause,
    };
    let mut so_far = Progress {
        looked: std::mem::take(&mut found.looked),
        results,
        missing: Vec::new(),
    };
    let ended = if rehearses {
        Engine::rehearse(&run, &mut so_far)
    } else {
        let cluster = &found.cluster;
        let clock = context.clock;
        context
            .engine
            .advance(&run, &mut so_far, cluster, clock)
            .await
    };
    found.looked = so_far.looked;
    if let Some(result) = &mut state.sync_result {
        result.resources = record::results(&so_far.results);
    }
    if !so_far.missing.is_empty() {
        let texts: Vec<String> = so_far.missing.iter().map(ToString::to_string).collect();
        let condition = (SECRET_MISSING.to_owned(), texts.join("\n"));
        applied.conditions.push(condition);
    }
    tell(&mut state, ended, applied, (context.clock)());
    if let Some(left) = left {
        say(&mut applied.conditions, signet::OWNERSHIP_CONFLICT, &left);
        // The condition is as old as the last look, the record of the sync stays.
        let said = state.message.get_or_insert_default();
        said.push_str("; ");
        said.push_str(&left);
    }
    applied.operation = Some(state);
    Ok(())
}

/// Has the namespace of the destination made, and looks again where it was not there; returns why it
/// was left alone.
async fn destination(
    app: &Application,
    operation: &Operation,
    unit: &Unit,
    found: &mut Found,
    context: &Context,
) -> Result<Option<String>, Error> {
    match namespace::ensure(app, operation, unit, &found.cluster).await? {
        Ensured::Stands => {}
        Ensured::Made => {
            let inventory = pipeline::unit::argo::inventory(app);
            found.looked = context
                .engine
                .look_at(unit, &found.desired, &inventory, &found.cluster)
                .await?;
            observe::leave_alone(&found.policy, &mut found.looked);
        }
        Ensured::Claimed { id, by } => return Ok(Some(belongs(&id, &by, unit))),
    }
    Ok(None)
}

/// Takes into the record how far a sync came.
fn tell(state: &mut OperationState, ended: SyncEnded, applied: &mut Applied, now: Timestamp) {
    match ended {
        SyncEnded::Waiting { message, again } => {
            state.message = Some(message);
            applied.again = Some(again);
        }
        SyncEnded::Succeeded { message } => {
            sync::succeeded(state, message, now);
            applied.notes.push(completed(state));
        }
        SyncEnded::Failed { message } => {
            sync::failed(state, &message, now);
            applied.notes.push(completed(state));
            // What to do next is decided anew: at once, or when the next try is due.
            applied.again = Some(DECIDE_AGAIN);
        }
    }
}

fn is_dry_run(operation: &Operation) -> bool {
    let sync = operation.sync.as_ref();
    sync.and_then(|sync| sync.dry_run) == Some(true)
}

/// Records that a sync begins, and everything it may write, before the first write: a crash in the
/// middle must neither lose the sync nor leave an object that nobody knows. The request that asked
/// for the sync is taken off in the same write, unless somebody changed the object meanwhile.
async fn claim(
    app: &Application,
    state: &OperationState,
    comparison: &Comparison,
    context: &Context,
) -> Result<(), Error> {
    let held = app.status.clone().unwrap_or_default();
    let mut status = held.clone();
    status.operation_state = Some(state.clone());
    status.resources = record::resources(comparison);
    let json = |status| {
        serde_json::to_value(status)
            .map_err(|source| Error::internal("write the status as JSON", source))
    };
    let changed: Option<Value> = difference(&json(&held)?, &json(&status)?);
    let mut patch = json!({"status": changed.unwrap_or_else(|| json!({}))});
    if app.operation.is_some()
        && let Some(fields) = patch.as_object_mut()
    {
        let version = json!({"resourceVersion": app.resource_version()});
        fields.insert("metadata".to_owned(), version);
        fields.insert("operation".to_owned(), Value::Null);
    }
    let client = context.clusters.own().client().clone();
    Api::<Application>::namespaced(client, &app.namespace().unwrap_or_default())
        .patch(
            &app.name_any(),
            &PatchParams::default(),
            &Patch::Merge(patch),
        )
        .await
        .map(|written| context.written.note(&written))
        .map_err(|source| Error::kubernetes("record that a sync begins", source))
}

fn inventory(comparison: &Comparison) -> Inventory {
    comparison
        .objects
        .iter()
        .map(|object| (object.id.clone(), object.version.clone()))
        .collect()
}

/// Returns what is worth a condition whether or not anything is done.
fn conditions(found: &Found, comparison: &Comparison) -> Vec<(String, String)> {
    let mut conditions: Vec<(String, String)> = found
        .made
        .warnings
        .iter()
        .map(|(kind, text)| ((*kind).to_owned(), text.clone()))
        .collect();
    let repeated = found.desired.repeated();
    if !repeated.is_empty() {
        let names: Vec<String> = repeated
            .iter()
            .map(|id| format!("Resource {id} appeared more than once among application resources."))
            .collect();
        let kind = argo::REPEATED_RESOURCE_WARNING.to_owned();
        conditions.push((kind, names.join("\n")));
    }
    if !comparison.claimed.is_empty() {
        let lines: Vec<String> = comparison
            .claimed
            .iter()
            .map(|(id, by)| belongs(id, by, &found.made.unit))
            .collect();
        conditions.push((signet::OWNERSHIP_CONFLICT.to_owned(), lines.join("\n")));
    }
    if !comparison.shared.is_empty() {
        let me = &found.made.unit.id.name;
        let lines: Vec<String> = comparison
            .shared
            .iter()
            .map(|(id, with)| format!("{id} is part of applications {me} and {with}"))
            .collect();
        conditions.push((argo::SHARED_RESOURCE_WARNING.to_owned(), lines.join("\n")));
    }
    let mut said: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for notice in &found.notices {
        let lines = said.entry(notice.topic.condition()).or_default();
        lines.push(&notice.message);
    }
    let told = said.into_iter();
    conditions.extend(told.map(|(kind, lines)| (kind.to_owned(), lines.join("\n"))));
    conditions
}

fn belongs(id: &ObjectId, by: &str, unit: &Unit) -> String {
    format!(
        "{id} belongs to {by} and is left alone (hint: {}: {} on it hands it over)",
        signet::ADOPT_BY,
        unit.id
    )
}

/// Adds to what a condition says.
fn say(conditions: &mut Vec<(String, String)>, kind: &str, text: &str) {
    match conditions.iter_mut().find(|(held, _)| held == kind) {
        Some((_, said)) => {
            said.push('\n');
            said.push_str(text);
        }
        None => conditions.push((kind.to_owned(), text.to_owned())),
    }
}

fn started(state: &OperationState) -> Note {
    let operation = &state.operation;
    let is_automated = operation
        .initiated_by
        .as_ref()
        .is_some_and(|by| by.automated == Some(true));
    let how = if is_automated {
        "automated sync"
    } else {
        "sync"
    };
    Note {
        severity: Severity::Normal,
        reason: argo::OPERATION_STARTED.to_owned(),
        message: format!("Initiated {how} to '{}'", revision(state)),
    }
}

fn completed(state: &OperationState) -> Note {
    let (severity, word) = match state.phase {
        OperationPhase::Succeeded => (Severity::Normal, "succeeded"),
        _ => (Severity::Warning, "failed"),
    };
    let revision = revision(state);
    let message = state.message.as_deref().unwrap_or_default();
    Note {
        severity,
        reason: argo::OPERATION_COMPLETED.to_owned(),
        message: format!("Sync operation to {revision} {word}: {message}"),
    }
}

fn revision(state: &OperationState) -> &str {
    let result = state.sync_result.as_ref();
    result.map_or("", |result| result.revision.as_str())
}
