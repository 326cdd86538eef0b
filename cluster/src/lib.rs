//! The live side: reads objects, applies and prunes them, with the rights it is told to use.
//!
//! Everything here does what a plan decided and decides nothing itself. Start with [`Clusters`],
//! which hands out a [`Cluster`] per set of rights; then [`Cluster::apply`].
//!
//! What is read of a Secret never holds its values: see [`Concealer`].

mod apply;
mod clusters;
mod conceal;
mod delete;
mod error;
mod gate;
mod line;
mod read;
mod resources;
mod send;
mod versions;
mod watch;
mod write;

pub use apply::{ApplyOptions, Conflicts, DryRun};
pub use clusters::{Cluster, Clusters, Identity};
pub use conceal::{Concealer, Fingerprint};
pub use delete::{Preconditions, Propagation};
pub use error::{ApiError, Refusal};
pub use line::Line;
pub use resources::Kind;
pub use watch::{Change, ChangedObject};
