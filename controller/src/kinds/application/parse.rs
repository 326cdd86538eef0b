//! What can be told of an `Application` without looking at anything else.

use std::time::Duration;

use api::argo::{Application, OperationPhase, OperationState};
use api::names::argo;
use jiff::Timestamp;
use kube::ResourceExt;
use pipeline::sync::{revision_of, with_source_of_sync};
use pipeline::unit::argo::{InvalidSpec, Source};

use crate::error::{Category, Error};

/// How old an answer of a repository may be: units that look at about the same time share one.
const FRESH: Duration = Duration::from_secs(10);

/// A valid Application.
pub(crate) struct Wanted {
    /// The object, with the source of its sync in place of its own.
    pub(super) app: Application,
    pub(super) source: Source,
    /// Whether something else is looked at than what the object says itself.
    pub(super) is_elsewhere: bool,
}

/// Checks the object.
pub(super) fn parse(object: &Application) -> Result<Wanted, Error> {
    let app = with_source_of_sync(object);
    let source = pipeline::unit::argo::source(&app).map_err(|error| invalid(&error))?;
    let differs = app.spec != object.spec;
    let wanted = Wanted {
        app,
        source,
        is_elsewhere: false,
    };
    Ok(Wanted {
        is_elsewhere: differs || wanted.is_pinned_by_hand(),
        ..wanted
    })
}

/// Says what is wrong with an object, under the condition it shows in.
pub(super) fn invalid(error: &InvalidSpec) -> Error {
    Error::new(Category::Invalid, error.condition, error.message.clone())
}

impl Wanted {
    /// Returns the sync that is on its way.
    pub(super) fn running(&self) -> Option<&OperationState> {
        let status = self.app.status.as_ref()?;
        let state = status.operation_state.as_ref()?;
        (state.phase == OperationPhase::Running).then_some(state)
    }

    /// Returns the revision to build: that of the sync on its way, of one that is asked for, or what
    /// the source names.
    pub(super) fn revision(&self) -> String {
        let pinned = revision_of(&self.app);
        pinned.unwrap_or(&self.source.revision).to_owned()
    }

    fn is_pinned_by_hand(&self) -> bool {
        let running = self.running().map(|state| &state.operation);
        let operation = running.or(self.app.operation.as_ref());
        let by = operation.and_then(|operation| operation.initiated_by.as_ref());
        revision_of(&self.app).is_some() && by.and_then(|by| by.automated) != Some(true)
    }

    /// Returns how old an answer of the repository may be: not as old as the request of somebody who
    /// asks for what it has now, nor as the Application itself.
    pub(super) fn answer_age(&self, now: Timestamp) -> Duration {
        let asks = self.running().is_none() && self.app.operation.is_some();
        if asks || self.app.annotations().contains_key(argo::REFRESH) {
            return Duration::ZERO;
        }
        let made = self.app.creation_timestamp();
        let age = made.map_or(FRESH, |made| {
            let age = Duration::try_from(now.duration_since(made.0)).unwrap_or_default();
            // It is told in whole seconds.
            age.saturating_sub(Duration::from_secs(1))
        });
        age.min(FRESH)
    }
}

#[cfg(test)]
mod tests;
