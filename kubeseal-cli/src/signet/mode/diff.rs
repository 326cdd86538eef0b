//! What `signet diff` is asked for.

use std::path::PathBuf;

use super::{Build, Format, Secrets, UnitName, directories, secrets};
use crate::kubeconfig::ClusterFlags;
use crate::signet::error::Error;
use crate::signet::flags::{ColorFlag, DiffFlags, DiffOutputFlag, MacPolicyFlag};

/// What to compare with the cluster, and how to show it.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::signet) struct Diff {
    pub(in crate::signet) subject: Subject,
    pub(in crate::signet) secrets: Secrets,
    pub(in crate::signet) output: DiffOutputFlag,
    pub(in crate::signet) color: ColorFlag,
    pub(in crate::signet) cluster: ClusterFlags,
}

/// What is compared.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::signet) enum Subject {
    /// A folder on disk.
    Folder {
        build: Build,
        field_manager: Option<String>,
    },
    /// A unit in the cluster.
    Unit {
        unit: UnitName,
        /// What is taken instead of the unit's source.
        source: Option<PathBuf>,
        /// Namespace of the projects of Applications.
        projects: String,
    },
}

/// Turns what was typed into what it means.
pub(super) fn decide(flags: DiffFlags) -> Result<Diff, Error> {
    let secrets = secrets(flags.show_secrets);
    let subject = if let Some(unit) = UnitName::parse(&flags.subject)? {
        let unused = [
            ("--path", !flags.paths.is_empty()),
            ("--field-manager", flags.field_manager.is_some()),
            ("--mac-policy", flags.mac_policy != MacPolicyFlag::default()),
        ];
        refuse_unused(&unused, "a folder", "a unit says so itself")?;
        Subject::Unit {
            unit,
            source: flags.source,
            projects: flags.argo_namespace,
        }
    } else {
        let unused = [("--source", flags.source.is_some())];
        refuse_unused(&unused, "a unit", "a folder is its own source")?;
        Subject::Folder {
            build: Build {
                root: flags.subject.into(),
                targets: directories(&flags.paths, flags.mac_policy)?,
                secrets,
                format: Format::Yaml,
            },
            field_manager: flags.field_manager,
        }
    };
    Ok(Diff {
        subject,
        secrets,
        output: flags.output,
        color: flags.color,
        cluster: flags.cluster,
    })
}

fn refuse_unused(
    flags: &[(&'static str, bool)],
    what: &'static str,
    why: &'static str,
) -> Result<(), Error> {
    match flags.iter().find(|(_, is_given)| *is_given) {
        None => Ok(()),
        Some((flag, _)) => Err(Error::UnusedFlag { flag, what, why }),
    }
}

#[cfg(test)]
mod tests;
