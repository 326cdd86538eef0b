//! Reads the objects of a unit, what they own and whom a Secret comes from.

use std::collections::{BTreeMap, BTreeSet};

use api::condition::ConditionStatus;
use cluster::{ApiError, Cluster};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use manifests::{GroupKind, Manifest, ObjectId};
use pipeline::consumers;
use pipeline::health::{Assessment, Health, assess};
use pipeline::stage::total_order;
use pipeline::unit::HealthModel;
use serde_json::Value;

use super::node::{Maker, Node, State, time};
use super::units::{Unit, said};

/// How many objects are read at once.
const AT_ONCE: usize = 8;

/// Kinds that workloads own, as they are looked for in a namespace that has any.
const OWNED: [(&str, &str, &str); 3] = [
    ("apps", "v1", "ReplicaSet"),
    ("batch", "v1", "Job"),
    ("", "v1", "Pod"),
];

/// Kinds that own such objects.
const OWNERS: [&str; 7] = [
    "CronJob",
    "DaemonSet",
    "Deployment",
    "Job",
    "ReplicaSet",
    "ReplicationController",
    "StatefulSet",
];

/// Objects by the UID of an owner, and kinds that could not be listed.
#[derive(Default)]
struct Owned {
    by_owner: BTreeMap<String, Vec<Value>>,
    unreadable: Vec<(ObjectId, &'static str, String)>,
}

/// Reads trees of units; what is listed of a namespace is listed once.
pub(super) struct Grower<'a> {
    cluster: &'a Cluster,
    now: Timestamp,
    namespaces: BTreeMap<String, Owned>,
}

/// An object that was looked for.
type Read = (ObjectId, String, Result<Option<Value>, String>);

impl<'a> Grower<'a> {
    pub(super) fn new(cluster: &'a Cluster, now: Timestamp) -> Self {
        Self {
            cluster,
            now,
            namespaces: BTreeMap::new(),
        }
    }

    /// Reads what is below a unit.
    pub(super) async fn grow(&mut self, unit: Unit) -> Result<Node, ApiError> {
        let mut inventory = unit.inventory;
        inventory.sort_by(|(left, _), (right, _)| total_order(left, right));
        let objects = self.read_all(&inventory).await?;
        self.list_owned(&objects).await?;
        let made = self.read_all(&made(&objects)).await?;
        let made: BTreeMap<ObjectId, Read> = made
            .into_iter()
            .map(|read| (read.0.clone(), read))
            .collect();
        let mut node = self.node(unit.id, unit.version, Ok(Some(&unit.object)), unit.model);
        if unit.health.is_some() {
            node.state = State::Seen(unit.health);
        }
        node.revision = unit.revision;
        node.waits = unit.waits;
        node.children = objects
            .into_iter()
            .map(|read| self.branch(read, &node.id, &made, unit.model))
            .collect();
        Ok(node)
    }

    /// Returns an object of a unit with what is below it.
    fn branch(
        &self,
        (id, version, found): Read,
        unit: &ObjectId,
        made: &BTreeMap<ObjectId, Read>,
        model: HealthModel,
    ) -> Node {
        let live = found.as_ref().map(Option::as_ref).map_err(Clone::clone);
        let mut node = self.node(id, &version, live, model);
        let Ok(Some(live)) = &found else { return node };
        node.children = self.owned_by(live, node.id.namespace.as_deref(), model);
        if node.id.group_kind.is_secret() {
            node.maker = Some(Maker {
                id: unit.clone(),
                store: None,
                refreshed: None,
            });
        }
        if let Some(maker) = consumers::Maker::read(live) {
            let secret = secret_of(&maker);
            if let Some((id, version, found)) = made.get(&secret) {
                let found = found.as_ref().map(Option::as_ref).map_err(Clone::clone);
                let mut secret = self.node(id.clone(), version, found, model);
                secret.maker = Some(maker_of(node.id.clone(), live));
                node.children.push(secret);
            }
        }
        node
    }

    fn owned_by(&self, owner: &Value, namespace: Option<&str>, model: HealthModel) -> Vec<Node> {
        let listed = namespace.and_then(|namespace| self.namespaces.get(namespace));
        let (Some(listed), true) = (listed, is_owner(owner)) else {
            return Vec::new();
        };
        let uid = owner.pointer("/metadata/uid").and_then(Value::as_str);
        let children = uid.and_then(|uid| listed.by_owner.get(uid));
        let children = children.into_iter().flatten().filter_map(|child| {
            let manifest = Manifest::new(child.clone(), None)?;
            let mut node = self.node(manifest.id(), manifest.version(), Ok(Some(child)), model);
            node.children = self.owned_by(child, namespace, model);
            Some(node)
        });
        let unreadable = listed.unreadable.iter().filter(|_| !is_owned(owner));
        let unreadable = unreadable.map(|(id, version, reason)| {
            Node::new(id.clone(), version, State::Unreadable(reason.clone()))
        });
        let mut nodes: Vec<Node> = children.chain(unreadable).collect();
        nodes.sort_by(|left, right| total_order(&left.id, &right.id));
        nodes
    }

