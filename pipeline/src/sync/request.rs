//! What a sync is of, and which requests for one are refused (§2.17, §2.18).
//!
//! A sync keeps to the source and the revision that it began with, whatever becomes of the
//! specification meanwhile. A request may name others than the specification does: a rollback is
//! such a request.

use api::argo::{Application, ApplicationSource, Operation, OperationPhase, SyncOperation};

use super::automated;
use crate::unit::argo::source;

/// Returns the Application with the source of its sync in place of its own: of the one that is on
/// its way, or else of one that is asked for and not refused.
pub fn with_source_of_sync(app: &Application) -> Application {
    let mut with = app.clone();
    let begun = state(app, OperationPhase::Running).map(|state| {
        state.sync_result.as_ref().map_or_else(
            || source_of(app, &state.operation),
            |result| own_or(app, result.source.as_ref(), &result.sources),
        )
    });
    let asked = || asked(app).map(|operation| source_of(app, operation));
    if let Some((source, sources)) = begun.or_else(asked) {
        with.spec.source = source;
        with.spec.sources = sources;
    }
    with
}

/// Returns the revision of the sync that is on its way, or of one that is asked for, where it is
/// pinned.
pub fn revision_of(app: &Application) -> Option<&str> {
    let revision = match state(app, OperationPhase::Running) {
        Some(state) => match &state.sync_result {
            Some(result) => Some(result.revision.as_str()),
            None => pinned(state.operation.sync.as_ref()?),
        },
        None => pinned(asked(app)?.sync.as_ref()?),
    };
    revision.filter(|text| !text.is_empty())
}

/// Returns the source, or the sources, that a sync is of: those it names, or the Application's own.
pub fn source_of(
    app: &Application,
    operation: &Operation,
) -> (Option<ApplicationSource>, Vec<ApplicationSource>) {
    match &operation.sync {
        Some(sync) => own_or(app, sync.source.as_ref(), &sync.sources),
        None => own_or(app, None, &[]),
    }
}

/// Returns why a sync that somebody asks for does not begin.
pub fn refusal(app: &Application, operation: &Operation) -> Option<String> {
    let Some(sync) = &operation.sync else {
        return Some("operation.sync is missing: it says what to do".to_owned());
    };
    if !sync.manifests.is_empty() {
        return Some("operation.sync.manifests is not supported; nothing is applied".to_owned());
    }
    if sync.sources.len() > 1 || sync.revisions.len() > 1 {
        return Some(
            "more than one entry in operation.sync.sources or operation.sync.revisions is not \
             supported yet; nothing is applied"
                .to_owned(),
        );
    }
    automated(app)?;
    if sync.dry_run == Some(true) {
        return None;
    }
    if source_of(app, operation) != own_or(app, None, &[]) {
        return Some("rollback cannot be initiated when auto-sync is enabled".to_owned());
    }
    let wanted = source(app).ok()?.revision;
    let asked = pinned(sync)
        .map(str::trim)
        .filter(|text| !text.is_empty())?;
    (asked != wanted)
        .then(|| format!("Cannot sync to {asked}: auto-sync currently set to {wanted}"))
}

/// Returns the request for a sync that is to be looked at: none while another is on its way, or is
/// being stopped.
fn asked(app: &Application) -> Option<&Operation> {
    let operation = app.operation.as_ref()?;
    let is_next = state(app, OperationPhase::Terminating).is_none();
    (is_next && refusal(app, operation).is_none()).then_some(operation)
}

fn state(app: &Application, phase: OperationPhase) -> Option<&api::argo::OperationState> {
    let state = app.status.as_ref()?.operation_state.as_ref()?;
    (state.phase == phase).then_some(state)
}

fn pinned(sync: &SyncOperation) -> Option<&str> {
    let of_sources = sync.revisions.first();
    sync.revision.as_ref().or(of_sources).map(String::as_str)
}

fn own_or(
    app: &Application,
    source: Option<&ApplicationSource>,
    sources: &[ApplicationSource],
) -> (Option<ApplicationSource>, Vec<ApplicationSource>) {
    if source.is_none() && sources.is_empty() {
        return (app.spec.source.clone(), app.spec.sources.clone());
    }
    (source.cloned(), sources.to_vec())
}

#[cfg(test)]
mod tests;
