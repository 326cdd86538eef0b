//! In which order a sync in waves goes: by wave, then by kind, then by name.

use std::collections::BTreeMap;

use manifests::{GroupKind, Manifest, ObjectId};
use serde_json::Value;

use crate::health::Fields;
use crate::normalise::Wanted;
use crate::unit::{Protection, Unit};

/// Kinds in the order in which they are applied within a wave; all others come after them.
const KINDS: [&str; 35] = [
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
];

/// What a sync has to do with one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Which object.
    pub id: ObjectId,
    /// API version without the group.
    pub version: String,
    /// When, in order.
    pub wave: i64,
    /// When within the wave: the place of the kind.
    pub rank: usize,
    /// What.
    pub act: TaskAct,
}

/// What a sync does with an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TaskAct {
    /// It is applied.
    Apply,
    /// It is no longer wanted.
    Prune,
}

/// How waves are told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waves {
    /// The annotation that holds an object's wave.
    pub annotation: String,
    /// Whether everything that is pruned is pruned after the last wave.
    pub prune_last: bool,
}

impl Waves {
    /// Returns an object's wave; one that is no number counts as none.
    pub fn of(&self, object: &Value) -> i64 {
        let annotations = object.pointer("/metadata/annotations");
        annotations
            .and_then(|annotations| annotations.get(&self.annotation)?.as_str())
            .and_then(|text| text.trim().parse().ok())
            .unwrap_or_default()
    }
}

/// Returns what a sync of a whole desired state has to do, in order (G-072, G-074, G-077, G-078).
///
/// `stale` holds version and live state of what is in the inventory and no longer wanted; what is
/// gone or not the unit's own is no task. Objects are pruned in the reverse order of their waves
/// (G-085), and after all waves where the unit or the object says so.
pub fn tasks(
    unit: &Unit,
    wanted: &Wanted,
    stale: &BTreeMap<ObjectId, (String, Option<Value>)>,
    waves: &Waves,
) -> Vec<Task> {
    let applied: Vec<(&Manifest, i64)> = wanted
        .manifests()
        .iter()
        .map(|manifest| (manifest, waves.of(manifest.object())))
        .collect();
    let mut tasks: Vec<Task> = applied
        .iter()
        .map(|(manifest, wave)| Task {
            id: manifest.id(),
            version: manifest.version().to_owned(),
            wave: first_use(manifest, &applied).map_or(*wave, |first| first.min(*wave)),
            rank: rank(&manifest.id().group_kind),
            act: TaskAct::Apply,
        })
        .collect();
    let end = tasks.iter().map(|task| task.wave).max().unwrap_or_default();
    tasks.extend(pruned(unit, stale, waves, end));
    tasks.sort_by(|left, right| order(left).cmp(&order(right)));
    tasks
}

/// Sorts what one wave applies by kind and name.
fn order(task: &Task) -> impl Ord + '_ {
    let id = &task.id;
    let kind = &id.group_kind;
    let place = (task.wave, task.rank, &kind.kind, &kind.group);
    (place, &id.namespace, &id.name)
}

/// Returns the first wave of what lives in a namespace, or is of a kind that is defined.
fn first_use(manifest: &Manifest, applied: &[(&Manifest, i64)]) -> Option<i64> {
    let uses: Box<dyn Fn(&Manifest) -> bool> = match (manifest.group(), manifest.kind()) {
        ("", "Namespace") => Box::new(|other| other.namespace() == Some(manifest.name())),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => Box::new(|other| {
            let object = manifest.object();
            other.group() == object.text("/spec/group")
                && other.kind() == object.text("/spec/names/kind")
        }),
        _ => return None,
    };
    applied
        .iter()
        .filter(|(other, _)| uses(other))
        .map(|(_, wave)| *wave)
        .min()
}

fn pruned(
    unit: &Unit,
    stale: &BTreeMap<ObjectId, (String, Option<Value>)>,
    waves: &Waves,
    end: i64,
) -> Vec<Task> {
    let ours: Vec<(&ObjectId, &str, &Value)> = stale
        .iter()
        .filter_map(|(id, (version, live))| Some((id, version.as_str(), live.as_ref()?)))
        .filter(|(_, _, live)| unit.owner.owns(live))
        .collect();
    let mut known: Vec<i64> = ours.iter().map(|(_, _, live)| waves.of(live)).collect();
    known.sort_unstable();
    known.dedup();
    let mirrored: BTreeMap<i64, i64> = known
        .iter()
        .copied()
        .zip(known.iter().rev().copied())
        .collect();
    ours.into_iter()
        .map(|(id, version, live)| {
            let own = waves.of(live);
            let is_last = waves.prune_last || unit.protects(live, Protection::PruneLast);
            Task {
                id: id.clone(),
                version: version.to_owned(),
                wave: if is_last {
                    end.saturating_add(1)
                } else {
                    mirrored.get(&own).copied().unwrap_or(own)
                },
                rank: rank(&id.group_kind),
                act: TaskAct::Prune,
            }
        })
        .collect()
}

/// A kind of somebody's own that only has the name of a known one comes with the others.
fn rank(kind: &GroupKind) -> usize {
    let is_known = !kind.group.contains('.') || kind.group.ends_with(".k8s.io");
    KINDS
        .iter()
        .position(|known| is_known && *known == kind.kind)
        .unwrap_or(KINDS.len())
}

#[cfg(test)]
mod tests;
