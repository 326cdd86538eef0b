//! Plan: wanted, found and inventory in, a change set out. Deciding is done here, all of it.
//!
//! A unit is applied stage by stage ([`crate::stage`]), because a later stage may need what an
//! earlier one defines. The caller loops:
//!
//! 1. [`Run::begin`] over all stages;
//! 2. for each stage: ask the API server what it has and what a dry run says ([`Found`]), then
//!    [`plan_stage`]; carry the writes out; [`Run::record`] the outcome; wait, if the stage says
//!    so, until its objects are usable ([`crate::health`]);
//! 3. [`Run::complete`] gives the token without which [`plan_prune`] cannot be called.
//!
//! A wait ends the loop with a result; the next reconcile begins again, finds everything of the
//! earlier stages unchanged, and comes back to the same place. Planning again after applying is
//! empty.

use std::collections::BTreeMap;
use std::fmt;

use manifests::{Manifest, ObjectId};
use serde_json::Value;

use crate::inventory::Inventory;
use crate::stage::{Stage, Stages};
use crate::unit::{ImmutableChange, Protection, Unit, claimant};

mod compare;
mod foresee;
mod prune;
mod split;

pub(crate) use compare::LAST_APPLIED;
pub use compare::{Comparable, differs};
pub use foresee::{foresee, foresee_prune, foresee_stale};
pub use prune::{Pruned, is_prunable, keep, plan_prune, plan_removal, plan_teardown, stale};

/// What the API server says about one wanted object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// The object as it is, values of Secrets replaced by tokens; `None` when there is none. Where
    /// it was compared already, its labels, annotations and UID are enough.
    pub live: Option<Value>,
    /// What applying it would make of it.
    pub dry_run: DryRun,
}

/// What a server-side dry run of an apply answered.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum DryRun {
    /// None was made, because [`wants_dry_run`] said so.
    #[default]
    Skipped,
    /// The object as it would be, values of Secrets replaced by the same tokens.
    Predicted(Value),
    /// Applying changes nothing: what would be was compared with what is before ([`Comparable`]).
    Same,
    /// Applying changes something, compared as well.
    Different,
    /// The API server refused.
    Refused(Refusal),
}

/// Why the API server refused a dry run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its text, without values (S8).
    pub message: String,
    /// Whether an immutable field is to blame, so that only a new object can have the wanted state.
    pub immutable: bool,
}

/// What happens, or happened, to one object.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// It is made.
    Created,
    /// It is changed.
    Configured,
    /// It is as wanted.
    Unchanged,
    /// It is no longer wanted and goes away.
    Deleted,
    /// It is left as it is.
    Skipped(Skip),
}

/// Why an object is left as it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Skip {
    /// A mark on the wanted or live object protects it.
    Protected(Protection),
    /// The live object does not carry the unit's marks (I3).
    NotOurs,
    /// There is nothing to delete.
    Gone,
    /// Nobody looked whether it is there, so it stays in the inventory.
    Unseen,
    /// It belongs to another unit: one of another family, or one that is to adopt it (G-250).
    Claimed {
        /// Which one, as `<family>:<namespace>/<name>`.
        by: String,
    },
    /// It is no longer wanted, and nobody asked for its deletion.
    NotAsked,
}

impl fmt::Display for Action {
    /// Writes the word events use (G-211).
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Created => "created",
            Self::Configured => "configured",
            Self::Unchanged => "unchanged",
            Self::Deleted => "deleted",
            Self::Skipped(_) => "skipped",
        })
    }
}

/// One object and what is, or was, done with it. Displayed as events say it:
/// `Deployment/apps/web configured`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which object.
    pub id: ObjectId,
    /// API version without the group.
    pub version: String,
    /// What happens.
    pub action: Action,
}

impl fmt::Display for Entry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.id, self.action)
    }
}