    fn node(
        &self,
        id: ObjectId,
        version: &str,
        found: Result<Option<&Value>, String>,
        model: HealthModel,
    ) -> Node {
        let live = match found {
            Ok(live) => live,
            Err(reason) => return Node::new(id, version, State::Unreadable(reason)),
        };
        let health = assess(model, live, self.now).map(|mut found| {
            if live.is_none() {
                found = missing();
            }
            found
        });
        let mut node = Node::new(id, version, State::Seen(health));
        node.created = live.and_then(|live| time(live, "/metadata/creationTimestamp"));
        node.deleted = live.and_then(|live| time(live, "/metadata/deletionTimestamp"));
        node
    }

    /// Reads objects; what is refused is said so, and anything else ends it.
    async fn read_all(&self, ids: &[(ObjectId, String)]) -> Result<Vec<Read>, ApiError> {
        let reads: Vec<_> = ids
            .iter()
            .map(|(id, version)| async move {
                let found = match live(id, version, self.cluster).await {
                    Ok(live) => Ok(live),
                    Err(ApiError::Refused { refusal, .. }) => Err(said(&refusal)),
                    Err(error) => return Err(error),
                };
                Ok((id.clone(), version.clone(), found))
            })
            .collect();
        stream::iter(reads).buffered(AT_ONCE).try_collect().await
    }

    /// Lists what workloads own, in the namespaces that have workloads.
    async fn list_owned(&mut self, objects: &[Read]) -> Result<(), ApiError> {
        let namespaces: BTreeSet<&String> = objects
            .iter()
            .filter(|(_, _, found)| matches!(found, Ok(Some(live)) if is_owner(live)))
            .filter_map(|(id, ..)| id.namespace.as_ref())
            .collect();
        for namespace in namespaces {
            if self.namespaces.contains_key(namespace) {
                continue;
            }
            let mut owned = Owned::default();
            for (group, version, kind) in OWNED {
                let like = ObjectId::new(GroupKind::new(group, kind), Some(namespace), "*");
                let served = self.cluster.kind(group, version, kind).await?;
                match self.cluster.list(&served, &like, "").await {
                    Ok(found) => found.iter().for_each(|object| owned.add(object)),
                    Err(ApiError::Refused { refusal, .. }) => {
                        owned.unreadable.push((like, version, said(&refusal)));
                    }
                    Err(error) => return Err(error),
                }
            }
            self.namespaces.insert(namespace.clone(), owned);
        }
        Ok(())
    }
}

impl Owned {
    fn add(&mut self, object: &Value) {
        let owners = object.pointer("/metadata/ownerReferences");
        let owners: Vec<String> = owners
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|owner| owner.get("uid")?.as_str().map(str::to_owned))
            .collect();
        for owner in owners {
            self.by_owner.entry(owner).or_default().push(object.clone());
        }
    }
}

fn is_owner(object: &Value) -> bool {
    let kind = object.get("kind").and_then(Value::as_str);
    kind.is_some_and(|kind| OWNERS.contains(&kind))
}

/// Whether the object itself was listed as owned by another: what could not be listed is said above.
fn is_owned(object: &Value) -> bool {
    object.pointer("/metadata/ownerReferences").is_some()
}

/// The Secrets that objects say they make.
fn made(objects: &[Read]) -> Vec<(ObjectId, String)> {
    let live = objects
        .iter()
        .filter_map(|(_, _, found)| found.as_ref().ok()?.as_ref());
    let secrets: BTreeSet<ObjectId> = live
        .filter_map(consumers::Maker::read)
        .map(|maker| secret_of(&maker))
        .collect();
    secrets
        .into_iter()
        .map(|id| (id, "v1".to_owned()))
        .collect()
}

fn secret_of(maker: &consumers::Maker) -> ObjectId {
    let secret = maker.secret();
    ObjectId::new(
        GroupKind::new("", "Secret"),
        Some(&secret.namespace),
        &secret.name,
    )
}

/// What a maker says about where values come from, and when it made the Secret as it is.
fn maker_of(id: ObjectId, live: &Value) -> Maker {
    let text = |pointer| live.pointer(pointer).and_then(Value::as_str);
    let store = text("/spec/secretStoreRef/name").map(|name| {
        let kind = text("/spec/secretStoreRef/kind").unwrap_or("SecretStore");
        format!("{kind}/{name}")
    });
    let synced = live
        .pointer("/status/conditions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .find(|condition| {
            let status = serde_json::from_value(condition["status"].clone());
            condition["type"] == "Synced"
                && status.is_ok_and(|status: ConditionStatus| status == ConditionStatus::True)
        });
    Maker {
        id,
        store,
        refreshed: time(live, "/status/refreshTime").or_else(|| time(synced?, "/lastUpdateTime")),
    }
}

fn missing() -> Assessment {
    Assessment {
        health: Health::Missing,
        word: "Missing",
        message: String::new(),
    }
}

/// Reads an object in the version it was applied in, or the one that is served now.
async fn live(id: &ObjectId, version: &str, cluster: &Cluster) -> Result<Option<Value>, ApiError> {
    let kind = &id.group_kind;
    let served = match cluster.kind(&kind.group, version, &kind.kind).await {
        Ok(served) => Some(served),
        Err(ApiError::NoKind { .. }) => cluster.preferred_kind(&kind.group, &kind.kind).await?,
        Err(error) => return Err(error),
    };
    match served {
        Some(served) => cluster.read(&served, id).await,
        None => Ok(None),
    }
}
