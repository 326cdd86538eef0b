//! What can be told of an `Application` without looking at anything else.

use api::argo::{Application, OperationPhase, OperationState};
use api::names::argo;
use kube::ResourceExt;
use pipeline::unit::argo::{InvalidSpec, Source};

use crate::error::{Category, Error};

/// A valid Application.
pub(crate) struct Wanted {
    pub(super) app: Application,
    pub(super) source: Source,
}

/// Checks the object.
pub(super) fn parse(object: &Application) -> Result<Wanted, Error> {
    let source = pipeline::unit::argo::source(object).map_err(|error| invalid(&error))?;
    Ok(Wanted {
        app: object.clone(),
        source,
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
        let running = self.running().and_then(|state| state.sync_result.as_ref());
        let running = running.map(|result| result.revision.as_str());
        let asked = || {
            let operation = self.app.operation.as_ref()?;
            operation.sync.as_ref()?.revision.as_deref()
        };
        let pinned = running.or_else(asked).filter(|text| !text.is_empty());
        pinned.unwrap_or(&self.source.revision).to_owned()
    }

    /// Whether somebody asks for a comparison with what the repository has now.
    pub(super) fn is_refresh(&self) -> bool {
        self.app.annotations().contains_key(argo::REFRESH)
    }
}
