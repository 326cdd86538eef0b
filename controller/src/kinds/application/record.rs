//! How a comparison and the results of a sync look in the object's status, and back.

use api::argo::{
    HealthCode, HealthStatus, ResourceResult, ResourceResultCode, ResourceStatus, SyncCode,
};
use manifests::{GroupKind, ObjectId};
use pipeline::comparison::{Compared, Comparison, InSync};
use pipeline::health::Health;
use pipeline::operation::{Done, Outcome, Results};

/// Returns the word for whether something is as wanted.
pub(super) fn code(sync: InSync) -> SyncCode {
    match sync {
        InSync::Synced => SyncCode::Synced,
        InSync::OutOfSync => SyncCode::OutOfSync,
        InSync::Unknown => SyncCode::Unknown,
    }
}

/// Returns the word for a health.
pub(super) fn health(health: Health) -> HealthCode {
    match health {
        Health::Healthy => HealthCode::Healthy,
        Health::Suspended => HealthCode::Suspended,
        Health::Progressing => HealthCode::Progressing,
        Health::Missing => HealthCode::Missing,
        Health::Degraded => HealthCode::Degraded,
        Health::Unknown => HealthCode::Unknown,
    }
}

/// Returns each compared object as the status holds it: this is the inventory, too.
pub(super) fn resources(comparison: &Comparison) -> Vec<ResourceStatus> {
    comparison.objects.iter().map(resource).collect()
}

fn resource(object: &Compared) -> ResourceStatus {
    ResourceStatus {
        group: object.id.group_kind.group.clone(),
        version: object.version.clone(),
        kind: object.id.group_kind.kind.clone(),
        namespace: object.id.namespace.clone(),
        name: object.id.name.clone(),
        status: object.sync.map(code),
        health: object.health.as_ref().map(|assessed| HealthStatus {
            status: health(assessed.health),
            message: Some(assessed.message.clone()).filter(|text| !text.is_empty()),
            last_transition_time: None,
        }),
        requires_pruning: object.requires_pruning,
        sync_wave: object.wave,
        ..ResourceStatus::default()
    }
}

/// Returns what came of a sync's tasks as the status holds it.
pub(super) fn results(results: &Results) -> Vec<ResourceResult> {
    results
        .iter()
        .map(|(id, done)| ResourceResult {
            group: id.group_kind.group.clone(),
            version: done.version.clone(),
            kind: id.group_kind.kind.clone(),
            namespace: id.namespace.clone().unwrap_or_default(),
            name: id.name.clone(),
            status: Some(match done.outcome {
                Outcome::Synced => ResourceResultCode::Synced,
                Outcome::SyncFailed => ResourceResultCode::SyncFailed,
                Outcome::Pruned => ResourceResultCode::Pruned,
                Outcome::PruneSkipped => ResourceResultCode::PruneSkipped,
            }),
            message: Some(done.message.clone()),
            sync_phase: Some("Sync".to_owned()),
            ..ResourceResult::default()
        })
        .collect()
}

/// Reads what came of a sync's tasks so far.
pub(super) fn read(recorded: &[ResourceResult]) -> Results {
    let mut results = Results::default();
    for result in recorded {
        let Some(code) = result.status else {
            continue;
        };
        let namespace = Some(result.namespace.as_str()).filter(|text| !text.is_empty());
        let id = ObjectId::new(
            GroupKind::new(&result.group, &result.kind),
            namespace,
            &result.name,
        );
        let done = Done {
            version: result.version.clone(),
            outcome: match code {
                ResourceResultCode::Synced => Outcome::Synced,
                ResourceResultCode::SyncFailed => Outcome::SyncFailed,
                ResourceResultCode::Pruned => Outcome::Pruned,
                ResourceResultCode::PruneSkipped => Outcome::PruneSkipped,
            },
            message: result.message.clone().unwrap_or_default(),
        };
        results.insert(id, done);
    }
    results
}
