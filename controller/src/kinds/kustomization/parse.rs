//! From the custom resource to the family-neutral [`Unit`].

use std::time::Duration;

use api::condition::{ConditionStatus, find_condition};
use api::kustomize::{DeletionPolicy, Kustomization, KustomizationSpec, SourceKind};
use api::names::flux;
use jiff::Timestamp;
use kube::ResourceExt;
use manifests::{BuildOptions, GroupKind, ObjectId};
use pipeline::inventory::Inventory;
use pipeline::unit::{
    self, Duplicates, Family, HealthCheck, HealthChecks, HealthModel, HealthPolicy,
    ImmutableChange, PrunePolicy, SourceRef, Unit, UnitId,
};

use crate::error::{Category, Error};

/// The shortest budget of a run (§9.1).
const SHORTEST_TIMEOUT: Duration = Duration::from_secs(30);

/// A valid Kustomization.
pub(crate) struct Wanted {
    pub(super) unit: Unit,
    pub(super) source: ObjectId,
    /// Kustomizations that must be ready first: namespace and name.
    pub(super) dependencies: Vec<(String, String)>,
    /// What the status says was applied.
    pub(super) inventory: Inventory,
    /// The revision that is waited for, and since when, if any.
    pub(super) waiting: Option<(String, Timestamp)>,
}

/// Checks the object.
///
/// A field that would change what is applied or where, and that is not supported yet, is refused:
/// applying something else than what was asked for would be worse than applying nothing.
pub(super) fn parse(object: &Kustomization) -> Result<Wanted, Error> {
    let spec = &object.spec;
    refuse_unsupported(spec)?;
    let namespace = object.namespace().unwrap_or_default();
    let source = source(spec, &namespace);
    let build = unit::flux::build(spec).map_err(|error| {
        Error::new(Category::Invalid, "BuildFailed", "spec.path cannot be used").because(error)
    })?;
    Ok(Wanted {
        unit: unit(object, &namespace, &source, build),
        source,
        dependencies: dependencies(spec, &namespace),
        inventory: inventory(object),
        waiting: waiting(object),
    })
}

/// Returns the inventory the status holds.
pub(super) fn inventory(object: &Kustomization) -> Inventory {
    let entries = object
        .status
        .iter()
        .filter_map(|status| status.inventory.as_ref())
        .flat_map(|inventory| &inventory.entries);
    let (inventory, _unreadable) =
        Inventory::read(entries.map(|entry| (entry.id.as_str(), entry.v.as_str())));
    inventory
}

/// Returns the unit of an object that is deleted: nothing is built of it any more, so that whether
/// it can be built does not matter.
pub(super) fn to_delete(object: &Kustomization) -> Unit {
    let namespace = object.namespace().unwrap_or_default();
    let source = source(&object.spec, &namespace);
    unit(object, &namespace, &source, BuildOptions::default())
}

fn source(spec: &KustomizationSpec, namespace: &str) -> ObjectId {
    ObjectId::new(
        GroupKind::new("source.toolkit.fluxcd.io", "GitRepository"),
        Some(spec.source_ref.namespace.as_deref().unwrap_or(namespace)),
        &spec.source_ref.name,
    )
}

fn unit(object: &Kustomization, namespace: &str, source: &ObjectId, build: BuildOptions) -> Unit {
    let spec = &object.spec;
    let name = object.name_any();
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
            name: name.clone(),
        },
        source: SourceRef::Object(source.clone()),
        build,
        decryption: unit::flux::decryption(object),
        default_namespace: spec.target_namespace.clone(),
        duplicates: Duplicates::Refuse,
        owner: unit::flux::owner(namespace, &name),
        protections: unit::flux::protections(),
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
        deletion: match spec.deletion_policy {
            None | Some(DeletionPolicy::MirrorPrune) => unit::DeletionPolicy::MirrorPrune,
            Some(DeletionPolicy::Delete) => unit::DeletionPolicy::Delete,
            Some(DeletionPolicy::WaitForTermination) => unit::DeletionPolicy::WaitForTermination,
            Some(DeletionPolicy::Orphan) => unit::DeletionPolicy::Orphan,
        },
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
    }
}

fn refuse_unsupported(spec: &KustomizationSpec) -> Result<(), Error> {
    for (field, is_set) in [
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
    ] {
        if is_set {
            return Err(Error::new(
                Category::Invalid,
                "UnsupportedField",
                format!("{field} is not supported yet as it is set here; nothing is applied"),
            ));
        }
    }
    Ok(())
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

fn dependencies(spec: &KustomizationSpec, namespace: &str) -> Vec<(String, String)> {
    spec.depends_on
        .iter()
        .map(|dependency| {
            let namespace = dependency.namespace.as_deref().unwrap_or(namespace);
            (namespace.to_owned(), dependency.name.clone())
        })
        .collect()
}

/// A wait lives in the status, so that a restart goes on with it.
pub(super) fn waiting(object: &Kustomization) -> Option<(String, Timestamp)> {
    let status = object.status.as_ref()?;
    let reconciling = find_condition(&status.conditions, flux::RECONCILING)?;
    let is_waiting = reconciling.status == ConditionStatus::True
        && reconciling.reason == super::status::PROGRESSING
        && reconciling.observed_generation == object.metadata.generation;
    let revision = status.last_attempted_revision.clone()?;
    is_waiting.then_some((revision, reconciling.last_transition_time.0))
}

#[cfg(test)]
mod tests;
