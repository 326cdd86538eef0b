//! Walks the stages of a unit: look, plan, write, and wait by stopping.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cluster::Cluster;
use jiff::Timestamp;
use manifests::{Manifest, ObjectId};
use pipeline::consumers::{Held, Missing, Supply};
use pipeline::health::{self, Pending, Verdict};
use pipeline::inventory::Inventory;
use pipeline::normalise::{Scopes, normalise};
use pipeline::plan::{self, Action, Complete, Entry, Run, Skip, plan_prune, plan_stage, stale};
use pipeline::stage::{Stage, Stages, stages};
use pipeline::unit::{HealthChecks, Unit, UnitId};
use serde_json::Value;

use super::consumers::Step;
use super::{Engine, Notice, Topic, carry, definitions, look};
use crate::error::{Category, Error};

/// Everything that can be decided without looking at live objects.
pub(crate) struct Prepared {
    unit: Unit,
    stages: Stages,
    /// The Secrets and makers of Secrets among the stages.
    supply: Supply,
    old: Inventory,
    /// Since when the same revision has been waited for, if it has.
    waiting_since: Option<Timestamp>,
}

/// How far a run came.
pub(crate) struct Progress {
    /// What was changed, in order.
    pub(crate) changes: Vec<Entry>,
    /// The inventory to record.
    pub(crate) inventory: Inventory,
    /// Secrets that workloads refer to, that are not there and that were not waited for.
    pub(crate) missing: Vec<Missing>,
    /// Objects that were left alone because they belong to somebody else.
    pub(crate) notices: Vec<Notice>,
    /// How the run ended.
    pub(crate) state: State,
}

/// How a run ended.
pub(crate) enum State {
    /// Everything is applied, pruned and as healthy as the unit asks for.
    Ready {
        /// How long health was waited for, when it was.
        checked: Option<Duration>,
    },
    /// Something has to happen first; the next run plans again from live state.
    Waiting {
        /// What is waited for.
        pending: Vec<Pending>,
        /// When to look again.
        again: Duration,
    },
    /// Workloads wait for Secrets; everything else of their stage is applied.
    Held {
        /// Which ones, and what for.
        held: Vec<Held>,
        /// When to look again, if nobody is woken before.
        again: Duration,
    },
    /// The run ended early. Nothing was pruned, unless pruning itself is what failed.
    Failed {
        /// Which part.
        at: Ended,
        /// Why.
        error: Error,
    },
}

/// In which part a run ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Dry run or apply.
    Apply,
    /// Deletion of what is no longer wanted.
    Prune,
    /// Health.
    Health,
}

/// How soon a stage that others depend on is looked at again: definitions are usable within
/// fractions of a second.
const NEXT_STAGE: Duration = Duration::from_millis(250);
/// How soon health is looked at again (§9.8).
const NEXT_HEALTH_CHECK: Duration = Duration::from_secs(5);

/// How many workloads are named that wait for Secrets, or miss them.
const NAMED: usize = 10;

/// Reason of a unit whose workloads waited for Secrets until its time was over.
const SECRET_NOT_READY: &str = "SecretNotReady";

impl Engine {
    /// Reads the scope of every kind that is wanted.
    pub(crate) async fn scopes(
        &self,
        manifests: &[Manifest],
        cluster: &Cluster,
    ) -> Result<Scopes, Error> {
        let kinds: BTreeSet<_> = manifests
            .iter()
            .map(|manifest| manifest.id().group_kind)
            .collect();
        let mut scopes = Scopes::default();
        for kind in kinds {
            if let Some(served) = cluster.preferred_kind(&kind.group, &kind.kind).await? {
                scopes.insert(kind, served.scope);
            }
        }
        Ok(scopes)
    }

    /// Normalises and sorts into stages. Pure.
    pub(crate) fn prepare(
        unit: Unit,
        manifests: Vec<Manifest>,
        scopes: &Scopes,
        old: Inventory,
        waiting_since: Option<Timestamp>,
    ) -> Result<Prepared, Error> {
        let wanted = normalise(manifests, &unit, scopes).map_err(|error| {
            Error::new(Category::Invalid, "ReconciliationFailed", error.to_string())
        })?;
        let stages = stages(wanted, &BTreeSet::new());
        Ok(Prepared {
            supply: supply(&stages),
            stages,
            unit,
            old,
            waiting_since,
        })
    }

