//! Benches against the real components: they print figures beside the limit and assert nothing.
//!
//! Each bench has a fresh control plane and a fresh controller. What is measured is in one module a
//! bench; [`rig`] has the cluster, [`measured`] the figures.

mod external_secrets;
mod flags;
mod kustomizations;
mod limit;
mod measured;
mod process;
mod requests;
mod rig;
mod sealed_secrets;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use crate::flags::{Bench, Flags};

fn main() -> ExitCode {
    let flags = Flags::parse();
    // It is the first and only one of this process.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let outcome = tokio::runtime::Runtime::new()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(run(&flags)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody can be told when stderr is closed.
            let _ = writeln!(std::io::stderr(), "bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(flags: &Flags) -> anyhow::Result<()> {
    let limit = limit::run(flags).await?;
    say(&limit.to_string());
    for bench in flags.benches() {
        let figures = match bench {
            Bench::SealedSecrets => sealed_secrets::run(flags).await?,
            Bench::Kustomizations => kustomizations::run(flags).await?,
            Bench::ExternalSecrets => external_secrets::run(flags).await?,
        };
        for measured in figures {
            say(&measured.beside(&limit));
        }
    }
    Ok(())
}

/// Prints a result.
fn say(text: &str) {
    // A closed pipe is a reader that has seen enough.
    let _ = writeln!(std::io::stdout(), "{text}");
}
