//! `signet`: what a repository brings to a cluster, seen without one.

use std::process::ExitCode;

use kubeseal_cli::Io;
use kubeseal_cli::signet::{self, Invocation};

fn main() -> ExitCode {
    ExitCode::from(signet::run(
        &Invocation::of_process(),
        &mut Io::of_process(),
    ))
}
