//! What to do, with all checks done.

use std::path::PathBuf;

use manifests::{ArtifactPath, ParsePath};
use pipeline::unit::MacPolicy;

use super::error::Error;
use super::flags::{self, BuildFlags, Command, Flags, MacPolicyFlag, OutputFlag};

/// One job.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Print a text.
    Print { text: String },
    /// Build a repository.
    Build(Build),
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
        Command::Completion { shell } => Ok(Mode::Print {
            text: flags::completion(shell),
        }),
        Command::Version => Ok(Mode::Print {
            text: flags::version(),
        }),
    }
}

fn build(flags: BuildFlags) -> Result<Build, Error> {
    let policy = match flags.mac_policy {
        MacPolicyFlag::Refuse => MacPolicy::Refuse,
        MacPolicyFlag::Warn => MacPolicy::Warn,
    };
    let targets = if flags.recursive {
        Targets::Units
    } else if flags.paths.is_empty() {
        Targets::Directories(vec![ArtifactPath::ROOT], policy)
    } else {
        let paths = flags.paths.iter().map(|path| path.parse());
        let paths = paths
            .collect::<Result<Vec<ArtifactPath>, ParsePath>>()
            .map_err(|source| Error::Path { source })?;
        Targets::Directories(paths, policy)
    };
    Ok(Build {
        root: flags.directory,
        targets,
        secrets: if flags.show_secrets {
            Secrets::Shown
        } else {
            Secrets::Masked
        },
        format: match flags.output {
            OutputFlag::Yaml => Format::Yaml,
            OutputFlag::Json => Format::Json,
        },
    })
}

#[cfg(test)]
mod tests;
