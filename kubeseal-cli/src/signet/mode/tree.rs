//! What `signet tree` is asked for.

use super::UnitName;
use crate::kubeconfig::ClusterFlags;
use crate::signet::error::Error;
use crate::signet::flags::{ColorFlag, TreeFlags, TreeOutputFlag};

/// Which units to show, and how.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::signet) struct Tree {
    pub(in crate::signet) units: Units,
    pub(in crate::signet) output: TreeOutputFlag,
    pub(in crate::signet) color: ColorFlag,
    pub(in crate::signet) cluster: ClusterFlags,
}

/// Which units.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::signet) enum Units {
    One(UnitName),
    OfNamespace,
    All,
}

/// Turns what was typed into what it means.
pub(super) fn decide(flags: TreeFlags) -> Result<Tree, Error> {
    let units = match flags.unit {
        Some(text) => match UnitName::parse(&text)? {
            Some(unit) => Units::One(unit),
            None => return Err(Error::UnitName { text }),
        },
        None if flags.all_namespaces => Units::All,
        None => Units::OfNamespace,
    };
    Ok(Tree {
        units,
        output: flags.output,
        color: flags.color,
        cluster: flags.cluster,
    })
}
