//! `signet`: work on a repository without a cluster.
//!
//! [`run`] parses `flags` into a `mode`, which holds everything checked, and runs it from
//! `modes`. Data goes to standard output, everything else to standard error; nothing is
//! coloured. What a failure exits with follows from its category (`crate::error`).

mod error;
mod flags;
mod keys;
mod mode;
mod modes;
mod output;
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
        Ok(()) => 0,
        Err(error) => {
            error.show(io);
            error.exit_status()
        }
    }
}

fn execute(mode: Mode, environment: &Environment, io: &mut Io) -> Result<(), Error> {
    match mode {
        Mode::Print { text } => output::print(io, text.as_bytes()),
        Mode::Build(mode) => modes::build::run(&mode, environment, io),
    }
}
