//! Workloads come after the Secrets they need: what [`pipeline::consumers`] decides, carried out.
//!
//! Of a Secret only its keys are used, and it is read with the unit's own rights. Where those do not
//! reach that far, the condition of what makes the Secret decides alone.

use std::collections::{BTreeMap, BTreeSet};

use cluster::{ApiError, Cluster};
use futures::{StreamExt, stream};
use manifests::{GroupKind, Manifest, ObjectId};
use pipeline::consumers::{
    Consumer, Held, Judgement, Maker, Missing, Presence, Scene, SecretName, Standing, Supply,
    consumers,
};
use pipeline::plan::{Applied, ChangeSet, Failure, Planned, Write};
use pipeline::unit::Unit;
use serde_json::Value;

use super::look::AT_ONCE;
use super::{Engine, carry};
use crate::error::Chain;

mod awaited;
mod makers;

pub(crate) use awaited::{Awaited, follow};
pub(crate) use makers::Makers;

/// What is written together.
pub(crate) struct Step<'a> {
    /// Whose it is.
    pub(crate) unit: &'a Unit,
    /// What the unit brings, in this step and all others.
    pub(crate) supply: &'a Supply,
    /// The place of the step in the order of writing.
    pub(crate) place: i64,
    /// What is wanted in this step.
    pub(crate) manifests: Vec<&'a Manifest>,
}

/// What came of a step.
pub(crate) struct Carried {
    /// Everything but the workloads that wait.
    pub(crate) applied: ChangeSet<Applied>,
    /// The workloads that wait, and what for.
    pub(crate) held: Vec<Held>,
    /// What is not there and is not waited for.
    pub(crate) missing: Vec<Missing>,
}

type Standings = BTreeMap<SecretName, Standing>;

impl Engine {
    /// Writes a step: everything else first, then the workloads whose Secrets are there.
    pub(crate) async fn carry(
        &self,
        step: &Step<'_>,
        planned: ChangeSet<Planned>,
        cluster: &Cluster,
    ) -> Carried {
        let written: BTreeSet<ObjectId> = planned.writes().iter().filter_map(applied_id).collect();
        let (due, steady): (Vec<Consumer>, Vec<Consumer>) =
            consumers(step.manifests.iter().copied())
                .into_iter()
                .partition(|consumer| written.contains(&consumer.workload));
        let workloads: BTreeSet<ObjectId> = due.iter().map(|it| it.workload.clone()).collect();
        let (rest, workloads) = planned.split_off(&workloads);
        let applied = carry::out(step.unit, rest, cluster, &self.recent).await;
        let mut carried = Carried {
            applied,
            held: Vec::new(),
            missing: Vec::new(),
        };
        if due.is_empty() && steady.is_empty() {
            return carried;
        }
        let failures = self.judge(step, &due, &steady, cluster, &mut carried).await;
        let stopped = failures.iter().map(|failure| &failure.object);
        let held = carried.held.iter().map(|held| &held.workload);
        let not_written: BTreeSet<ObjectId> = stopped.chain(held).cloned().collect();
        let (free, stopped) = workloads.split_off(&not_written);
        let written = carry::out(step.unit, free, cluster, &self.recent).await;
        carried.applied.extend(written);
        if !failures.is_empty() {
            let failed = failures.iter().map(|failure| failure.object.clone());
            let (_held, failed) = stopped.split_off(&failed.collect());
            carried.applied.extend(failed.applied(failures));
        }
        carried
    }

    /// Whether workloads that were held would be held again. What they need is waited for from now
    /// on, as if they were about to be written.
    pub(super) async fn holds(&self, step: &Step<'_>, cluster: &Cluster) -> bool {
        let due = consumers(step.manifests.iter().copied());
        let mut carried = Carried {
            applied: ChangeSet::default(),
            held: Vec::new(),
            missing: Vec::new(),
        };
        let failures = self.judge(step, &due, &[], cluster, &mut carried).await;
        !failures.is_empty() || !carried.held.is_empty()
    }