    /// Brings the cluster to the prepared state, as far as it comes in one go.
    ///
    /// A failure is a [`State`] as well, because what was applied until then has to be recorded.
    pub(crate) async fn bring(
        &self,
        prepared: &Prepared,
        cluster: &Cluster,
        now: Timestamp,
    ) -> Progress {
        let mut walk = Walk::begin(prepared);
        for (place, stage) in (0..).zip(prepared.stages.iter()) {
            match self
                .stage(prepared, (place, stage), cluster, &mut walk)
                .await
            {
                Err(error) => {
                    let state = State::failed(Ended::Apply, error);
                    return prepared.early(walk, state);
                }
                Ok(held) if !held.is_empty() => {
                    let state = prepared.held(held, now);
                    return prepared.early(walk, state);
                }
                Ok(_) => {}
            }
            if let Some(limit) = stage.wait()
                && let Some(state) = self
                    .usable(prepared, stage, limit, cluster, now)
                    .await
                    .unwrap_or_else(|error| Some(State::failed(Ended::Apply, error)))
            {
                return prepared.early(walk, state);
            }
        }
        let Some(complete) = walk.run.clone().complete(&prepared.old) else {
            let error = Error::new(
                Category::Internal,
                "ReconciliationFailed",
                "not every object was applied, and no reason was recorded",
            );
            return prepared.early(walk, State::failed(Ended::Apply, error));
        };
        let candidates = stale(&complete, &prepared.old);
        let live = look::objects(
            candidates
                .iter()
                .map(|(id, version)| (id, version.as_str())),
            cluster,
        );
        match live.await {
            Ok(live) => {
                self.finish(prepared, complete, live, cluster, walk, now)
                    .await
            }
            Err(error) => prepared.early(walk, State::failed(Ended::Prune, error)),
        }
    }

    /// Brings one stage; returns the workloads of it that wait for Secrets.
    async fn stage(
        &self,
        prepared: &Prepared,
        (place, stage): (i64, &Stage),
        cluster: &Cluster,
        walk: &mut Walk,
    ) -> Result<Vec<Held>, Error> {
        let unit = &prepared.unit;
        let found = look::stage(unit, stage, cluster, &self.recent).await?;
        let planned = plan_stage(unit, stage, &found).map_err(|refused| {
            Error::new(
                Category::Invalid,
                "ReconciliationFailed",
                refused.to_string(),
            )
        })?;
        let step = Step {
            unit,
            supply: &prepared.supply,
            place,
            manifests: stage.manifests().iter().collect(),
        };
        let carried = self.carry(&step, planned, cluster).await;
        let applied = carried.applied;
        walk.missing.extend(carried.missing);
        walk.notices.extend(claims(unit, applied.entries()));
        let failed: BTreeSet<ObjectId> = applied
            .failures()
            .iter()
            .map(|failure| failure.object.clone())
            .collect();
        walk.changes.extend(
            applied
                .changes()
                .filter(|entry| !failed.contains(&entry.id))
                .cloned(),
        );
        walk.run.record(&applied);
        failure(applied.failures(), "ReconciliationFailed").map_or(Ok(carried.held), Err)
    }

    /// Returns why the next stage cannot begin yet; `None` when it can.
    async fn usable(
        &self,
        prepared: &Prepared,
        stage: &Stage,
        limit: Duration,
        cluster: &Cluster,
        now: Timestamp,
    ) -> Result<Option<State>, Error> {
        let ids: Vec<(ObjectId, String)> = stage
            .manifests()
            .iter()
            .map(|manifest| (manifest.id(), manifest.version().to_owned()))
            .collect();
        let live = look::objects(
            ids.iter().map(|(id, version)| (id, version.as_str())),
            cluster,
        )
        .await?;
        let verdict = health::judge(
            prepared.unit.health.model,
            ids.iter()
                .map(|(id, _)| (id.clone(), live.get(id).and_then(Option::as_ref))),
            now,
        );
        let verdict = match verdict {
            Verdict::Passed => definitions::served(stage, cluster).await?,
            Verdict::Waiting(_) | Verdict::Failed(_) => verdict,
        };
        Ok(prepared.verdict(verdict, limit, NEXT_STAGE, now))
    }

