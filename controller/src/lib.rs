//! The controller in the cluster: watches, reconciles, serves.
//!
//! `main` calls [`run`]. Start reading with `driver` (the one reconcile shape), then one kind under
//! `kinds`, then `engine` (the stages from an artifact to applied objects, which know no family).

mod context;
mod driver;
mod engine;
mod error;
mod events;
mod flags;
mod kinds;
mod leader;
mod listed;
mod log;
mod metrics;
mod repositories;
mod sealing_keys;
mod secrets;
mod serve;
mod start;
mod stores;
mod sweep;

pub use flags::{Family, Flags, LogFormat};
pub use start::{NoCluster, run};