    /// Judges the workloads of a step and returns those that are not tried.
    async fn judge(
        &self,
        step: &Step<'_>,
        due: &[Consumer],
        steady: &[Consumer],
        cluster: &Cluster,
        carried: &mut Carried,
    ) -> Vec<Failure> {
        let scene = Scene {
            supply: step.supply,
            place: step.place,
            first: &carried.applied,
        };
        let mut needed = scene.unknown(due);
        let mut idle = scene.unknown(steady);
        for (secret, keys) in &mut needed {
            // What is read for one that is due is seen by all.
            keys.extend(idle.remove(secret).unwrap_or_default());
        }
        let names: BTreeSet<SecretName> = needed.keys().chain(idle.keys()).cloned().collect();
        // Before anything is looked at: what changes from now on is told.
        self.awaited.add(&step.unit.id, &names);
        let mut standings = self.standings(step, needed, cluster).await;
        standings.extend(self.idle(step, idle, cluster).await);
        let mut failures = Vec::new();
        let (mut held, mut missing) = (Vec::new(), Vec::new());
        for consumer in due {
            match scene.judge(consumer, &standings) {
                Judgement::Free(lacks) => missing.extend(lacks),
                Judgement::Held(waits) => held.extend(waits),
                Judgement::Untried(failure) => failures.push(failure),
            }
        }
        for consumer in steady {
            missing.extend(scene.lacks(consumer, &standings));
        }
        let awaited = held.iter().map(|held: &Held| &held.secret);
        let awaited = awaited.chain(missing.iter().map(|missing: &Missing| &missing.secret));
        self.awaited
            .keep(&step.unit.id, &names, &awaited.cloned().collect());
        (carried.held, carried.missing) = (held, missing);
        failures
    }

    /// Looks at the Secrets that workloads need which are about to be written.
    async fn standings(
        &self,
        step: &Step<'_>,
        secrets: BTreeMap<SecretName, BTreeSet<String>>,
        cluster: &Cluster,
    ) -> Standings {
        // Made before they are run: a closure over borrowed values inside a stream is not `Send`.
        let looks: Vec<_> = secrets
            .into_iter()
            .map(|(secret, keys)| async move {
                let presence = presence(&secret, cluster).await;
                let maker = if presence.has(&keys) {
                    None
                } else {
                    self.maker(step, &secret, cluster).await
                };
                (secret, Standing { presence, maker })
            })
            .collect();
        stream::iter(looks)
            .buffer_unordered(AT_ONCE)
            .collect()
            .await
    }

    /// Looks at the Secrets of workloads that are as wanted already. One whose maker says that it is
    /// made is not read: it would come back by itself.
    async fn idle(
        &self,
        step: &Step<'_>,
        secrets: BTreeMap<SecretName, BTreeSet<String>>,
        cluster: &Cluster,
    ) -> Standings {
        let mut made = Standings::new();
        let mut unmade = BTreeMap::new();
        for (secret, keys) in secrets {
            match self.makers.of(&secret).await {
                Some(maker) if maker.is_done() => {
                    let presence = Presence::Present(keys);
                    let maker = Some(maker);
                    made.insert(secret, Standing { presence, maker });
                }
                Some(_) | None => {
                    unmade.insert(secret, keys);
                }
            }
        }
        made.extend(self.standings(step, unmade, cluster).await);
        made
    }

    /// Returns who makes a Secret, as it is in the cluster. What the unit itself has applied is
    /// asked for with its own rights where nobody here watches the kind.
    async fn maker(
        &self,
        step: &Step<'_>,
        secret: &SecretName,
        cluster: &Cluster,
    ) -> Option<Maker> {
        if let Some(maker) = self.makers.of(secret).await {
            return Some(maker);
        }
        let id = step.supply.maker_of(secret)?;
        let live = live(id, cluster).await.ok()??;
        Maker::read(&live)
    }
}

fn applied_id(write: &Write) -> Option<ObjectId> {
    match write {
        Write::Apply(_) | Write::ApplyShared(_) | Write::Recreate { .. } => Some(write.id()),
        Write::Delete { .. } => None,
    }
}

async fn presence(secret: &SecretName, cluster: &Cluster) -> Presence {
    let id = ObjectId::new(
        GroupKind::new("", "Secret"),
        Some(&secret.namespace),
        &secret.name,
    );
    match live(&id, cluster).await {
        Ok(live) => Presence::of(live.as_ref()),
        Err(ApiError::Refused { refusal, .. }) if matches!(refusal.code, 401 | 403) => {
            Presence::Hidden
        }
        Err(error) => Presence::Unread(Chain(&error).to_string()),
    }
}

async fn live(id: &ObjectId, cluster: &Cluster) -> Result<Option<Value>, ApiError> {
    let GroupKind { group, kind } = &id.group_kind;
    match cluster.preferred_kind(group, kind).await? {
        Some(kind) => cluster.read(&kind, id).await,
        None => Ok(None),
    }
}
