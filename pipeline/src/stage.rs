//! In which order objects are applied: stages, and an order of kinds within each (G-203).

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::time::Duration;

use manifests::{GroupKind, Manifest, ObjectId};

use crate::normalise::Wanted;

mod tasks;

pub use tasks::{Task, TaskAct, Waves, tasks};

/// How long a stage that others depend on may take to become usable.
pub const STAGE_TIMEOUT: Duration = Duration::from_mins(1);

/// Kinds applied first within a stage, in this order.
const FIRST: [&str; 23] = [
    "CustomResourceDefinition",
    "Namespace",
    "ClusterRole",
    "ClusterClass",
    "RuntimeClass",
    "PriorityClass",
    "StorageClass",
    "VolumeSnapshotClass",
    "IngressClass",
    "GatewayClass",
    "ClusterRoleBinding",
    "ResourceQuota",
    "ServiceAccount",
    "Role",
    "RoleBinding",
    "ConfigMap",
    "Secret",
    "Service",
    "LimitRange",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];

/// Kinds applied last within a stage.
const LAST: [&str; 2] = [
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// What a stage holds. Later stages may need what earlier ones define.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum StageKind {
    /// Definitions, namespaces and cluster roles.
    Definitions,
    /// `…Class` kinds.
    Classes,
    /// Kinds the operator asked for.
    Custom,
    /// Everything else.
    Rest,
}

/// Objects that are checked, applied and waited for together.
#[derive(Clone, Debug)]
pub struct Stage {
    kind: StageKind,
    manifests: Vec<Manifest>,
}

impl Stage {
    /// Returns what the stage holds.
    pub fn kind(&self) -> StageKind {
        self.kind
    }

    /// Returns the manifests in apply order.
    pub fn manifests(&self) -> &[Manifest] {
        &self.manifests
    }

    /// Returns how long the next stage waits for this one, when it does.
    pub fn wait(&self) -> Option<Duration> {
        match self.kind {
            StageKind::Definitions | StageKind::Classes | StageKind::Custom => Some(STAGE_TIMEOUT),
            StageKind::Rest => None,
        }
    }
}

/// The stages of a complete desired state, in order, none of them empty.
#[derive(Clone, Debug, Default)]
pub struct Stages(Vec<Stage>);

impl Stages {
    /// Returns the stages in order.
    pub fn iter(&self) -> impl Iterator<Item = &Stage> {
        self.0.iter()
    }

    /// Returns every manifest, stage by stage, in apply order.
    pub fn manifests(&self) -> impl Iterator<Item = &Manifest> {
        self.0.iter().flat_map(|stage| &stage.manifests)
    }

    /// Returns the number of stages.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing is wanted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Sorts a desired state into stages; `custom` kinds get a stage of their own before the rest.
pub fn stages(wanted: Wanted, custom: &BTreeSet<GroupKind>) -> Stages {
    let mut sorted: Vec<(StageKind, Manifest)> = wanted
        .into_manifests()
        .into_iter()
        .map(|manifest| (stage_of(&manifest.id().group_kind, custom), manifest))
        .collect();
    sorted.sort_by(|(left_stage, left), (right_stage, right)| {
        left_stage
            .cmp(right_stage)
            .then_with(|| apply_order(&left.id(), &right.id()))
    });
    let mut stages: Vec<Stage> = Vec::new();
    for (kind, manifest) in sorted {
        match stages.last_mut() {
            Some(stage) if stage.kind == kind => stage.manifests.push(manifest),
            _ => stages.push(Stage {
                kind,
                manifests: vec![manifest],
            }),
        }
    }
    Stages(stages)
}

/// Compares two objects by the order in which they are applied, stages included.
///
/// Prune goes the other way round.
pub fn total_order(left: &ObjectId, right: &ObjectId) -> Ordering {
    let custom = BTreeSet::new();
    stage_of(&left.group_kind, &custom)
        .cmp(&stage_of(&right.group_kind, &custom))
        .then_with(|| apply_order(left, right))
}

fn stage_of(kind: &GroupKind, custom: &BTreeSet<GroupKind>) -> StageKind {
    match kind.kind.as_str() {
        "CustomResourceDefinition" | "Namespace" | "ClusterRole" => StageKind::Definitions,
        name if name.ends_with("Class") => StageKind::Classes,
        _ if custom.contains(kind) => StageKind::Custom,
        _ => StageKind::Rest,
    }
}

/// Orders objects of one stage: listed kinds, then the others by kind, then webhooks; by name.
fn apply_order(left: &ObjectId, right: &ObjectId) -> Ordering {
    rank(left)
        .cmp(&rank(right))
        .then_with(|| left.group_kind.kind.cmp(&right.group_kind.kind))
        .then_with(|| left.group_kind.group.cmp(&right.group_kind.group))
        .then_with(|| left.namespace.cmp(&right.namespace))
        .then_with(|| left.name.cmp(&right.name))
}

fn rank(id: &ObjectId) -> usize {
    let kind = id.group_kind.kind.as_str();
    if let Some(rank) = FIRST.iter().position(|first| *first == kind) {
        return rank;
    }
    match LAST.iter().position(|last| *last == kind) {
        Some(rank) => FIRST.len() + 1 + rank,
        None => FIRST.len(),
    }
}

#[cfg(test)]
mod tests;
