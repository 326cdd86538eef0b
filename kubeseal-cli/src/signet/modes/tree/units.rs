//! Which units there are, and what their statuses say.

use api::argo::{
    Application, ApplicationCondition, ApplicationStatus, HealthCode, HealthStatus, OperationPhase,
    SyncCode,
};
use api::condition::{ConditionStatus, find_condition};
use api::kustomize::Kustomization;
use api::names::flux::READY;
use cluster::{ApiError, Cluster, Refusal};
use manifests::{GroupKind, ObjectId};
use pipeline::health::{Assessment, Health};
use pipeline::unit::{HealthModel, flux};
use serde_json::Value;

use crate::signet::connection::Connection;
use crate::signet::error::Error;
use crate::signet::mode::{UnitKind, Units};

/// The answer to somebody who has not the right.
const FORBIDDEN: u16 = 403;

/// A unit, as far as a tree needs it.
pub(super) struct Unit {
    pub(super) id: ObjectId,
    pub(super) version: &'static str,
    /// The object itself.
    pub(super) object: Value,
    /// Whose health rules count for its objects.
    pub(super) model: HealthModel,
    /// Its objects, each with the version it was applied in.
    pub(super) inventory: Vec<(ObjectId, String)>,
    /// Its own health where its status says it.
    pub(super) health: Option<Assessment>,
    pub(super) revision: Option<String>,
    /// Why it is not ready.
    pub(super) waits: Option<String>,
}

/// The units that were found.
pub(super) struct Found {
    /// Sorted by kind, namespace and name.
    pub(super) units: Vec<Unit>,
    /// Kinds that may not be listed.
    pub(super) hidden: Vec<Hidden>,
}

/// A kind of units that may not be listed.
pub(super) struct Hidden {
    /// All objects of the kind, in the namespace that was asked for.
    pub(super) like: ObjectId,
    pub(super) version: &'static str,
    /// What the API server said.
    pub(super) reason: String,
}

/// Finds the units.
pub(super) async fn find(units: &Units, connection: &Connection) -> Result<Found, Error> {
    let cluster = connection.cluster();
    let failed = |source| Error::Cluster { source };
    match units {
        Units::One(unit) => {
            let id = ObjectId::new(kind(unit.kind), Some(&connection.namespace), &unit.name);
            let served = cluster.kind(
                &id.group_kind.group,
                version(unit.kind),
                &id.group_kind.kind,
            );
            let served = served.await.map_err(failed)?;
            let object = cluster.read(&served, &id).await.map_err(failed)?;
            let object = object.ok_or_else(|| Error::NoUnit { unit: id.clone() })?;
            Ok(Found {
                units: vec![read(unit.kind, id, object)?],
                hidden: Vec::new(),
            })
        }
        Units::OfNamespace => of(Some(&connection.namespace), cluster).await,
        Units::All => of(None, cluster).await,
    }
}

async fn of(namespace: Option<&str>, cluster: &Cluster) -> Result<Found, Error> {
    let failed = |source| Error::Cluster { source };
    let (mut units, mut hidden) = (Vec::new(), Vec::new());
    let mut served = 0;
    for unit_kind in UnitKind::ALL {
        let kind = kind(unit_kind);
        let version = version(unit_kind);
        let like = ObjectId::new(kind.clone(), namespace, "*");
        let kind = match cluster.kind(&kind.group, version, &kind.kind).await {
            Ok(kind) => kind,
            Err(ApiError::NoKind { .. }) => continue,
            Err(error) => return Err(failed(error)),
        };
        served += 1;
        let objects = match cluster.list(&kind, &like, "").await {
            Ok(objects) => objects,
            Err(ApiError::Refused { refusal, .. }) if refusal.code == FORBIDDEN => {
                hidden.push(Hidden {
                    like,
                    version,
                    reason: said(&refusal),
                });
                continue;
            }
            Err(error) => return Err(failed(error)),
        };
        for object in objects {
            let text = |pointer| object.pointer(pointer).and_then(Value::as_str);
            let name = text("/metadata/name").unwrap_or_default();
            let id = ObjectId::new(like.group_kind.clone(), text("/metadata/namespace"), name);
            units.push(read(unit_kind, id, object)?);
        }
    }
    if served == 0 {
        return Err(Error::NoUnitsServed);
    }
    if hidden.len() == served {
        let reasons: Vec<String> = hidden.into_iter().map(|hidden| hidden.reason).collect();
        let reasons = reasons.join("; ");
        return Err(Error::UnitsForbidden { reasons });
    }
    if units.is_empty() && hidden.is_empty() {
        return Err(Error::NoUnitsFound {
            namespace: namespace.map(str::to_owned),
        });
    }
    units.sort_by(|left, right| order(&left.id).cmp(&order(&right.id)));
    Ok(Found { units, hidden })
}

/// Returns what the API server said to a refusal, without saying a second time that it forbids.
pub(super) fn said(refusal: &Refusal) -> String {
    let whole = refusal.to_string();
    let says_it = refusal.message.contains("is forbidden: ");
    let rest = whole.strip_prefix("forbidden: ").filter(|_| says_it);
    rest.map_or_else(|| whole.clone(), str::to_owned)
}

