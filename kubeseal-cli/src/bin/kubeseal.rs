//! `kubeseal`: seals Secrets so that only a cluster can open them.

use std::process::ExitCode;

use kubeseal_cli::{Invocation, Io, kubeseal};

fn main() -> ExitCode {
    ExitCode::from(kubeseal::run(
        &Invocation::of_process(),
        &mut Io::of_process(),
    ))
}
