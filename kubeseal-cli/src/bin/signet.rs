//! `signet`: what a repository brings to a cluster, seen without one.

use std::process::ExitCode;

use kubeseal_cli::{Invocation, Io, signet};

fn main() -> ExitCode {
    ExitCode::from(signet::run(
        &Invocation::of_process(),
        &mut Io::of_process(),
    ))
}
