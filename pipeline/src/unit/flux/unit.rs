//! From a Kustomization to the unit that no family owns.

use std::time::Duration;

use api::kustomize::{DeletionPolicy, Kustomization, KustomizationSpec, SourceKind};
use manifests::{BuildOptions, GroupKind, ObjectId};

use super::{decryption, owner, protections};
use crate::inventory::Inventory;
use crate::unit::{
    self, Duplicates, Family, HealthCheck, HealthChecks, HealthModel, HealthPolicy,
    ImmutableChange, Propagation, PrunePolicy, SourceRef, Unit, UnitId,
};

/// The shortest budget of a run (§9.1).
pub const SHORTEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Returns the source object that a Kustomization names.
pub fn source(object: &Kustomization) -> ObjectId {
    let reference = &object.spec.source_ref;
    ObjectId::new(
        GroupKind::new("source.toolkit.fluxcd.io", "GitRepository"),
        Some(reference.namespace.as_deref().unwrap_or(namespace(object))),
        &reference.name,
    )
}

/// Returns the first field that would change what is applied or where, and that is not supported
/// yet as it is set.
///
/// Applying something else than what was asked for would be worse than applying nothing.
pub fn unsupported(spec: &KustomizationSpec) -> Option<&'static str> {
    [
        ("spec.kubeConfig", spec.kube_config.is_some()),
        ("spec.postBuild", spec.post_build.is_some()),
        ("spec.ignore", !spec.ignore.is_empty()),
        ("spec.healthCheckExprs", !spec.health_check_exprs.is_empty()),
        (
            "spec.sourceRef.kind",
            spec.source_ref.kind != SourceKind::GitRepository,
        ),
        (
            "spec.dependsOn[].readyExpr",
            spec.depends_on
                .iter()
                .any(|dependency| dependency.ready_expr.is_some()),
        ),
        (
            "spec.decryption.serviceAccountName",
            spec.decryption
                .as_ref()
                .is_some_and(|asked| asked.service_account_name.is_some()),
        ),
    ]
    .into_iter()
    .find_map(|(field, is_set)| is_set.then_some(field))
}

/// Returns the inventory that the status holds.
pub fn inventory(object: &Kustomization) -> Inventory {
    let entries = object
        .status
        .iter()
        .filter_map(|status| status.inventory.as_ref())
        .flat_map(|inventory| &inventory.entries);
    let (inventory, _unreadable) =
        Inventory::read(entries.map(|entry| (entry.id.as_str(), entry.v.as_str())));
    inventory
}

/// Returns the unit of a Kustomization whose directory is built so.
pub fn unit(object: &Kustomization, build: BuildOptions) -> Unit {
    let spec = &object.spec;
    let namespace = namespace(object);
    let name = object.metadata.name.as_deref().unwrap_or_default();
    let interval = spec.interval.positive().unwrap_or(Duration::from_mins(1));
    let timeout = spec
        .timeout
        .and_then(api::GoDuration::positive)
        .unwrap_or_else(|| {
            interval
                .saturating_sub(SHORTEST_TIMEOUT)
                .max(SHORTEST_TIMEOUT)
        });
    Unit {
        id: UnitId {
            family: Family::Flux,
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        },
        source: SourceRef::Object(source(object)),
        build,
        decryption: decryption(object),
        default_namespace: spec.target_namespace.clone(),
        duplicates: Duplicates::Refuse,
        owner: owner(namespace, name),
        protections: protections(),
        immutable: if spec.force {
            ImmutableChange::Recreate
        } else {
            ImmutableChange::Refuse
        },
        prune: if spec.prune {
            PrunePolicy::Prune
        } else {
            PrunePolicy::Keep
        },
        deletion: deletion(spec),
        health: HealthPolicy {
            model: HealthModel::Kstatus,
            checks: health(spec, namespace),
        },
        service_account: spec.service_account_name.clone(),
        timeout,
        interval,
        retry_interval: spec
            .retry_interval
            .and_then(api::GoDuration::positive)
            .unwrap_or(interval),
        suspended: spec.suspend.unwrap_or_default(),
        propagation: Propagation::default(),
    }
}

fn namespace(object: &Kustomization) -> &str {
    object.metadata.namespace.as_deref().unwrap_or_default()
}

fn deletion(spec: &KustomizationSpec) -> unit::DeletionPolicy {
    match spec.deletion_policy {
        None | Some(DeletionPolicy::MirrorPrune) => unit::DeletionPolicy::MirrorPrune,
        Some(DeletionPolicy::Delete) => unit::DeletionPolicy::Delete,
        Some(DeletionPolicy::WaitForTermination) => unit::DeletionPolicy::WaitForTermination,
        Some(DeletionPolicy::Orphan) => unit::DeletionPolicy::Orphan,
    }
}

fn health(spec: &KustomizationSpec, namespace: &str) -> HealthChecks {
    if spec.wait.unwrap_or_default() {
        return HealthChecks::Applied;
    }
    if spec.health_checks.is_empty() {
        return HealthChecks::Nothing;
    }
    let checks = spec.health_checks.iter().map(|check| {
        let api_version = check.api_version.as_deref().unwrap_or("v1");
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        HealthCheck {
            id: ObjectId::new(
                GroupKind::new(group, &check.kind),
                Some(check.namespace.as_deref().unwrap_or(namespace)),
                &check.name,
            ),
            version: version.to_owned(),
        }
    });
    HealthChecks::Listed(checks.collect())
}