    async fn finish(
        &self,
        prepared: &Prepared,
        complete: Complete,
        live: BTreeMap<ObjectId, Option<Value>>,
        cluster: &Cluster,
        mut walk: Walk,
        now: Timestamp,
    ) -> Progress {
        let unit = &prepared.unit;
        let applied_ids = complete.inventory().clone();
        let planned = plan_prune(unit, &complete, &prepared.old, &live);
        let deleted = carry::out(unit, planned, cluster, &self.recent).await;
        let failed = failure(deleted.failures(), "PruneFailed");
        walk.changes.extend(
            deleted
                .entries()
                .iter()
                .filter(|entry| entry.action == Action::Deleted)
                .cloned(),
        );
        walk.notices.extend(claims(unit, deleted.entries()));
        let pruned = complete.pruned(&deleted);
        let state = match failed {
            Some(error) => State::failed(Ended::Prune, error),
            None => self
                .health(prepared, &applied_ids, cluster, now)
                .await
                .unwrap_or_else(|error| State::failed(Ended::Health, error)),
        };
        Progress {
            changes: walk.changes,
            inventory: pruned.inventory,
            missing: walk.missing,
            notices: walk.notices,
            state,
        }
    }

    async fn health(
        &self,
        prepared: &Prepared,
        applied: &Inventory,
        cluster: &Cluster,
        now: Timestamp,
    ) -> Result<State, Error> {
        let unit = &prepared.unit;
        let checked: Vec<(ObjectId, String)> = match &unit.health.checks {
            HealthChecks::Nothing => return Ok(State::Ready { checked: None }),
            HealthChecks::Listed(checks) => checks
                .iter()
                .map(|check| (check.id.clone(), check.version.clone()))
                .collect(),
            HealthChecks::Applied => applied
                .iter()
                .map(|(id, version)| (id.clone(), version.to_owned()))
                .collect(),
        };
        let live = look::objects(
            checked.iter().map(|(id, version)| (id, version.as_str())),
            cluster,
        )
        .await?;
        let verdict = health::judge(
            unit.health.model,
            checked
                .iter()
                .map(|(id, _)| (id.clone(), live.get(id).and_then(Option::as_ref))),
            now,
        );
        let state = prepared.verdict(verdict, unit.timeout, NEXT_HEALTH_CHECK, now);
        Ok(state.unwrap_or_else(|| State::Ready {
            checked: Some(prepared.waited(now)),
        }))
    }
}

/// What a run has done so far.
struct Walk {
    run: Run,
    changes: Vec<Entry>,
    missing: Vec<Missing>,
    notices: Vec<Notice>,
}

impl Walk {
    fn begin(prepared: &Prepared) -> Self {
        Self {
            run: Run::begin(&prepared.stages),
            changes: Vec::new(),
            missing: Vec::new(),
            notices: Vec::new(),
        }
    }
}

/// Says which objects were left alone because they belong to somebody else (D-18, G-250).
fn claims(unit: &Unit, entries: &[Entry]) -> Vec<Notice> {
    let claimed = |entry: &Entry| match &entry.action {
        Action::Skipped(Skip::Claimed { by }) => Some(Notice {
            topic: Topic::Ownership,
            message: belongs(&entry.id, by, &unit.id),
        }),
        _ => None,
    };
    entries.iter().filter_map(claimed).collect()
}

/// Says to whom an object belongs, and how a unit gets it.
fn belongs(object: &ObjectId, by: &str, unit: &UnitId) -> String {
    let key = api::names::signet::ADOPT_BY;
    format!(
        "{object} belongs to {by} and is left alone; hint: the annotation {key}: {unit} on it hands \
         it over"
    )
}

fn supply(stages: &Stages) -> Supply {
    let placed = (0..).zip(stages.iter());
    Supply::of(placed.flat_map(|(place, stage)| {
        let manifests = stage.manifests().iter();
        manifests.map(move |manifest| (place, manifest))
    }))
}

/// Says what is waited for, as conditions do.
pub(crate) fn waits(held: &[Held]) -> String {
    several(held)
}

/// Writes what is to be told one after the other, and counts what is too much for a condition.
fn several<T: ToString>(told: &[T]) -> String {
    let mut parts: Vec<String> = told.iter().take(NAMED).map(ToString::to_string).collect();
    if told.len() > NAMED {
        parts.push(format!("and {} more", told.len() - NAMED));
    }
    parts.join("; ")
}

