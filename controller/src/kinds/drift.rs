//! Watches what units applied and wakes the owner of an object that somebody else changed (G-206,
//! G-099).
//!
//! Only metadata is watched. A change counts when it is not our own write, which the engine
//! recorded, and not one of status only, which leaves the generation as it was.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cluster::{Change, ChangedObject, Cluster, Kind};
use futures::stream::{BoxStream, StreamExt};
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use kube::api::PostParams;
use kube::runtime::reflector::ObjectRef;
use kube::{Api, Resource};
use manifests::{GroupKind, ObjectId};
use pipeline::inventory::Inventory;
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;
use tracing::debug;

use crate::context::Context;
use crate::driver::Guarded;

/// How long a change waits at least, and at most twice, before its owner is woken: our own writes
/// have been recorded by then.
const GATHER: Duration = Duration::from_millis(200);

/// How often the right to watch a kind is asked for again.
const ASK_AGAIN: Duration = Duration::from_mins(10);

/// Which kinds are asked for and which are watched already.
pub(crate) struct Drift {
    asked: mpsc::UnboundedSender<GroupKind>,
    /// Taken once, by the driver that is woken.
    asks: Mutex<Option<mpsc::UnboundedReceiver<GroupKind>>>,
    known: Mutex<HashSet<GroupKind>>,
}

impl Default for Drift {
    fn default() -> Self {
        let (asked, asks) = mpsc::unbounded_channel();
        Self {
            asked,
            asks: Mutex::new(Some(asks)),
            known: Mutex::default(),
        }
    }
}

impl Drift {
    fn forget(&self, kind: &GroupKind) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.remove(kind);
    }
}

/// Has the kinds of an inventory watched from now on.
pub(super) fn watch(drift: &Drift, inventory: &Inventory) {
    let mut known = drift.known.lock().unwrap_or_else(PoisonError::into_inner);
    for (id, _) in inventory.iter() {
        if !known.contains(&id.group_kind) {
            known.insert(id.group_kind.clone());
            // Without a receiver nothing is reconciled any more either.
            let _ = drift.asked.send(id.group_kind.clone());
        }
    }
}

/// How a family knows the owner of an object.
#[derive(Clone, Copy)]
pub(super) struct Owners {
    /// The watches of the family.
    pub(super) drift: fn(&Context) -> &Drift,
    /// A label that all its objects carry, where there is one.
    pub(super) label: Option<&'static str>,
    /// Returns namespace and name of the owner.
    pub(super) owner: fn(&ChangedObject, &Context) -> Option<(String, String)>,
    /// Whether the owner knows the object.
    pub(super) holds: fn(&Context, &(String, String), &ObjectId) -> bool,
}

/// Returns the owners of objects that drifted.
pub(super) fn triggers<K>(
    context: &Arc<Context>,
    family: Owners,
) -> BoxStream<'static, ObjectRef<Guarded<K>>>
where
    K: Resource<DynamicType = ()> + Send + 'static,
{
    let asks = (family.drift)(context)
        .asks
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    let Some(asks) = asks else {
        return futures::stream::pending().boxed();
    };
    let (owners, woken) = mpsc::unbounded_channel();
    tokio::spawn(follow(Arc::clone(context), family, asks, owners));
    futures::stream::unfold(woken, |mut woken| async move {
        let (namespace, name): (String, String) = woken.recv().await?;
        Some((ObjectRef::new(&name).within(&namespace), woken))
    })
    .boxed()
}

