//! Benches against the real components: they print figures beside the limit, and beside the upstream
//! programs in the same run, and assert nothing.
//!
//! Each part has a fresh control plane and a fresh controller. What is measured is in one module a
//! part; [`rig`] has the cluster, [`ours`] and [`peers`] the controllers, [`figure`] what comes out.

mod external_secrets;
mod figure;
mod flags;
mod fleet;
mod kustomizations;
mod limit;
mod measured;
mod ours;
mod page;
mod peers;
mod prices;
mod process;
mod record;
mod repository;
mod requests;
mod rig;
mod sealed_secrets;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use crate::figure::Figure;
use crate::flags::{Flags, Part};
use crate::fleet::Size;
use crate::record::Record;
use crate::repository::Shape;

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
    let mut record = Record::read(&flags.record)?;
    if let Some(folder) = &flags.page {
        return page::write(&record, folder);
    }
    for part in flags.parts() {
        let figures = measure(flags, part).await?;
        record.keep(&figures, &flags.record)?;
        for figure in figures {
            say(&figure.beside(record.limit()));
        }
    }
    Ok(())
}

async fn measure(flags: &Flags, part: Part) -> anyhow::Result<Vec<Figure>> {
    match part {
        Part::Limit => limit::run(flags).await,
        Part::Prices => prices::run(flags).await,
        Part::SharedFolder => kustomizations::run(flags, part, Shape::Shared).await,
        Part::OwnFolder => kustomizations::run(flags, part, Shape::Own).await,
        Part::SealedSecrets => sealed_secrets::run(flags).await,
        Part::ExternalSecrets => external_secrets::run(flags).await,
        Part::Fleet => {
            let size = Size {
                units: flags.units,
                secrets: flags.sealed_secrets,
            };
            fleet::run(flags, part, size).await
        }
        Part::Growth => {
            let size = Size {
                units: flags.growth,
                secrets: flags.growth,
            };
            fleet::run(flags, part, size).await
        }
    }
}

/// Prints a result.
pub(crate) fn say(text: &str) {
    // A closed pipe is a reader that has seen enough.
    let _ = writeln!(std::io::stdout(), "{text}");
}
