//! Everything that can be decided before the first stage is looked at.

use cluster::Cluster;
use jiff::Timestamp;
use manifests::Revision;

use super::observe::Found;
use super::parse::Wanted;
use crate::engine::{Engine, Notice, Prepared};
use crate::error::Error;

/// What to bring to the cluster, or why that cannot be.
pub(crate) struct Plan {
    pub(super) revision: Revision,
    pub(super) cluster: Cluster,
    pub(super) prepared: Result<Prepared, Error>,
    pub(super) notices: Vec<Notice>,
    pub(super) now: Timestamp,
}

/// Normalises and sorts into stages.
pub(super) fn plan(wanted: &Wanted, found: Found, now: Timestamp) -> Plan {
    let revision = found.revision;
    let waiting_since = wanted
        .waiting
        .as_ref()
        .filter(|(waited_for, _)| *waited_for == revision.to_string())
        .map(|(_, since)| *since);
    let (prepared, notices) = match found.built {
        Ok((built, scopes)) => {
            let prepared = Engine::prepare(
                wanted.unit.clone(),
                built.manifests,
                &scopes,
                wanted.inventory.clone(),
                waiting_since,
            );
            (prepared, built.notices)
        }
        Err(error) => (Err(error), Vec::new()),
    };
    Plan {
        revision,
        cluster: found.cluster,
        prepared,
        notices,
        now,
    }
}
