//! The command line, as typed.

use std::time::Duration;

use clap::Parser;

/// Bring secrets of every kind from one Git repository into a cluster, and show when each arrives
///
/// Values are compared inside and never printed. Ctrl-C stops and removes everything.
#[derive(Debug, Parser)]
#[command(name = "demo", version, about)]
pub(crate) struct Flags {
    /// Leave everything running after the tables, until Ctrl-C
    #[arg(long)]
    pub(crate) keep: bool,

    /// Use the cluster of this kubeconfig context, in namespaces of its own, instead of building one
    #[arg(long, value_name = "NAME")]
    pub(crate) context: Option<String>,

    /// Seconds an object may take to arrive
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    limit: u64,
}

impl Flags {
    /// Returns how long an object may take to arrive.
    pub(crate) fn limit(&self) -> Duration {
        Duration::from_secs(self.limit)
    }
}
