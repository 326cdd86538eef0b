//! The pure heart: decrypt stage, plan, waves, health, inventory, redaction.
//!
//! No client, no clock, no file system: time and file contents come in as arguments, and every
//! change to the world goes out as a value. Start with [`unit::Unit`] (what a front door hands
//! in), then follow it through [`mod@build`], [`mod@normalise`], [`stage`], [`plan`] and [`health`].

pub mod build;
pub mod comparison;
pub mod consumers;
pub mod decrypt;
pub mod difference;
pub mod dry_run_error;
pub mod health;
pub mod inventory;
pub mod normalise;
pub mod operation;
pub mod plan;
pub mod project;
pub mod redact;
pub mod stage;
pub mod sync;
pub mod unit;

#[cfg(test)]
mod fixtures;
