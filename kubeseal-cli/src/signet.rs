//! `signet`: work on a repository without a cluster, and compare it with one.
//!
//! [`run`] parses `flags` into a `mode`, which holds everything checked, and runs it from
//! `modes`. Data goes to standard output, everything else to standard error; only a terminal sees
//! colours. What a failure exits with follows from its category (`crate::error`).

mod colours;
mod connection;
mod error;
mod flags;
mod keys;
mod mode;
mod modes;
mod output;
mod printable;
mod progress;

use crate::{Environment, Invocation, Io};
use error::Error;
use mode::Mode;

/// Runs `signet` and returns its exit status.
pub fn run(invocation: &Invocation, io: &mut Io) -> u8 {
    let outcome = flags::parse(&invocation.arguments)
        .and_then(mode::decide)
        .and_then(|mode| execute(mode, &invocation.environment, io));
    match outcome {
        Ok(status) => status,
        Err(error) => {
            error.show(io);
            error.exit_status()
        }
    }
}

fn execute(mode: Mode, environment: &Environment, io: &mut Io) -> Result<u8, Error> {
    match mode {
        Mode::Print { text } => output::print(io, text.as_bytes()).map(|()| 0),
        Mode::Build(mode) => modes::build::run(&mode, environment, io).map(|()| 0),
        Mode::Diff(mode) => modes::diff::run(&mode, environment, io),
        Mode::Tree(mode) => modes::tree::run(&mode, environment, io).map(|()| 0),
    }
}
