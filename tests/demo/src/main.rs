//! The demo: from a commit to Secrets in a real cluster, whatever keeps the secret.
//!
//! One run starts a control plane, a vault, Secrets Manager and a Git server, commits plain manifests, a
//! SealedSecret, SOPS files and ExternalSecrets, and shows when each object arrives; then it changes a
//! value in the vault and another in Git and shows the changes arrive. Start reading in [`story`].

mod arrivals;
mod backends;
mod cluster;
mod console;
mod controller;
mod flags;
mod folder;
mod install;
mod programs;
mod stage;
mod story;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

use crate::console::Console;
use crate::flags::Flags;
use crate::stage::Stage;

/// How long a server that is just being started may take to come up, so that it can be stopped.
const STARTING: Duration = Duration::from_secs(15);

/// Exit status of a program that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    let flags = Flags::parse();
    let console = Console::new();
    // It is the first and only one of this process.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            console.fail(&error.into());
            return ExitCode::FAILURE;
        }
    };
    let status = runtime.block_on(run(&flags, &console));
    runtime.shutdown_timeout(STARTING);
    status
}

async fn run(flags: &Flags, console: &Console) -> ExitCode {
    let mut stage = Stage::default();
    let status = tokio::select! {
        outcome = story::tell(flags, console, &mut stage) => match outcome {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                console.fail(&error);
                components::keep_logs();
                ExitCode::FAILURE
            }
        },
        () = interrupted() => {
            console.interrupted();
            // To end what `--keep` left running is what it waits for.
            if stage.is_complete { ExitCode::SUCCESS } else { ExitCode::from(INTERRUPTED) }
        }
    };
    tokio::select! {
        () = stage.clear(console) => {}
        () = interrupted() => console.warn("interrupted again: some objects may be left in the cluster"),
    }
    status
}

/// Completes when somebody asks the program to stop.
async fn interrupted() {
    let (Ok(mut interrupt), Ok(mut terminate)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
