//! Compares a unit with the cluster, and walks a sync through its waves.
//!
//! What is to be done next is decided by [`pipeline::operation`]; here it is done. Everything that
//! was found out on the way comes back to the caller, who records it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cluster::Cluster;
use jiff::Timestamp;
use manifests::{Manifest, ObjectId};
use pipeline::consumers::{Held, Missing, Supply};
use pipeline::inventory::Inventory;
use pipeline::normalise::Wanted;
use pipeline::operation::{Results, Step, Sync, outdated};
use pipeline::plan::{ChangeSet, DryRun, Found, Planned, Write};
use pipeline::stage::Task;
use pipeline::unit::Unit;
use serde_json::Value;

use super::run::waits;
use super::{Engine, look};
use crate::error::{Category, Error};

/// How soon a workload whose Secret is not there is looked at again, where nobody wakes its unit.
const NEXT_SECRET: Duration = Duration::from_secs(5);
/// How soon an API server that did not answer is asked again.
const NEXT_TRY: Duration = Duration::from_secs(2);

/// What the API server has of a unit's objects.
#[derive(Debug, Default)]
pub(crate) struct Looked {
    /// Of each wanted object, with what applying it would do.
    pub(crate) found: BTreeMap<ObjectId, Found>,
    /// Of each object of the inventory that is not wanted, with its version.
    pub(crate) stale: BTreeMap<ObjectId, (String, Option<Value>)>,
}

/// A sync that is on its way.
pub(crate) struct Run<'a> {
    /// The unit.
    pub(crate) unit: &'a Unit,
    /// Its whole desired state.
    pub(crate) wanted: &'a Wanted,
    /// What is to be done.
    pub(crate) tasks: &'a [Task],
    /// What the whole desired state brings, and when ([`supply`]).
    pub(crate) supply: &'a Supply,
    /// What may not be touched, and why.
    pub(crate) forbidden: &'a BTreeMap<ObjectId, String>,
    /// When the sync, or this try of it, began.
    pub(crate) began: Timestamp,
    /// How long to pause between waves.
    pub(crate) pause: Duration,
}

/// What is known of a sync and grows on the way.
pub(crate) struct Progress {
    /// What the API server has.
    pub(crate) looked: Looked,
    /// What came of the tasks so far.
    pub(crate) results: Results,
    /// Secrets that workloads will miss.
    pub(crate) missing: Vec<Missing>,
}

/// How far a sync came.
#[derive(Debug)]
pub(crate) enum Ended {
    /// Something has to happen first.
    Waiting {
        /// What.
        message: String,
        /// When to look again.
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
    },
}

/// Returns what the whole desired state brings, in the order of its tasks. What is no task is there
/// already.
pub(crate) fn supply(wanted: &Wanted, tasks: &[Task]) -> Supply {
    Supply::of(wanted.manifests().iter().map(|manifest| {
        let id = manifest.id();
        let task = tasks.iter().find(|task| task.id == id);
        (task.map_or(i64::MIN, place_of), manifest)
    }))
}

/// Returns the place of a task in the order of writing. Within a wave what makes a Secret may come
/// after the workload, which then waits while the rest of the wave goes on.
fn place_of(task: &Task) -> i64 {
    task.wave
}

impl Run<'_> {
    /// Returns the sync as it stands.
    fn sync<'s>(&'s self, so_far: &'s Progress, held: &'s BTreeSet<ObjectId>) -> Sync<'s> {
        Sync {
            unit: self.unit,
            wanted: self.wanted,
            tasks: self.tasks,
            found: &so_far.looked.found,
            stale: &so_far.looked.stale,
            forbidden: self.forbidden,
            results: &so_far.results,
            held,
            began: self.began,
            pause: self.pause,
        }
    }

    /// Records the objects that were not written.
    fn refuse(&self, refused: &[(ObjectId, String)], so_far: &mut Progress) {
        for (id, reason) in refused {
            so_far.results.refuse(id, version(self, id), reason);
        }
    }

    /// Waits for Secrets, but no longer than the unit has time.
    fn hold(&self, message: String, now: Timestamp) -> Ended {
        let waited = now.duration_since(self.began).unsigned_abs();
        if waited >= self.unit.timeout {
            let limit = super::seconds(self.unit.timeout);
            return Ended::Failed {
                message: pipeline::sync::gave_up(&limit, &message),
            };
        }
        Ended::Waiting {
            message,
            again: NEXT_SECRET,
        }
    }
}

impl Engine {
    /// Looks at everything that a unit wants or had applied.
    ///
    /// # Errors
    ///
    /// When the API server cannot be asked.
    pub(crate) async fn look_at(
        &self,
        unit: &Unit,
        wanted: &Wanted,
        old: &Inventory,
        cluster: &Cluster,
    ) -> Result<Looked, Error> {
        let found = look::manifests(unit, wanted.manifests(), cluster, &self.recent).await?;
        let gone: Vec<(&ObjectId, &str)> = old
            .iter()
            .filter(|(id, _)| !found.contains_key(*id))
            .collect();
        let mut live = look::objects(gone.iter().copied(), cluster).await?;
        let stale = gone
            .into_iter()
            .map(|(id, version)| {
                let live = live.remove(id).flatten();
                (id.clone(), (version.to_owned(), live))
            })
            .collect();
        Ok(Looked { found, stale })
    }

