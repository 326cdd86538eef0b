//! Which units there are, and what their statuses say.

use api::argo::{Application, HealthCode, HealthStatus, SyncCode};
use api::condition::{ConditionStatus, find_condition};
use api::kustomize::Kustomization;
use api::names::flux::READY;
use cluster::{ApiError, Cluster};
use manifests::{GroupKind, ObjectId};
use pipeline::health::{Assessment, Health};
use pipeline::unit::{HealthModel, flux};
use serde_json::Value;

use crate::signet::connection::Connection;
use crate::signet::error::Error;
use crate::signet::mode::{UnitKind, Units};

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

/// Finds the units, sorted by kind, namespace and name.
pub(super) async fn find(units: &Units, connection: &Connection) -> Result<Vec<Unit>, Error> {
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
            Ok(vec![read(unit.kind, id, object)?])
        }
        Units::OfNamespace => of(Some(&connection.namespace), cluster).await,
        Units::All => of(None, cluster).await,
    }
}

async fn of(namespace: Option<&str>, cluster: &Cluster) -> Result<Vec<Unit>, Error> {
    let mut units = Vec::new();
    let mut served = 0;
    for unit_kind in UnitKind::ALL {
        let kind = kind(unit_kind);
        let like = ObjectId::new(kind.clone(), namespace, "");
        let found = cluster
            .kind(&kind.group, version(unit_kind), &kind.kind)
            .await;
        let kind = match found {
            Ok(kind) => kind,
            Err(ApiError::NoKind { .. }) => continue,
            Err(source) => return Err(Error::Cluster { source }),
        };
        served += 1;
        let objects = cluster.list(&kind, &like, "").await;
        for object in objects.map_err(|source| Error::Cluster { source })? {
            let text = |pointer| object.pointer(pointer).and_then(Value::as_str);
            let name = text("/metadata/name").unwrap_or_default();
            let id = ObjectId::new(like.group_kind.clone(), text("/metadata/namespace"), name);
            units.push(read(unit_kind, id, object)?);
        }
    }
    if served == 0 {
        return Err(Error::NoUnitsServed);
    }
    if units.is_empty() {
        return Err(Error::NoUnitsFound {
            namespace: namespace.map(str::to_owned),
        });
    }
    units.sort_by(|left, right| order(&left.id).cmp(&order(&right.id)));
    Ok(units)
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
    let operation = status.operation_state.as_ref().and_then(|state| {
        let is_open = state.finished_at.is_none();
        is_open.then(|| state.message.clone().unwrap_or_default())
    });
    let condition = status
        .conditions
        .first()
        .map(|condition| format!("{}: {}", condition.kind, condition.message));
    let sync = status.sync.as_ref().map(|sync| sync.status);
    let out_of_sync = match sync {
        None => Some("not compared yet"),
        Some(SyncCode::OutOfSync) => Some("OutOfSync"),
        Some(SyncCode::Synced | SyncCode::Unknown) => None,
    };
    Unit {
        id,
        version: version(UnitKind::Application),
        inventory: inventory.collect(),
        revision: status.sync.and_then(|sync| sync.revision),
        waits: condition
            .or(operation)
            .or(out_of_sync.map(str::to_owned))
            .filter(|text| !text.is_empty()),
        object,
        model: HealthModel::Argo,
        health: status.health.as_ref().map(health),
    }
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
