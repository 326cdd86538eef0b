//! `signet tree` as typed.

use clap::ValueEnum;

use super::ColorFlag;
use crate::kubeconfig::ClusterFlags;

pub(super) const NOTES: &str = "\
What is shown:
  Each unit with its health and revision, and why it waits; below it the objects of its inventory as
  they are in the cluster, with health, and what they own: ReplicaSets, Jobs and Pods. Below a
  SealedSecret or ExternalSecret stands the Secret it makes, with store and last refresh. What cannot
  be read is shown so. Values of Secrets are never shown.

Examples:
  signet tree -A
  signet tree kustomization/apps -n flux-system
  signet tree -n flux-system -o json | jq '.units[].children[] | select(.health != \"Healthy\").name'
";

#[derive(Debug, clap::Args)]
pub(in crate::signet) struct TreeFlags {
    /// kustomization/NAME or application/NAME [default: all units of the namespace]
    #[arg(value_name = "KIND/NAME")]
    pub(in crate::signet) unit: Option<String>,

    /// Units of all namespaces
    #[arg(short = 'A', long, conflicts_with_all = ["unit", "namespace"])]
    pub(in crate::signet) all_namespaces: bool,

    /// How to print: tree, or json
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(in crate::signet) output: TreeOutputFlag,

    /// When to colour
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub(in crate::signet) color: ColorFlag,

    #[command(flatten, next_help_heading = "Cluster")]
    pub(in crate::signet) cluster: ClusterFlags,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(in crate::signet) enum TreeOutputFlag {
    #[default]
    Tree,
    Json,
}
