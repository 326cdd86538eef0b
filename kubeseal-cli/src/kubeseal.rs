//! `kubeseal`: seals Secrets with a certificate that anybody may have.
//!
//! [`run`] parses `flags` into a `mode`, which holds everything checked, and runs it from
//! `modes`. Flags, defaults, output bytes and exit status are those of the tool of the same
//! name. Nothing here starts a runtime or touches TLS until a mode needs the network, so that
//! sealing with a certificate file takes about as long as starting a process.

mod certificate;
mod cluster;
mod documents;
mod error;
mod flags;
mod mode;
mod modes;
mod network;
mod output;
mod secret;

use jiff::Timestamp;

use crate::{Invocation, Io};
use error::Error;
use mode::Mode;

/// Runs `kubeseal` and returns its exit status.
pub fn run(invocation: &Invocation, io: &mut Io) -> u8 {
    let now = invocation.environment.now;
    let outcome = flags::parse(invocation)
        .and_then(|flags| mode::decide(flags, io))
        .and_then(|mode| execute(mode, now, io));
    match outcome {
        Ok(()) => 0,
        Err(error) => {
            error.show(io);
            error.exit_status()
        }
    }
}

fn execute(mode: Mode, now: Timestamp, io: &mut Io) -> Result<(), Error> {
    match mode {
        Mode::Print { text } => output::print(io, text.as_bytes()),
        Mode::RecoveryUnseal(mode) => modes::recovery_unseal::run(&mode, io),
        Mode::Validate(mode) => modes::validate::run(&mode, io),
        Mode::ReEncrypt(mode) => modes::re_encrypt::run(&mode, io),
        Mode::FetchCertificate(mode) => modes::fetch_certificate::run(&mode, io),
        Mode::MergeInto(mode) => modes::merge_into::run(&mode, now, io),
        Mode::Raw(mode) => modes::raw::run(&mode, now, io),
        Mode::Seal(mode) => modes::seal::run(&mode, now, io),
    }
}