impl Progress {
    /// Names the Secrets that workloads will miss; `None` when there is none.
    pub(crate) fn lacks(&self) -> Option<String> {
        (!self.missing.is_empty()).then(|| several(&self.missing))
    }
}

impl State {
    fn failed(at: Ended, error: Error) -> Self {
        Self::Failed { at, error }
    }
}

impl Prepared {
    /// Returns the unit.
    pub(crate) fn unit(&self) -> &Unit {
        &self.unit
    }

    /// Returns the inventory to record before the first write, when the recorded one does not
    /// cover what a crash could leave behind.
    pub(crate) fn inventory_before(&self) -> Option<Inventory> {
        Run::begin(&self.stages).inventory_before(&self.old)
    }

    /// Returns the definitions that the unit applied once and does not want any more.
    pub(super) fn stale_definitions(&self) -> Vec<(&ObjectId, &str)> {
        let is_wanted = |id: &ObjectId| {
            let mut wanted = self.stages.iter().flat_map(Stage::manifests);
            wanted.any(|manifest| manifest.id() == *id)
        };
        self.old
            .iter()
            .filter(|(id, _)| {
                id.group_kind.kind == "CustomResourceDefinition"
                    && id.group_kind.group == "apiextensions.k8s.io"
                    && !is_wanted(id)
            })
            .collect()
    }

    fn early(&self, walk: Walk, state: State) -> Progress {
        Progress {
            changes: walk.changes,
            inventory: walk.run.inventory_so_far(&self.old),
            missing: walk.missing,
            notices: walk.notices,
            state,
        }
    }

    fn waited(&self, now: Timestamp) -> Duration {
        let since = self.waiting_since.unwrap_or(now);
        Duration::try_from(now.duration_since(since)).unwrap_or_default()
    }

    /// Returns how the run ends while workloads wait for Secrets: the unit's time limit bounds that.
    fn held(&self, held: Vec<Held>, now: Timestamp) -> State {
        let waited = self.waited(now);
        let Some(left) = self
            .unit
            .timeout
            .checked_sub(waited)
            .filter(|left| !left.is_zero())
        else {
            let message = format!(
                "timeout waiting for Secrets after {}: {}",
                seconds(waited),
                waits(&held)
            );
            let error = Error::new(Category::Unavailable, SECRET_NOT_READY, message);
            return State::failed(Ended::Apply, error);
        };
        State::Held {
            held,
            again: NEXT_HEALTH_CHECK.min(left),
        }
    }

    /// Turns a verdict into the state that ends the run; `None` when it goes on.
    fn verdict(
        &self,
        verdict: Verdict,
        limit: Duration,
        again: Duration,
        now: Timestamp,
    ) -> Option<State> {
        let waited = self.waited(now);
        let failed = |what: &str, pending: &[Pending]| State::Failed {
            at: Ended::Health,
            error: Error::new(
                Category::Unavailable,
                "HealthCheckFailed",
                format!(
                    "health check failed after {}: {what}: {}",
                    seconds(waited),
                    health::list(pending)
                ),
            ),
        };
        match verdict {
            Verdict::Passed => None,
            Verdict::Failed(pending) => {
                Some(failed("failed early due to stalled resources", &pending))
            }
            Verdict::Waiting(pending) if waited >= limit => {
                Some(failed("timeout waiting for", &pending))
            }
            Verdict::Waiting(pending) => Some(State::Waiting {
                pending,
                again: again.min(limit.saturating_sub(waited)),
            }),
        }
    }
}

/// Folds failed writes into one error.
pub(super) fn failure(failures: &[plan::Failure], reason: &'static str) -> Option<Error> {
    if failures.is_empty() {
        return None;
    }
    let text: Vec<String> = failures.iter().map(ToString::to_string).collect();
    let error = Error::new(Category::Unavailable, reason, text.join("\n"));
    let is_passing = failures.iter().all(|failure| failure.is_passing);
    Some(if is_passing { error.passing() } else { error })
}

/// Writes a duration as Go does, `30s` or `1.5s`.
pub(crate) fn seconds(duration: Duration) -> String {
    let milliseconds = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    api::GoDuration::from_nanoseconds(milliseconds.saturating_mul(1_000_000)).to_string()
}

#[cfg(test)]
mod tests;
