//! What the end-to-end tests share: a cluster with Signet installed in it, and the controller as a
//! process under exactly the rights the install gives it.
//!
//! Start with [`World`]. The scenarios are in `tests/it`, one a file, named for the behaviour;
//! those that hold secrets end with [`Canary::assert_silent`].

#![expect(clippy::panic, reason = "a scenario that cannot go on has failed")]

mod canary;
mod controller;
mod dice;
mod faults;
mod paths;
mod programs;
mod run;
mod tell;
mod versions;
mod wait;
mod world;

pub use canary::Canary;
pub use controller::{Controller, ControllerOptions};
pub use dice::Dice;
pub use faults::{Fault, FaultyLine};
pub use programs::program;
pub use run::{Output, run};
pub use tell::tell;
pub use versions::{Seen, Versions};
pub use wait::eventually;
pub use world::World;
