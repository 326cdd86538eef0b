//! The command line, as typed.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::{Parser, ValueEnum};

/// Measure the controller against a real control plane, and print it beside what bare requests reach
#[derive(Debug, Parser)]
#[command(name = "bench", version, about)]
pub(crate) struct Flags {
    /// Benches to run beside the limit [default: all]
    #[arg(value_enum)]
    benches: Vec<Bench>,

    /// Profile of the controller: release, or dev while developing
    #[arg(long, value_name = "NAME", default_value = "release")]
    profile: String,

    /// Bare server-side applies for the limit
    #[arg(long, value_name = "N", default_value_t = 4000)]
    pub(crate) applies: usize,

    /// SealedSecrets on a fresh controller
    #[arg(long, value_name = "N", default_value_t = 2000)]
    pub(crate) sealed_secrets: usize,

    /// Kustomizations after one commit
    #[arg(long, value_name = "N", default_value_t = 500)]
    pub(crate) kustomizations: usize,

    /// ExternalSecrets on OpenBao
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub(crate) external_secrets: usize,

    /// What the controller logs; its log is kept when this is given
    #[arg(long, value_name = "LEVEL")]
    pub(crate) log_level: Option<String>,
}

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Bench {
    /// SealedSecrets on a fresh controller
    SealedSecrets,
    /// Kustomizations after one commit
    Kustomizations,
    /// ExternalSecrets on OpenBao
    ExternalSecrets,
}

impl Flags {
    /// Returns the benches, in the order they are run.
    pub(crate) fn benches(&self) -> &[Bench] {
        if self.benches.is_empty() {
            Bench::value_variants()
        } else {
            &self.benches
        }
    }

    /// Returns the controller's program.
    ///
    /// # Errors
    ///
    /// When it is not built.
    pub(crate) fn controller(&self) -> anyhow::Result<PathBuf> {
        let own = std::env::current_exe().context("failed to find this program")?;
        let target = own
            .ancestors()
            .nth(2)
            .context("this program is not in target/")?;
        let folder = match self.profile.as_str() {
            "dev" => "debug",
            profile => profile,
        };
        let path = target.join(folder).join("signet-controller");
        ensure!(
            path.is_file(),
            "there is no {}; hint: cargo build --profile {} -p controller",
            path.display(),
            self.profile
        );
        Ok(path)
    }
}
