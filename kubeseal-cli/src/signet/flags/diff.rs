//! `signet diff` as typed.

use std::path::PathBuf;

use clap::ValueEnum;

use super::{ColorFlag, MacPolicyFlag};
use crate::kubeconfig::ClusterFlags;

pub(super) const NOTES: &str = "\
What is compared:
  Each object is sent to the API server as a dry run of a server-side apply, which changes nothing
  and needs the right to patch it, and the answer is compared with the object as it is. Labels,
  annotations and everything but metadata and status count.
  A folder is applied as whoever applied an object last would do it: marks of its unit stay as they
  are. A unit is built with its own settings from its repository as it is now, fetched with the
  credentials of its source (that of an Application without any), and what would be pruned is shown
  too.

Secrets:
  Values of Secrets, and everything that was decrypted, are shown as tokens; within one run equal
  values have equal tokens, so that a changed value shows two of them.

Keys:
  The environment's, as for `signet build`; a unit's decryption Secret is not read.

Examples:
  signet diff . --path clusters/production -n apps
  signet diff kustomization/apps -n flux-system
  signet diff application/web -n argocd --source .
  signet diff kustomization/apps -n flux-system -o json | jq '.objects[].fields[].path'
";

pub(super) const EXIT_STATUS: &str = "\
Exit status:
  0   nothing would change
  1   something would change
  2   the comparison failed, or is not complete
  70  a fault of signet itself";

#[derive(Debug, clap::Args)]
pub(in crate::signet) struct DiffFlags {
    /// Folder, kustomization/NAME or application/NAME
    #[arg(value_name = "DIR|KIND/NAME")]
    pub(in crate::signet) subject: String,

    /// Directory of a folder to build, relative to it; can be repeated [default: the folder itself]
    #[arg(short, long = "path", value_name = "PATH")]
    pub(in crate::signet) paths: Vec<String>,

    /// Folder to build a unit from instead of its source, such as a checkout of the repository
    #[arg(long, value_name = "DIR")]
    pub(in crate::signet) source: Option<PathBuf>,

    /// Print plaintext instead of tokens; refused unless you may get the Secrets in the cluster
    #[arg(long)]
    pub(in crate::signet) show_secrets: bool,

    /// What an encrypted document of a folder whose MAC does not match means; of a unit, what it
    /// says counts
    #[arg(long, value_enum, default_value_t, value_name = "POLICY")]
    pub(in crate::signet) mac_policy: MacPolicyFlag,

    /// Field manager that a folder is applied as [default: the last one's]
    #[arg(long, value_name = "NAME")]
    pub(in crate::signet) field_manager: Option<String>,

    /// Namespace of the projects that an Application may be in
    #[arg(long, default_value = "argocd", value_name = "NAMESPACE")]
    pub(in crate::signet) argo_namespace: String,

    /// How to print: diff, or json
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(in crate::signet) output: DiffOutputFlag,

    /// When to colour
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub(in crate::signet) color: ColorFlag,

    #[command(flatten, next_help_heading = "Cluster")]
    pub(in crate::signet) cluster: ClusterFlags,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(in crate::signet) enum DiffOutputFlag {
    #[default]
    Diff,
    Json,
}
