//! Asks the backend.

use std::time::Duration;

use providers::{Capabilities, Validation};

use super::parse::Wanted;
use crate::context::Context;
use crate::error::Error;

/// What a check found.
#[derive(Debug)]
pub(crate) enum Checked {
    /// The store is served by a controller of another class.
    Foreign,
    /// The backend answered.
    Here {
        /// What it said.
        validation: Validation,
        /// What the provider can do.
        capabilities: Capabilities,
        /// When to check again.
        again: Duration,
    },
}

/// Connects the store and has its credentials checked.
pub(super) async fn observe(wanted: &Wanted, context: &Context) -> Result<Checked, Error> {
    if !wanted.store.is_served_by(&context.flags.controller_class) {
        return Ok(Checked::Foreign);
    }
    let (validation, capabilities) = context.stores.validate(&wanted.store).await?;
    Ok(Checked::Here {
        validation,
        capabilities,
        again: wanted
            .interval
            .unwrap_or(context.flags.store_requeue_interval),
    })
}
