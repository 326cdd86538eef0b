//! Foreseeing: what a run would do, for those who only want to know.
//!
//! The same decisions as of a run, but what comes out are entries and no writes, so that nobody can
//! carry them out.

use std::collections::{BTreeMap, BTreeSet};

use manifests::{Manifest, ObjectId};
use serde_json::Value;

use super::prune::{FROM_PRUNE, plan_deletion, reversed};
use super::{Action, Entry, Found, decide};
use crate::inventory::Inventory;
use crate::stage::Stages;
use crate::unit::{PrunePolicy, Unit};

/// Returns what applying an object would do to it.
///
/// # Errors
///
/// Why the object, and with it the stage it is in, would be refused.
pub fn foresee(unit: &Unit, manifest: &Manifest, found: &Found) -> Result<Action, String> {
    decide(unit, manifest, found).map(|(action, _write)| action)
}

/// Returns the objects prune would look at after everything was applied, in the order it deletes
/// them.
pub fn foresee_stale(unit: &Unit, stages: &Stages, old: &Inventory) -> Vec<(ObjectId, String)> {
    if unit.prune == PrunePolicy::Keep {
        return Vec::new();
    }
    let wanted: BTreeSet<ObjectId> = stages.manifests().map(Manifest::id).collect();
    reversed(old.iter().filter(|(id, _)| !wanted.contains(id)))
}

/// Returns what prune would do to each of the objects of [`foresee_stale`], of which the API server
/// has what `live` says.
pub fn foresee_prune(
    unit: &Unit,
    stale: Vec<(ObjectId, String)>,
    live: &BTreeMap<ObjectId, Option<Value>>,
) -> Vec<Entry> {
    plan_deletion(unit, &FROM_PRUNE, stale, live).entries
}

#[cfg(test)]
mod tests;