/// Watches one kind after the other as they are asked for, all at once, until the process stops.
async fn follow(
    context: Arc<Context>,
    family: Owners,
    mut asks: mpsc::UnboundedReceiver<GroupKind>,
    owners: mpsc::UnboundedSender<(String, String)>,
) {
    let mut watches = futures::stream::SelectAll::new();
    let mut generations = HashMap::new();
    let mut gathered: HashMap<ObjectId, ChangedObject> = HashMap::new();
    let mut ripe = HashMap::new();
    let mut refused = Vec::new();
    let mut ask_again = tokio::time::interval(ASK_AGAIN);
    let mut tick = tokio::time::interval(GATHER);
    // Ticks that nobody waited for must not come all at once with the first change.
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = context.stopping() => return,
            Some(kind) = asks.recv() => {
                let own = context.clusters.own();
                match own.preferred_kind(&kind.group, &kind.kind).await {
                    Ok(Some(served)) if may_watch(own, &served).await => {
                        watches.push(own.watch_metadata(&served, family.label).boxed());
                    }
                    // Until it is asked for again, the interval corrects.
                    Ok(Some(_)) => refused.push(kind),
                    // Asked for again with the next inventory that holds the kind.
                    Ok(None) | Err(_) => (family.drift)(&context).forget(&kind),
                }
            },
            _ = ask_again.tick() => for kind in refused.drain(..) {
                (family.drift)(&context).forget(&kind);
            },
            Some(event) = watches.next(), if !watches.is_empty() => match event {
                Ok(changed) => {
                    if is_another(&generations, &changed) {
                        context.engine.changed(&changed.id);
                    }
                    if is_significant(&mut generations, &changed) {
                        gathered.insert(changed.id.clone(), changed);
                    }
                }
                // Without the right to watch, the interval still corrects.
                Err(error) => debug!(error = %error, "managed objects cannot be watched"),
            },
            _ = tick.tick(), if !(gathered.is_empty() && ripe.is_empty()) => {
                let drifted: HashSet<_> = std::mem::replace(&mut ripe, std::mem::take(&mut gathered))
                    .into_iter()
                    .filter(|(id, changed)| !context.engine.wrote(id, &changed.resource_version))
                    .filter_map(|(id, changed)| Some((id, (family.owner)(&changed, &context)?)))
                    .filter(|(id, owner)| (family.holds)(&context, owner, id))
                    .map(|(_, owner)| owner)
                    .collect();
                for owner in drifted {
                    let _ = owners.send(owner);
                }
            }
        }
    }
}

/// Whether our own rights suffice to watch a kind: units that name a ServiceAccount apply with its
/// rights, and ours need not reach as far.
async fn may_watch(own: &Cluster, kind: &Kind) -> bool {
    let reviews = Api::<SelfSubjectAccessReview>::all(own.client().clone());
    for verb in ["list", "watch"] {
        let asked = SelfSubjectAccessReview {
            spec: SelfSubjectAccessReviewSpec {
                resource_attributes: Some(ResourceAttributes {
                    group: Some(kind.resource.group.clone()),
                    resource: Some(kind.resource.plural.clone()),
                    verb: Some(verb.to_owned()),
                    ..ResourceAttributes::default()
                }),
                ..SelfSubjectAccessReviewSpec::default()
            },
            ..SelfSubjectAccessReview::default()
        };
        let answer = reviews.create(&PostParams::default(), &asked).await;
        if !answer.is_ok_and(|answer| answer.status.is_some_and(|status| status.allowed)) {
            return false;
        }
    }
    true
}

/// Whether an object is not what was known of it: also a watch that begins again may show that.
pub(super) fn is_another(generations: &HashMap<ObjectId, i64>, changed: &ChangedObject) -> bool {
    let before = generations.get(&changed.id).copied();
    match changed.change {
        Change::Deleted => true,
        Change::Seen => before.is_some() && before != changed.generation,
        Change::Written => before.is_none() || before != changed.generation,
    }
}

/// Whether a change may be drift: a deletion, or a write that is not of status alone.
pub(super) fn is_significant(
    generations: &mut HashMap<ObjectId, i64>,
    changed: &ChangedObject,
) -> bool {
    match changed.change {
        Change::Deleted => {
            generations.remove(&changed.id);
            true
        }
        Change::Seen => {
            remember(generations, changed);
            false
        }
        Change::Written => match (changed.generation, remember(generations, changed)) {
            (Some(now), Some(before)) => now != before,
            _ => true,
        },
    }
}

fn remember(generations: &mut HashMap<ObjectId, i64>, changed: &ChangedObject) -> Option<i64> {
    generations.insert(changed.id.clone(), changed.generation?)
}
