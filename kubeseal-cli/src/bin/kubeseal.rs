//! `kubeseal`: seals Secrets so that only a cluster can open them.

use std::process::ExitCode;

use kubeseal_cli::Io;
use kubeseal_cli::kubeseal::{self, Invocation};

fn main() -> ExitCode {
    ExitCode::from(kubeseal::run(
        Invocation::of_process(),
        &mut Io::of_process(),
    ))
}
