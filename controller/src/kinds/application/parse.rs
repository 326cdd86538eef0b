//! What can be told of an `Application` without looking at anything else.

use api::argo::{Application, OperationPhase, OperationState};
use api::names::argo;
use kube::ResourceExt;
use pipeline::sync::{revision_of, with_source_of_sync};
use pipeline::unit::argo::{InvalidSpec, Source};

use crate::error::{Category, Error};

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

    /// Whether somebody asks for a comparison with what the repository has now.
    pub(super) fn is_refresh(&self) -> bool {
        self.app.annotations().contains_key(argo::REFRESH)
    }
}