fn order(id: &ObjectId) -> (&str, &Option<String>, &str) {
    (&id.group_kind.kind, &id.namespace, &id.name)
}

fn kind(kind: UnitKind) -> GroupKind {
    let group = match kind {
        UnitKind::Application => "argoproj.io",
        UnitKind::Kustomization => "kustomize.toolkit.fluxcd.io",
    };
    GroupKind::new(group, kind.to_string())
}

fn version(kind: UnitKind) -> &'static str {
    match kind {
        UnitKind::Application => "v1alpha1",
        UnitKind::Kustomization => "v1",
    }
}

fn read(kind: UnitKind, id: ObjectId, object: Value) -> Result<Unit, Error> {
    let unreadable = |error: serde_json::Error| Error::ReadUnit {
        file: id.to_string(),
        reason: error.to_string(),
    };
    let copy = object.clone();
    Ok(match kind {
        UnitKind::Application => {
            let application = serde_json::from_value(copy).map_err(unreadable)?;
            of_application(id, object, &application)
        }
        UnitKind::Kustomization => {
            let kustomization = serde_json::from_value(copy).map_err(unreadable)?;
            of_kustomization(id, object, &kustomization)
        }
    })
}

fn of_kustomization(id: ObjectId, object: Value, read: &Kustomization) -> Unit {
    let status = read.status.as_ref();
    let waits = status.and_then(|status| {
        let ready = find_condition(&status.conditions, READY)?;
        (ready.status != ConditionStatus::True)
            .then(|| format!("{}: {}", ready.reason, ready.message))
    });
    let waits = match (read.spec.suspend, status) {
        (Some(true), _) => Some("it is suspended".to_owned()),
        (_, None) => Some("not reconciled yet".to_owned()),
        _ => waits,
    };
    let revision = status.and_then(|status| status.last_applied_revision.clone());
    Unit {
        id,
        version: version(UnitKind::Kustomization),
        object,
        model: HealthModel::Kstatus,
        health: None,
        inventory: flux::inventory(read)
            .iter()
            .map(|(id, version)| (id.clone(), version.to_owned()))
            .collect(),
        revision,
        waits,
    }
}

fn of_application(id: ObjectId, object: Value, read: &Application) -> Unit {
    let status = read.status.clone().unwrap_or_default();
    let inventory = status.resources.iter().map(|resource| {
        let kind = GroupKind::new(&resource.group, &resource.kind);
        let namespace = resource
            .namespace
            .as_deref()
            .filter(|name| !name.is_empty());
        (
            ObjectId::new(kind, namespace, &resource.name),
            resource.version.clone(),
        )
    });
    let waits = why(&status);
    Unit {
        id,
        version: version(UnitKind::Application),
        inventory: inventory.collect(),
        revision: status.sync.and_then(|sync| sync.revision),
        waits,
        object,
        model: HealthModel::Argo,
        health: status.health.as_ref().map(health),
    }
}

/// Returns why an Application is not as it should be: what is wrong with it, else what its sync came
/// to, else what is worth a look.
fn why(status: &ApplicationStatus) -> Option<String> {
    let said =
        |condition: &ApplicationCondition| format!("{}: {}", condition.kind, condition.message);
    let mut conditions = status.conditions.iter();
    let error = conditions.clone().find(|condition| condition.is_error());
    let sync = status.sync.as_ref().map(|sync| sync.status);
    let health = status.health.as_ref().map(|health| health.status);
    let is_well = sync == Some(SyncCode::Synced) && health == Some(HealthCode::Healthy);
    let operation = status.operation_state.as_ref().and_then(|state| {
        let message = state.message.clone().unwrap_or_default();
        match state.phase {
            OperationPhase::Failed | OperationPhase::Error => {
                (!is_well).then(|| format!("sync failed: {message}"))
            }
            _ if state.finished_at.is_none() => Some(message),
            _ => None,
        }
    });
    let out_of_sync = match sync {
        None => Some("not compared yet".to_owned()),
        Some(SyncCode::OutOfSync) => Some("OutOfSync".to_owned()),
        Some(SyncCode::Synced | SyncCode::Unknown) => None,
    };
    let operation = operation.filter(|text| !text.is_empty());
    error
        .map(said)
        .or(operation)
        .or_else(|| conditions.next().map(said))
        .or(out_of_sync)
}

fn health(status: &HealthStatus) -> Assessment {
    let (health, word) = match status.status {
        HealthCode::Healthy => (Health::Healthy, "Healthy"),
        HealthCode::Suspended => (Health::Suspended, "Suspended"),
        HealthCode::Progressing => (Health::Progressing, "Progressing"),
        HealthCode::Missing => (Health::Missing, "Missing"),
        HealthCode::Degraded => (Health::Degraded, "Degraded"),
        HealthCode::Unknown => (Health::Unknown, "Unknown"),
    };
    Assessment {
        health,
        word,
        message: status.message.clone().unwrap_or_default(),
    }
}
