//! One sync on its way through its waves: which step is next.
//!
//! A sync is a list of [`Task`]s, sorted by wave, kind and name. Nothing about it is kept but what
//! came of each task so far ([`Results`]) and what the API server has; from these [`Sync::next`]
//! says what to do, so that a sync goes on after a restart where it was. The caller does what a
//! [`Step`] says, records what came of it, looks at what was written, and asks again, until the
//! answer is to wait or the sync has ended.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use manifests::{GroupKind, Manifest, ObjectId};
use serde_json::Value;

use crate::health::{Fields, Health, assess};
use crate::normalise::Wanted;
use crate::plan::{self, ChangeSet, DryRun, Found, Planned};
use crate::stage::{Task, TaskAct};
use crate::unit::{PrunePolicy, Unit};

mod results;

pub use results::{Done, Outcome, Results};

/// How long a definition may take until its kind is served.
const DEFINITION_TIMEOUT: Duration = Duration::from_mins(1);
/// How soon a kind that is not served yet is looked for again.
const NEXT_DEFINITION: Duration = Duration::from_millis(250);
/// How soon a wave is looked at again: at once at first, later not so often.
const NEXT_LOOK: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(10));

/// What is known about a sync.
#[derive(Clone, Copy, Debug)]
pub struct Sync<'a> {
    /// The unit.
    pub unit: &'a Unit,
    /// The whole desired state: what is in it is never pruned.
    pub wanted: &'a Wanted,
    /// What is to be done, in order.
    pub tasks: &'a [Task],
    /// What the API server has of each wanted object and says of applying it. What was not looked
    /// at since it may have changed is not in here.
    pub found: &'a BTreeMap<ObjectId, Found>,
    /// Version and live state of the objects of the inventory that are not wanted.
    pub stale: &'a BTreeMap<ObjectId, (String, Option<Value>)>,
    /// Objects that may not be touched, and why.
    pub forbidden: &'a BTreeMap<ObjectId, String>,
    /// What came of the tasks so far.
    pub results: &'a Results,
    /// Workloads that wait for Secrets: the rest of their wave goes on without them.
    pub held: &'a BTreeSet<ObjectId>,
    /// When the sync began.
    pub began: Timestamp,
    /// How long to pause between two waves.
    pub pause: Duration,
}

/// What is to be done next.
#[derive(Clone, Debug)]
pub enum Step {
    /// Carry this out, record what came of it and look at it again.
    Write(ChangeSet<Planned>),
    /// Look at these, then ask again.
    Look(Vec<ObjectId>),
    /// Nothing, until what is held need not wait any more.
    Hold,
    /// Nothing, for a while.
    Wait {
        /// What is waited for.
        message: String,
        /// When to ask again.
        again: Duration,
    },
    /// It is done.
    Succeeded {
        /// What to say about it.
        message: String,
    },
    /// It failed.
    Failed {
        /// Why.
        message: String,
        /// The objects that are to blame and were not written, each with the reason.
        refused: Vec<(ObjectId, String)>,
    },
}

