//! `signet`: work on a repository without a cluster.
//!
//! [`run`] parses [`flags`] into a [`mode`], which holds everything checked, and runs it from
//! [`modes`]. Data goes to standard output, everything else to standard error; nothing is
//! coloured. What a failure exits with follows from its category (`crate::error`).

mod error;
mod flags;
mod keys;
mod mode;
mod modes;
mod output;
mod progress;

use std::ffi::OsString;
use std::path::PathBuf;

use crate::Io;
use error::Error;
use mode::Mode;

/// What a run of `signet` is started with.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// The arguments, the program's name first.
    pub arguments: Vec<OsString>,
    /// The environment.
    pub environment: Vec<(String, String)>,
    /// The working directory.
    pub directory: PathBuf,
}

impl Invocation {
    /// Returns what this process was started with.
    pub fn of_process() -> Self {
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self {
            arguments: std::env::args_os().collect(),
            environment,
            directory: std::env::current_dir().unwrap_or_default(),
        }
    }

    /// Returns a variable of the environment that is set and not empty.
    fn variable(&self, name: &str) -> Option<&str> {
        self.environment
            .iter()
            .rfind(|(known, value)| known == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }
}

/// Runs `signet` and returns its exit status.
pub fn run(invocation: &Invocation, io: &mut Io) -> u8 {
    let outcome = flags::parse(&invocation.arguments)
        .and_then(mode::decide)
        .and_then(|mode| execute(mode, invocation, io));
    match outcome {
        Ok(()) => 0,
        Err(error) => {
            error.show(io);
            error.exit_status()
        }
    }
}

fn execute(mode: Mode, invocation: &Invocation, io: &mut Io) -> Result<(), Error> {
    match mode {
        Mode::Print { text } => output::print(io, text.as_bytes()),
        Mode::Build(mode) => modes::build::run(&mode, invocation, io),
    }
}

#[cfg(test)]
mod tests;
