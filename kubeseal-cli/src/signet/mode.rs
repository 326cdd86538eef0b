//! What to do, with all checks done.

use std::path::PathBuf;

use manifests::{ArtifactPath, ParsePath};
use pipeline::unit::MacPolicy;

use super::error::Error;
use super::flags::{self, BuildFlags, Command, Flags, MacPolicyFlag, OutputFlag};

mod diff;
mod tree;
mod unit_name;

pub(super) use diff::{Diff, Subject};
pub(super) use tree::{Tree, Units};
pub(super) use unit_name::{UnitKind, UnitName};

/// One job.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Print a text.
    Print { text: String },
    /// Build a repository.
    Build(Build),
    /// Compare with a cluster.
    Diff(Box<Diff>),
    /// Show units of a cluster.
    Tree(Box<Tree>),
}

/// What to build, and how to show it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Build {
    pub(super) root: PathBuf,
    pub(super) targets: Targets,
    pub(super) secrets: Secrets,
    pub(super) format: Format,
}

/// What is built.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Targets {
    /// These directories.
    Directories(Vec<ArtifactPath>, MacPolicy),
    /// What the Kustomizations in the repository name.
    Units,
}

/// How plaintext is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Secrets {
    Masked,
    Shown,
}

/// How objects are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Yaml,
    Json,
}

/// Turns what was typed into what it means.
pub(super) fn decide(flags: Flags) -> Result<Mode, Error> {
    match flags.command {
        Command::Build(flags) => Ok(Mode::Build(build(flags)?)),
        Command::Diff(flags) => Ok(Mode::Diff(Box::new(diff::decide(*flags)?))),
        Command::Tree(flags) => Ok(Mode::Tree(Box::new(tree::decide(*flags)?))),
        Command::Completion { shell } => Ok(Mode::Print {
            text: flags::completion(shell),
        }),
        Command::Version => Ok(Mode::Print {
            text: flags::version(),
        }),
    }
}

fn build(flags: BuildFlags) -> Result<Build, Error> {
    let targets = if flags.recursive {
        Targets::Units
    } else {
        directories(&flags.paths, flags.mac_policy)?
    };
    Ok(Build {
        root: flags.directory,
        targets,
        secrets: secrets(flags.show_secrets),
        format: match flags.output {
            OutputFlag::Yaml => Format::Yaml,
            OutputFlag::Json => Format::Json,
        },
    })
}

/// The directories that were named, or the root.
fn directories(paths: &[String], policy: MacPolicyFlag) -> Result<Targets, Error> {
    let policy = match policy {
        MacPolicyFlag::Refuse => MacPolicy::Refuse,
        MacPolicyFlag::Warn => MacPolicy::Warn,
    };
    if paths.is_empty() {
        return Ok(Targets::Directories(vec![ArtifactPath::ROOT], policy));
    }
    let paths = paths
        .iter()
        .map(|path| path.parse())
        .collect::<Result<Vec<ArtifactPath>, ParsePath>>()
        .map_err(|source| Error::Path { source })?;
    Ok(Targets::Directories(paths, policy))
}

fn secrets(show: bool) -> Secrets {
    if show {
        Secrets::Shown
    } else {
        Secrets::Masked
    }
}

#[cfg(test)]
mod tests;
