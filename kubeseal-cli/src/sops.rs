//! `sops`: encrypts and decrypts files.
//!
//! [`run`] parses `flags` into a `mode` and runs it from `modes`. Flags, defaults, output
//! bytes and exit status are those of the tool of the same name. No runtime is started, and no TLS
//! is set up, until a file names a key that a service holds.

mod configuration;
mod error;
#[expect(
    clippy::doc_markdown,
    clippy::doc_link_with_quotes,
    reason = "these comments are the help text, which has no markup"
)]
mod flags;
mod key_flags;
mod key_service;
mod mode;
mod modes;
mod report;
mod tree_path;

use crate::{Environment, Invocation, Io};
use error::Error;
use mode::Mode;

/// The version this command reports: that of the files it writes.
pub const VERSION: &str = sops_engine::FORMAT_VERSION;

/// Runs `sops` and returns its exit status.
pub fn run(invocation: &Invocation, io: &mut Io) -> u8 {
    let environment = &invocation.environment;
    let outcome = flags::parse(&invocation.arguments)
        .and_then(|flags| mode::decide(flags, environment, io))
        .and_then(|mode| execute(mode, environment, io));
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
        Mode::Print { text } => modes::print(io, text.as_bytes()),
        Mode::Encrypt(mode) => modes::encrypt::run(&mode, environment, io),
        Mode::Decrypt(mode) => modes::decrypt::run(&mode, environment, io),
        Mode::FileStatus(mode) => modes::file_status::run(&mode, io),
    }
}