impl Sync<'_> {
    /// Returns the next step.
    pub fn next(&self, now: Timestamp) -> Step {
        if let Some(message) = self.results.failure() {
            return Step::Failed {
                message,
                refused: Vec::new(),
            };
        }
        // What a project permits may change while a sync is on its way; whether everything can be
        // applied is asked before the first write alone.
        let refused = self.not_permitted().or_else(|| {
            let begins = self.results.is_empty();
            begins.then(|| self.not_accepted()).flatten()
        });
        if let Some(refused) = refused {
            return refused;
        }
        let waves: BTreeSet<i64> = self.tasks.iter().map(|task| task.wave).collect();
        for wave in &waves {
            if let Some(group) = self.group(*wave) {
                return self.write(&group, now);
            }
            if self.holds(*wave) {
                return Step::Hold;
            }
            let is_last = waves.last() == Some(wave);
            if waves.len() > 1
                && let Some(step) = self.wait(*wave, is_last, now)
            {
                return step;
            }
        }
        Step::Succeeded {
            message: "successfully synced (all tasks run)".to_owned(),
        }
    }

    /// Returns why the sync must not begin at all: nothing is written unless everything can be.
    pub fn invalid(&self) -> Option<Step> {
        self.not_permitted().or_else(|| self.not_accepted())
    }

    /// Returns why nothing more may be written: an object that is still to be is not permitted.
    fn not_permitted(&self) -> Option<Step> {
        let refused = self.applied().filter(|task| !self.results.has(&task.id));
        let refused = refused
            .filter_map(|task| Some((task.id.clone(), self.forbidden.get(&task.id)?.clone())));
        failed("one or more objects may not be synced", refused.collect())
    }

    /// Returns why the sync must not begin: the API server would not take an object.
    fn not_accepted(&self) -> Option<Step> {
        let refused = self
            .applied()
            .filter(|task| !self.waits_for_another(&task.id))
            .filter_map(|task| Some((task.id.clone(), self.refusal(&task.id)?)));
        failed(
            "one or more objects failed to apply (dry run)",
            refused.collect(),
        )
    }

    fn applied(&self) -> impl Iterator<Item = &Task> {
        self.tasks.iter().filter(|task| task.act == TaskAct::Apply)
    }

    fn manifest(&self, id: &ObjectId) -> Option<&Manifest> {
        let manifests = self.wanted.manifests();
        manifests.iter().find(|manifest| manifest.id() == *id)
    }

    fn refusal(&self, id: &ObjectId) -> Option<String> {
        plan::foresee(self.unit, self.manifest(id)?, self.found.get(id)?).err()
    }

    /// Whether the same sync makes the namespace or the definition that an object needs.
    fn waits_for_another(&self, id: &ObjectId) -> bool {
        self.applied().any(|task| {
            let makes_namespace = task.id.group_kind == GroupKind::new("", "Namespace")
                && id.namespace.as_ref() == Some(&task.id.name);
            makes_namespace || self.defines(task, &id.group_kind)
        })
    }

    fn defines(&self, task: &Task, kind: &GroupKind) -> bool {
        is_definition(&task.id)
            && self.manifest(&task.id).is_some_and(|manifest| {
                let object = manifest.object();
                object.text("/spec/group") == kind.group
                    && object.text("/spec/names/kind") == kind.kind
            })
    }

    /// Returns the next tasks of a wave that may be done at once: what is pruned goes first, then
    /// one kind after the other.
    fn group(&self, wave: i64) -> Option<Vec<&Task>> {
        let left = |act: TaskAct| {
            self.tasks
                .iter()
                .filter(move |task| task.wave == wave && task.act == act)
                .filter(|task| !self.results.has(&task.id) && !self.held.contains(&task.id))
        };
        let pruned: Vec<&Task> = left(TaskAct::Prune).collect();
        if !pruned.is_empty() {
            return Some(pruned);
        }
        let first = left(TaskAct::Apply).next()?;
        Some(
            left(TaskAct::Apply)
                .filter(|task| task.id.group_kind == first.id.group_kind)
                .collect(),
        )
    }

    fn holds(&self, wave: i64) -> bool {
        let mut tasks = self.tasks.iter().filter(|task| task.wave == wave);
        tasks.any(|task| self.held.contains(&task.id))
    }

    fn write(&self, group: &[&Task], now: Timestamp) -> Step {
        let is_pruned = group.iter().any(|task| task.act == TaskAct::Prune);
        if is_pruned {
            return Step::Write(self.prune(group));
        }
        let unseen: Vec<ObjectId> = group
            .iter()
            .map(|task| &task.id)
            .filter(|id| !self.found.contains_key(id))
            .cloned()
            .collect();
        if !unseen.is_empty() {
            return Step::Look(unseen);
        }
        let manifests: Vec<&Manifest> = group
            .iter()
            .filter_map(|task| self.manifest(&task.id))
            .collect();
        match plan::plan_objects(self.unit, manifests, self.found) {
            Ok(planned) => Step::Write(planned),
            Err(refused) => self.refused(refused, now),
        }
    }

    fn prune(&self, group: &[&Task]) -> ChangeSet<Planned> {
        let candidates = group
            .iter()
            .map(|task| (task.id.clone(), task.version.clone()))
            .collect();
        let live = self
            .stale
            .iter()
            .map(|(id, (_, live))| (id.clone(), live.clone()))
            .collect();
        match self.unit.prune {
            PrunePolicy::Prune => plan::plan_removal(self.unit, self.wanted, candidates, &live),
            PrunePolicy::Keep => plan::keep(candidates),
        }
    }

    /// A kind that this sync defines is served a moment after its definition was written.
    fn refused(&self, refused: plan::StageRefused, now: Timestamp) -> Step {
        let is_young = now.duration_since(self.began).unsigned_abs() < DEFINITION_TIMEOUT;
        let awaited = refused.failures.iter().find(|failure| {
            self.applied()
                .any(|task| self.defines(task, &failure.object.group_kind))
        });
        if let Some(failure) = awaited.filter(|_| is_young) {
            let kind = &failure.object.group_kind;
            return Step::Wait {
                message: format!("waiting for {}/{} to be served", kind.group, kind.kind),
                again: NEXT_DEFINITION,
            };
        }
        let refused: Vec<(ObjectId, String)> = refused
            .failures
            .into_iter()
            .map(|failure| (failure.object, failure.message))
            .collect();
        Step::Failed {
            message: format!("one or more objects failed to apply: {}", list(&refused)),
            refused,
        }
    }

    /// Returns what is waited for before the next wave, or before the end of a sync of several.
    fn wait(&self, wave: i64, is_last: bool, now: Timestamp) -> Option<Step> {
        let tasks = || self.tasks.iter().filter(|task| task.wave == wave);
        let mut awaited = Vec::new();
        let mut degraded = Vec::new();
        for task in tasks().filter(|task| task.act == TaskAct::Apply) {
            let live = self
                .found
                .get(&task.id)
                .and_then(|found| found.live.as_ref());
            let Some(assessed) = assess(self.unit.health.model, live, now) else {
                continue;
            };
            match assessed.health {
                Health::Healthy | Health::Suspended => {}
                Health::Degraded => degraded.push((task.id.clone(), assessed.message)),
                Health::Progressing | Health::Missing | Health::Unknown => awaited.push(&task.id),
            }
        }
        if !degraded.is_empty() {
            return Some(Step::Failed {
                message: format!(
                    "one or more synchronization tasks completed unsuccessfully: {}",
                    list(&degraded)
                ),
                refused: Vec::new(),
            });
        }
        if let Some(message) = waiting("healthy state", &awaited) {
            return Some(self.look_again(message, now));
        }
        let leaving: Vec<&ObjectId> = tasks()
            .filter(|task| task.act == TaskAct::Prune && self.results.pruned(&task.id))
            .map(|task| &task.id)
            .filter(|id| self.stale.get(id).is_some_and(|(_, live)| live.is_some()))
            .collect();
        if let Some(message) = waiting("deletion", &leaving) {
            return Some(self.look_again(message, now));
        }
        let pause = self.pause_left(tasks(), now).filter(|_| !is_last)?;
        Some(Step::Wait {
            message: "pausing before the next wave".to_owned(),
            again: pause,
        })
    }

    fn look_again(&self, message: String, now: Timestamp) -> Step {
        let (soonest, latest) = NEXT_LOOK;
        let age = now.duration_since(self.began).unsigned_abs();
        Step::Wait {
            message,
            again: (age / 4).clamp(soonest, latest),
        }
    }

    /// Other controllers get a moment to react to a wave before the next one begins (G-076).
    ///
    /// When the wave was written is told by the objects themselves, in whole seconds.
    fn pause_left<'t>(
        &self,
        tasks: impl Iterator<Item = &'t Task>,
        now: Timestamp,
    ) -> Option<Duration> {
        let manager = self.unit.owner.field_manager.as_str();
        let last = tasks
            .filter_map(|task| self.found.get(&task.id)?.live.as_ref())
            .filter_map(|live| written_at(live, manager))
            .max()?;
        let passed = Duration::try_from(now.duration_since(last)).unwrap_or_default();
        self.pause
            .checked_sub(passed)
            .filter(|left| !left.is_zero())
    }
}