    /// Goes on with a sync, as far as it comes in one go.
    pub(crate) async fn advance(
        &self,
        run: &Run<'_>,
        so_far: &mut Progress,
        cluster: &Cluster,
        clock: fn() -> Timestamp,
    ) -> Ended {
        let mut held: Vec<Held> = Vec::new();
        loop {
            let waiting = held.iter().map(|held| held.workload.clone()).collect();
            let step = run.sync(so_far, &waiting).next(clock());
            let went_on = match step {
                Step::Write(planned) => match self.write(run, planned, so_far, cluster).await {
                    Ok(more) => {
                        held.extend(more);
                        Ok(())
                    }
                    Err(error) => Err(error),
                },
                Step::Hold => return run.hold(waits(&held), clock()),
                Step::Look(ids) => {
                    self.look_again(run, &ids, &mut so_far.looked, cluster)
                        .await
                }
                Step::Wait { message, again } => return Ended::Waiting { message, again },
                Step::Succeeded { message } => return Ended::Succeeded { message },
                Step::Failed { message, refused } => {
                    run.refuse(&refused, so_far);
                    return Ended::Failed { message };
                }
            };
            if let Err(error) = went_on {
                return stopped(&error);
            }
        }
    }

    /// Whether the Secrets are there, or need not be waited for any more, that a sync waited for in
    /// vain with the workloads `held`.
    pub(crate) async fn is_freed(
        &self,
        unit: &Unit,
        wanted: &Wanted,
        tasks: &[Task],
        held: &BTreeSet<ObjectId>,
        cluster: &Cluster,
    ) -> bool {
        // It stopped at the first place where something had to wait.
        let places = tasks
            .iter()
            .filter(|task| held.contains(&task.id))
            .map(place_of);
        let Some(place) = places.min() else {
            return false;
        };
        let manifests = wanted.manifests().iter();
        let step = super::consumers::Step {
            unit,
            supply: &supply(wanted, tasks),
            place,
            manifests: manifests
                .filter(|manifest| held.contains(&manifest.id()))
                .collect(),
        };
        !self.holds(&step, cluster).await
    }

    /// Says whether a sync could begin, and writes nothing.
    pub(crate) fn rehearse(run: &Run<'_>, so_far: &mut Progress) -> Ended {
        match run.sync(so_far, &BTreeSet::new()).invalid() {
            Some(Step::Failed { message, refused }) => {
                run.refuse(&refused, so_far);
                Ended::Failed { message }
            }
            _ => Ended::Succeeded {
                message: "successfully synced (dry run)".to_owned(),
            },
        }
    }

    /// Carries a step out and looks at what was written; returns the workloads that wait.
    async fn write(
        &self,
        run: &Run<'_>,
        planned: ChangeSet<Planned>,
        so_far: &mut Progress,
        cluster: &Cluster,
    ) -> Result<Vec<Held>, Error> {
        let ids: BTreeSet<&ObjectId> = planned.entries().iter().map(|entry| &entry.id).collect();
        let place = run.tasks.iter().find(|task| ids.contains(&task.id));
        let manifests = run.wanted.manifests().iter();
        let step = super::consumers::Step {
            unit: run.unit,
            supply: run.supply,
            place: place.map_or(i64::MAX, place_of),
            manifests: manifests
                .filter(|manifest| ids.contains(&manifest.id()))
                .collect(),
        };
        let mut written: BTreeSet<ObjectId> = planned.writes().iter().map(Write::id).collect();
        let carried = self.carry(&step, planned, cluster).await;
        written.retain(|id| carried.applied.action(id).is_some());
        so_far.results.record(&carried.applied);
        so_far.missing.extend(carried.missing);
        let looked = &mut so_far.looked;
        for id in outdated(&written, &looked.found) {
            looked.found.remove(&id);
        }
        let written: Vec<(ObjectId, &str)> = written
            .into_iter()
            .map(|id| {
                let version = version(run, &id);
                (id, version)
            })
            .collect();
        let live = look::objects(written.iter().map(|(id, version)| (id, *version)), cluster);
        for (id, live) in live.await? {
            if let Some((_, stale)) = looked.stale.get_mut(&id) {
                *stale = live;
            } else {
                let dry_run = live.clone().map_or(DryRun::Skipped, DryRun::Predicted);
                looked.found.insert(id, Found { live, dry_run });
            }
        }
        Ok(carried.held)
    }

    async fn look_again(
        &self,
        run: &Run<'_>,
        ids: &[ObjectId],
        looked: &mut Looked,
        cluster: &Cluster,
    ) -> Result<(), Error> {
        // A definition may have come since.
        cluster.ask_again().await;
        let manifests: Vec<&Manifest> = run
            .wanted
            .manifests()
            .iter()
            .filter(|manifest| ids.contains(&manifest.id()))
            .collect();
        let found = look::manifests(run.unit, manifests, cluster, &self.recent).await?;
        looked.found.extend(found);
        Ok(())
    }
}

/// The API server is away: the sync goes on when it is back. Everything else fails it.
fn stopped(error: &Error) -> Ended {
    let message = crate::error::Chain(error).to_string();
    match error.category() {
        Category::Unavailable | Category::Conflict => Ended::Waiting {
            message,
            again: NEXT_TRY,
        },
        _ => Ended::Failed { message },
    }
}

fn version<'a>(run: &'a Run<'_>, id: &ObjectId) -> &'a str {
    let task = run.tasks.iter().find(|task| task.id == *id);
    task.map_or("", |task| task.version.as_str())
}