/// What a plan decided (`S` = [`Planned`]) or what came of it (`S` = [`Applied`]).
///
/// Only a planned change set can be carried out, and only an applied one can be recorded.
#[derive(Clone, Debug, Default)]
pub struct ChangeSet<S> {
    entries: Vec<Entry>,
    state: S,
}

/// Not carried out yet: holds what to send to the API server.
#[derive(Clone, Debug, Default)]
pub struct Planned {
    writes: Vec<Write>,
}

/// Carried out: holds what failed.
#[derive(Clone, Debug, Default)]
pub struct Applied {
    failures: Vec<Failure>,
}

/// One request, or two in a row, to the API server.
#[derive(Clone, Debug)]
pub enum Write {
    /// Apply the manifest.
    Apply(Manifest),
    /// Apply the manifest without taking over fields of other managers.
    ApplyShared(Manifest),
    /// Delete the live object and apply the manifest.
    Recreate {
        /// What to apply.
        manifest: Manifest,
        /// UID of the object to delete; one made anew in between is left alone.
        uid: Option<String>,
    },
    /// Delete the live object.
    Delete {
        /// Which object.
        id: ObjectId,
        /// API version without the group.
        version: String,
        /// UID of the object that was looked at.
        uid: Option<String>,
    },
}

impl Write {
    /// Returns which object is written.
    pub fn id(&self) -> ObjectId {
        match self {
            Self::Apply(manifest)
            | Self::ApplyShared(manifest)
            | Self::Recreate { manifest, .. } => manifest.id(),
            Self::Delete { id, .. } => id.clone(),
        }
    }
}

/// A write that failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{object} {act} failed: {message}")]
pub struct Failure {
    /// Which object.
    pub object: ObjectId,
    /// `dry-run`, `apply` or `delete`.
    pub act: &'static str,
    /// What the API server said, without values (S8).
    pub message: String,
    /// Whether it could not be reached, so that the next try may well do.
    pub is_passing: bool,
}

/// A stage is not applied, not even in part, because a dry run of it was refused (G-205).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct StageRefused {
    /// Every refused object.
    pub failures: Vec<Failure>,
}

impl fmt::Display for StageRefused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, failure) in self.failures.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(formatter, "{separator}{failure}")?;
        }
        Ok(())
    }
}

impl<S> ChangeSet<S> {
    /// Returns every object with what is, or was, done with it.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Returns the objects that are, or were, changed.
    pub fn changes(&self) -> impl Iterator<Item = &Entry> {
        self.entries
            .iter()
            .filter(|entry| !matches!(entry.action, Action::Unchanged | Action::Skipped(_)))
    }
}

impl ChangeSet<Planned> {
    /// Returns what to send, in order. Writes of one kind do not depend on each other.
    pub fn writes(&self) -> &[Write] {
        &self.state.writes
    }

    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.state.writes.is_empty()
    }

    /// Says what came of it: the writes that failed; all others succeeded.
    ///
    /// Writes that were not tried count as failed and must be named too.
    pub fn applied(self, failures: Vec<Failure>) -> ChangeSet<Applied> {
        ChangeSet {
            entries: self.entries,
            state: Applied { failures },
        }
    }
}

impl ChangeSet<Applied> {
    /// Returns the writes that failed.
    pub fn failures(&self) -> &[Failure] {
        &self.state.failures
    }

    fn failed(&self, id: &ObjectId) -> bool {
        self.state
            .failures
            .iter()
            .any(|failure| failure.object == *id)
    }
}

/// Whether the API server has to be asked what applying an object would do.
///
/// Objects that are left alone in any case need no request.
pub fn wants_dry_run(unit: &Unit, manifest: &Manifest) -> bool {
    [
        Protection::LeaveAlone,
        Protection::Ignore,
        Protection::CreateOnly,
    ]
    .iter()
    .all(|effect| !unit.protects(manifest.object(), *effect))
}

