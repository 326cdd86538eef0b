//! Checks how the house is built.
//!
//! [`boundaries`] holds the arrows between the crates, [`words`] what the text of the code may not
//! say, [`rows`] which behaviours the tests prove, [`guards`] that the tests SECURITY.md names are
//! there, [`metrics`] that the reference lists every metric, and [`dependencies`] runs `cargo-deny`, which it builds into the tools cache when absent.
//! [`steps`] runs these and everything else that has to hold before a change lands.

mod boundaries;
mod dependencies;
mod guards;
mod metrics;
mod rows;
mod steps;
mod words;

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Parser, Subcommand};

/// Check how the house is built
#[derive(Debug, Parser)]
#[command(name = "house", version)]
struct Flags {
    #[command(subcommand)]
    check: Check,
}

#[derive(Debug, Subcommand)]
enum Check {
    /// Run everything that has to hold before a change lands
    Test {
        /// Steps to run, by name; can be repeated [default: all]
        steps: Vec<String>,
    },
    /// Check who imports whom, and that pure crates reach no client, runtime or network
    Boundaries,
    /// Check what the text of the code may not say
    Words,
    /// Write which behaviours are proved by which test, or check that it is written
    Rows {
        /// Only say whether it is up to date
        #[arg(long)]
        check: bool,
    },
    /// Check licences, bans and sources of dependencies
    Deny,
    /// Check dependencies against the advisory database, which needs the network
    Advisories,
}

fn main() -> anyhow::Result<ExitCode> {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let findings = match Flags::parse().check {
        Check::Test { steps } => return steps::run(&root, &steps),
        Check::Boundaries => boundaries::check(&root)?,
        Check::Words => words::check(&root)?,
        Check::Rows { check: true } => rows::check(&root)?,
        Check::Rows { check: false } => {
            rows::write(&root)?;
            Vec::new()
        }
        Check::Deny => return dependencies::run(&root, dependencies::OFFLINE),
        Check::Advisories => return dependencies::run(&root, &["advisories"]),
    };
    let mut out = io::stdout().lock();
    for finding in &findings {
        writeln!(out, "{finding}")?;
    }
    Ok(if findings.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
