//! The command line, as typed.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, ensure};
use clap::{Parser, ValueEnum};

/// Measure the controller, and the upstream programs beside it, against a real control plane
#[derive(Debug, Parser)]
#[command(name = "bench", version, about)]
pub(crate) struct Flags {
    /// Parts to run [default: all but growth]
    #[arg(value_enum)]
    parts: Vec<Part>,

    /// Whose controllers to run
    #[arg(long, value_enum, default_value_t = Whose::Both)]
    pub(crate) whose: Whose,

    /// Profile of our controller: release, or dev while developing
    #[arg(long, value_name = "NAME", default_value = "release")]
    profile: String,

    /// Bare server-side applies for the limit
    #[arg(long, value_name = "N", default_value_t = 4000)]
    pub(crate) applies: usize,

    /// Kustomizations, of four objects each
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub(crate) units: usize,

    /// SealedSecrets on a fresh controller
    #[arg(long, value_name = "N", default_value_t = 2000)]
    pub(crate) sealed_secrets: usize,

    /// ExternalSecrets on OpenBao
    #[arg(long, value_name = "N", default_value_t = 2000)]
    pub(crate) external_secrets: usize,

    /// Units of the part `growth`, and as many secrets
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub(crate) growth: usize,

    /// Commits whose way to the cluster is timed one by one
    #[arg(long, value_name = "N", default_value_t = 40)]
    pub(crate) samples: usize,

    /// For how many seconds an idle controller is watched
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    idle: u64,

    /// After how many seconds a step that is not done is cut off, and says so
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    cut_off: u64,

    /// File that keeps the figures; those of a part that runs again are replaced
    #[arg(long, value_name = "FILE", default_value = "target/bench/figures.json")]
    pub(crate) record: PathBuf,

    /// Measure nothing; write a page and a chart about the recorded figures into this folder
    #[arg(long, value_name = "FOLDER")]
    pub(crate) page: Option<PathBuf>,

    /// What our controller logs
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    pub(crate) log_level: String,

    /// Print the end of each controller's log
    #[arg(long)]
    pub(crate) log: bool,
}

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// Bare server-side applies: what the API server gives when nothing else runs
    Limit,
    /// What single kinds of requests cost
    Prices,
    /// Kustomizations of one folder, after one commit
    SharedFolder,
    /// Kustomizations of a folder each, after one commit, and one commit's way to one of them
    OwnFolder,
    /// SealedSecrets on a fresh controller
    SealedSecrets,
    /// ExternalSecrets on OpenBao, first sync
    ExternalSecrets,
    /// All kinds together: idle, a commit, a start
    Fleet,
    /// The same at a size of its own; takes a quarter of an hour
    Growth,
}

/// Whose controllers are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Whose {
    /// Ours, then the upstream one.
    Both,
    /// Ours.
    Ours,
    /// The upstream one.
    Theirs,
}

impl Flags {
    /// Returns the parts, in the order they are run.
    pub(crate) fn parts(&self) -> Vec<Part> {
        let all = Part::value_variants().iter().copied();
        if self.parts.is_empty() {
            all.filter(|part| *part != Part::Growth).collect()
        } else {
            all.filter(|part| self.parts.contains(part)).collect()
        }
    }

    /// Returns after how long a step is cut off.
    pub(crate) fn cut_off(&self) -> Duration {
        Duration::from_secs(self.cut_off)
    }

    /// Returns for how long an idle controller is watched.
    pub(crate) fn idle(&self) -> Duration {
        Duration::from_secs(self.idle)
    }

    /// Returns our controller's program.
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

impl Whose {
    /// Whether ours is run.
    pub(crate) fn has_ours(self) -> bool {
        self != Self::Theirs
    }

    /// Whether the upstream one is run.
    pub(crate) fn has_theirs(self) -> bool {
        self != Self::Ours
    }
}

impl Part {
    /// Returns the name the command line and the record use.
    pub(crate) fn name(self) -> String {
        self.to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }
}