/// Whether objects of the kind define kinds.
pub fn is_definition(id: &ObjectId) -> bool {
    id.group_kind == GroupKind::new("apiextensions.k8s.io", "CustomResourceDefinition")
}

/// Returns the objects whose answer may be another one since some were written: what was refused
/// for want of a namespace or a definition.
pub fn outdated(
    written: &BTreeSet<ObjectId>,
    found: &BTreeMap<ObjectId, Found>,
) -> BTreeSet<ObjectId> {
    let namespace = GroupKind::new("", "Namespace");
    let is_needed = |id: &ObjectId| is_definition(id) || id.group_kind == namespace;
    if !written.iter().any(is_needed) {
        return BTreeSet::new();
    }
    found
        .iter()
        .filter(|(_, found)| matches!(found.dry_run, DryRun::Refused(_)))
        .map(|(id, _)| id.clone())
        .collect()
}

/// Returns when a field manager changed an object last.
fn written_at(live: &Value, manager: &str) -> Option<Timestamp> {
    live.list("/metadata/managedFields")
        .iter()
        .filter(|entry| entry.text("/manager") == manager)
        .filter_map(|entry| entry.text("/time").parse().ok())
        .max()
}

fn failed(what: &str, refused: Vec<(ObjectId, String)>) -> Option<Step> {
    (!refused.is_empty()).then(|| Step::Failed {
        message: format!("{what}: {}", list(&refused)),
        refused,
    })
}

fn waiting(what: &str, objects: &[&ObjectId]) -> Option<String> {
    let first = objects.first()?;
    let more = match objects.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more resources"),
    };
    let kind = &first.group_kind;
    let group = if kind.group.is_empty() {
        String::new()
    } else {
        format!("{}/", kind.group)
    };
    Some(format!(
        "waiting for {what} of {group}{}/{}{more}",
        kind.kind, first.name
    ))
}

fn list(reasons: &[(ObjectId, String)]) -> String {
    let texts: Vec<String> = reasons
        .iter()
        .map(|(id, reason)| format!("{id}: {reason}"))
        .collect();
    texts.join("; ")
}

#[cfg(test)]
mod tests;
