//! `sops`: encrypts the values of a file and leaves its keys readable.

use std::process::ExitCode;

use kubeseal_cli::{Invocation, Io, sops};

fn main() -> ExitCode {
    ExitCode::from(sops::run(&Invocation::of_process(), &mut Io::of_process()))
}