/// Decides what to do with each object of a stage.
///
/// # Errors
///
/// When the dry run of any object was refused: then nothing of the stage is written (G-205).
pub fn plan_stage(
    unit: &Unit,
    stage: &Stage,
    found: &BTreeMap<ObjectId, Found>,
) -> Result<ChangeSet<Planned>, StageRefused> {
    plan_objects(unit, stage.manifests(), found)
}

/// Decides what to do with each of some objects.
///
/// # Errors
///
/// As [`plan_stage`].
pub fn plan_objects<'a>(
    unit: &Unit,
    manifests: impl IntoIterator<Item = &'a Manifest>,
    found: &BTreeMap<ObjectId, Found>,
) -> Result<ChangeSet<Planned>, StageRefused> {
    let absent = Found::default();
    let mut entries = Vec::new();
    let mut writes = Vec::new();
    let mut failures = Vec::new();
    for manifest in manifests {
        let id = manifest.id();
        let found = found.get(&id).unwrap_or(&absent);
        match decide(unit, manifest, found) {
            Ok((action, write)) => {
                writes.extend(write);
                entries.push(Entry {
                    id,
                    version: manifest.version().to_owned(),
                    action,
                });
            }
            Err(message) => failures.push(Failure {
                object: id,
                act: "dry-run",
                message,
                is_passing: false,
            }),
        }
    }
    if !failures.is_empty() {
        return Err(StageRefused { failures });
    }
    Ok(ChangeSet {
        entries,
        state: Planned { writes },
    })
}

/// Decides about one object. Whose it is comes first (§17): what a unit of another family has is not
/// written, whatever a dry run says.
fn decide(
    unit: &Unit,
    manifest: &Manifest,
    found: &Found,
) -> Result<(Action, Option<Write>), String> {
    let live = found.live.as_ref();
    if let Some(by) = live.and_then(|live| claimant(&unit.id, &unit.owner, live)) {
        return Ok((Action::Skipped(Skip::Claimed { by }), None));
    }
    if let Some(protection) = protection(unit, manifest, live) {
        return Ok((Action::Skipped(Skip::Protected(protection)), None));
    }
    let apply = || {
        if unit.protects(manifest.object(), Protection::Merge) {
            Write::ApplyShared(manifest.clone())
        } else {
            Write::Apply(manifest.clone())
        }
    };
    let Some(live) = &found.live else {
        return match &found.dry_run {
            DryRun::Refused(refusal) => Err(refusal.message.clone()),
            DryRun::Predicted(_) | DryRun::Same | DryRun::Different | DryRun::Skipped => {
                Ok((Action::Created, Some(apply())))
            }
        };
    };
    match &found.dry_run {
        DryRun::Same => Ok((Action::Unchanged, None)),
        DryRun::Predicted(predicted) if !differs(live, predicted) => Ok((Action::Unchanged, None)),
        DryRun::Predicted(_) | DryRun::Different | DryRun::Skipped => {
            Ok((Action::Configured, Some(apply())))
        }
        DryRun::Refused(refusal) if refusal.immutable && recreates(unit, manifest) => {
            let write = Write::Recreate {
                manifest: manifest.clone(),
                uid: uid(live),
            };
            Ok((Action::Configured, Some(write)))
        }
        DryRun::Refused(refusal) if refusal.immutable => Err(format!(
            "{}; hint: set force on the unit or the object to have it deleted and created anew",
            refusal.message
        )),
        DryRun::Refused(refusal) => Err(refusal.message.clone()),
    }
}

/// Returns the mark that keeps an object from being applied (G-204).
fn protection(unit: &Unit, manifest: &Manifest, live: Option<&Value>) -> Option<Protection> {
    let marked = |effect| {
        unit.protects(manifest.object(), effect)
            || live.is_some_and(|live| unit.protects(live, effect))
    };
    if unit.protects(manifest.object(), Protection::Ignore) {
        return Some(Protection::Ignore);
    }
    if marked(Protection::LeaveAlone) {
        return Some(Protection::LeaveAlone);
    }
    (live.is_some() && unit.protects(manifest.object(), Protection::CreateOnly))
        .then_some(Protection::CreateOnly)
}

