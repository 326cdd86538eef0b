//! Prune: what is in the inventory and no longer wanted, if it is ours and unprotected.

use std::collections::{BTreeMap, BTreeSet};

use manifests::{Manifest, ObjectId};
use serde_json::Value;

use super::{Action, Applied, ChangeSet, Complete, Entry, Planned, Skip, Write, uid};
use crate::inventory::Inventory;
use crate::normalise::Wanted;
use crate::stage::total_order;
use crate::unit::{DeletionPolicy, Protection, PrunePolicy, Unit, fellow_claimant};

/// Returns the objects prune has to look at, in the order it deletes them: the reverse of apply.
pub fn stale(complete: &Complete, old: &Inventory) -> Vec<(ObjectId, String)> {
    reversed(
        old.iter()
            .filter(|(id, _)| !complete.wanted.contains_key(id)),
    )
}

/// Decides what to delete after a complete run (G-187).
///
/// `live` holds what the API server has of [`stale`], with `None` for what is gone. Whatever is not
/// in the old inventory is not looked at, let alone deleted.
pub fn plan_prune(
    unit: &Unit,
    complete: &Complete,
    old: &Inventory,
    live: &BTreeMap<ObjectId, Option<Value>>,
) -> ChangeSet<Planned> {
    let stale = match unit.prune {
        PrunePolicy::Prune => stale(complete, old),
        PrunePolicy::Keep => Vec::new(),
    };
    plan_deletion(unit, &FROM_PRUNE, stale, live)
}

/// Decides what to delete when the unit itself is deleted.
///
/// `live` holds what the API server has of the inventory, with `None` for what is gone. A suspended
/// unit deletes nothing.
pub fn plan_teardown(
    unit: &Unit,
    inventory: &Inventory,
    live: &BTreeMap<ObjectId, Option<Value>>,
) -> ChangeSet<Planned> {
    let deletes = !unit.suspended
        && match unit.deletion {
            DeletionPolicy::MirrorPrune => unit.prune == PrunePolicy::Prune,
            DeletionPolicy::Delete | DeletionPolicy::WaitForTermination => true,
            DeletionPolicy::Orphan => false,
        };
    let all = if deletes {
        reversed(inventory.iter())
    } else {
        Vec::new()
    };
    plan_deletion(unit, &FROM_TEARDOWN, all, live)
}

/// Decides about the deletion of some objects that a complete desired state does not hold any more.
///
/// `live` is as for [`plan_prune`]; what is wanted is left out, whoever asked for it.
pub fn plan_removal(
    unit: &Unit,
    wanted: &Wanted,
    mut candidates: Vec<(ObjectId, String)>,
    live: &BTreeMap<ObjectId, Option<Value>>,
) -> ChangeSet<Planned> {
    let held: BTreeSet<ObjectId> = wanted.manifests().iter().map(Manifest::id).collect();
    candidates.retain(|(id, _)| !held.contains(id));
    plan_deletion(unit, &FROM_PRUNE, candidates, live)
}

/// Decides that some objects stay although they are no longer wanted.
pub fn keep(candidates: Vec<(ObjectId, String)>) -> ChangeSet<Planned> {
    let entries = candidates
        .into_iter()
        .map(|(id, version)| Entry {
            id,
            version,
            action: Action::Skipped(Skip::NotAsked),
        })
        .collect();
    ChangeSet {
        entries,
        state: Planned::default(),
    }
}

/// What a prune left behind.
#[derive(Clone, Debug)]
pub struct Pruned {
    /// The inventory to record: what is wanted, and what could not be deleted.
    pub inventory: Inventory,
    /// Whether every deletion succeeded.
    pub clean: bool,
}

impl Complete {
    /// Takes what came of the prune: what could not be deleted stays in the inventory for the
    /// next run.
    pub fn pruned(self, applied: &ChangeSet<Applied>) -> Pruned {
        let mut inventory = self.inventory;
        let mut clean = true;
        for entry in &applied.entries {
            if applied.failed(&entry.id) || entry.action == Action::Skipped(Skip::Unseen) {
                inventory.insert(entry.id.clone(), entry.version.clone());
                clean = false;
            }
        }
        Pruned { inventory, clean }
    }
}

pub(super) fn reversed<'a>(
    entries: impl Iterator<Item = (&'a ObjectId, &'a str)>,
) -> Vec<(ObjectId, String)> {
    let mut entries: Vec<_> = entries
        .map(|(id, version)| (id.clone(), version.to_owned()))
        .collect();
    entries.sort_by(|(left, _), (right, _)| total_order(right, left));
    entries
}

/// What keeps an object from being pruned.
pub(super) const FROM_PRUNE: [Protection; 3] = [
    Protection::KeepFromPrune,
    Protection::LeaveAlone,
    Protection::Ignore,
];

/// What keeps an object from being deleted with its unit.
const FROM_TEARDOWN: [Protection; 3] = [
    Protection::KeepFromTeardown,
    Protection::LeaveAlone,
    Protection::Ignore,
];

pub(super) fn plan_deletion(
    unit: &Unit,
    protections: &[Protection],
    candidates: Vec<(ObjectId, String)>,
    live: &BTreeMap<ObjectId, Option<Value>>,
) -> ChangeSet<Planned> {
    let mut entries = Vec::with_capacity(candidates.len());
    let mut writes = Vec::new();
    for (id, version) in candidates {
        let action = match live.get(&id) {
            None => Action::Skipped(Skip::Unseen),
            Some(None) => Action::Skipped(Skip::Gone),
            Some(Some(live)) => {
                let keep = reason_to_keep(unit, protections, live);
                if keep.is_none() {
                    let (id, version) = (id.clone(), version.clone());
                    writes.push(Write::Delete {
                        id,
                        version,
                        uid: uid(live),
                    });
                }
                keep.map_or(Action::Deleted, Action::Skipped)
            }
        };
        entries.push(Entry {
            id,
            version,
            action,
        });
    }
    ChangeSet {
        entries,
        state: Planned { writes },
    }
}

/// Whether an object that is no longer wanted would be pruned: it is the unit's own and nothing
/// protects it.
pub fn is_prunable(unit: &Unit, live: &Value) -> bool {
    unit.prune == PrunePolicy::Prune && reason_to_keep(unit, &FROM_PRUNE, live).is_none()
}

fn reason_to_keep(unit: &Unit, protections: &[Protection], live: &Value) -> Option<Skip> {
    if !unit.owner.owns(live) {
        return Some(Skip::NotOurs);
    }
    if let Some(by) = fellow_claimant(&unit.id, &unit.owner, live) {
        return Some(Skip::Claimed { by });
    }
    let mut protections = protections.iter().copied();
    protections
        .find(|effect| unit.protects(live, *effect))
        .map(Skip::Protected)
}
