//! Fetches into the artifact store.

use sources::{Fetched, Snapshot};

use super::plan::Plan;
use crate::context::Context;
use crate::error::Error;

/// The artifact there is now.
pub(crate) struct Applied {
    pub(super) snapshot: Snapshot,
    pub(super) is_new: bool,
    /// Host under which the artifact is served.
    pub(super) host: String,
}

/// Fetches what the plan says.
pub(super) async fn apply(plan: Plan, context: &Context) -> Result<Applied, Error> {
    let fetched = context
        .artifacts
        .fetch(&plan.request, plan.previous.as_ref())
        .await?;
    let host = context.flags.artifact_host.clone();
    Ok(match fetched {
        Fetched::Unchanged(snapshot) => Applied {
            snapshot,
            is_new: false,
            host,
        },
        Fetched::New { snapshot, .. } => Applied {
            snapshot,
            is_new: true,
            host,
        },
    })
}