fn recreates(unit: &Unit, manifest: &Manifest) -> bool {
    unit.immutable == ImmutableChange::Recreate
        || unit.protects(manifest.object(), Protection::Recreate)
}

fn uid(live: &Value) -> Option<String> {
    live.pointer("/metadata/uid")
        .and_then(Value::as_str)
        .map(str::to_owned)
}

/// One walk over all stages of a complete desired state.
#[derive(Clone, Debug)]
pub struct Run {
    wanted: BTreeMap<ObjectId, String>,
    /// Objects of stages that were applied.
    recorded: BTreeMap<ObjectId, Action>,
    failures: Vec<Failure>,
}

/// Proof that every object of a complete desired state was applied, or left alone on purpose.
///
/// There is no way to get one after a failed or partial build, a refused stage or a failed write,
/// and no way to plan a prune without one (I2).
#[derive(Clone, Debug)]
pub struct Complete {
    wanted: BTreeMap<ObjectId, String>,
    inventory: Inventory,
}

impl Run {
    /// Begins a run over all stages.
    pub fn begin(stages: &Stages) -> Self {
        let wanted = stages
            .manifests()
            .map(|manifest| (manifest.id(), manifest.version().to_owned()))
            .collect();
        Self {
            wanted,
            recorded: BTreeMap::new(),
            failures: Vec::new(),
        }
    }

    /// Takes what came of one stage.
    pub fn record(&mut self, applied: &ChangeSet<Applied>) {
        for entry in &applied.entries {
            if self.wanted.contains_key(&entry.id) && !applied.failed(&entry.id) {
                self.recorded.insert(entry.id.clone(), entry.action.clone());
            }
        }
        self.failures.extend_from_slice(&applied.state.failures);
    }

    /// Returns what failed so far.
    pub fn failures(&self) -> &[Failure] {
        &self.failures
    }

    /// Returns the inventory to record before the first write: what a crash in the middle could
    /// leave behind without anyone knowing. `None` when the old inventory covers it already.
    pub fn inventory_before(&self, old: &Inventory) -> Option<Inventory> {
        let wanted: Inventory = self
            .wanted
            .iter()
            .map(|(id, version)| (id.clone(), version.clone()))
            .collect();
        wanted
            .iter()
            .any(|(id, _)| !old.contains(id))
            .then(|| old.union(&wanted))
    }

    /// Returns the inventory to record when the run ends early: everything old, what was applied
    /// since, and what was tried: a write that failed for us, by its answer being lost, may have
    /// been done all the same.
    pub fn inventory_so_far(&self, old: &Inventory) -> Inventory {
        let tried = self
            .failures
            .iter()
            .filter_map(|failure| self.wanted.get_key_value(&failure.object))
            .map(|(id, version)| (id.clone(), version.clone()));
        old.union(&self.inventory(old)).union(&tried.collect())
    }

    /// Ends the run when every wanted object was recorded and nothing failed.
    pub fn complete(self, old: &Inventory) -> Option<Complete> {
        let all = self.wanted.keys().all(|id| self.recorded.contains_key(id));
        (all && self.failures.is_empty()).then(|| Complete {
            inventory: self.inventory(old),
            wanted: self.wanted,
        })
    }

    /// Objects left alone stay in the inventory if they were in it: they were ours once.
    fn inventory(&self, old: &Inventory) -> Inventory {
        self.recorded
            .iter()
            .filter(|(id, action)| !matches!(action, Action::Skipped(_)) || old.contains(id))
            .filter_map(|(id, _)| Some((id.clone(), self.wanted.get(id)?.clone())))
            .collect()
    }
}

impl Complete {
    /// Returns the objects that were applied.
    pub fn inventory(&self) -> &Inventory {
        &self.inventory
    }
}

#[cfg(test)]
mod tests;
