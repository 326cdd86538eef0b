//! The unit as the cluster has it.

use api::kustomize::Kustomization;
use cluster::ApiError;
use manifests::{GroupKind, ObjectId};
use pipeline::inventory::Inventory;
use pipeline::unit::{Unit, flux};
use serde::de::DeserializeOwned;

use crate::signet::connection::Connection;
use crate::signet::error::Error;
use crate::signet::mode::{UnitKind, UnitName};

/// A unit, and what its status says.
pub(super) struct Found {
    /// As messages name it.
    pub(super) name: String,
    pub(super) unit: Unit,
    /// The object that names its content.
    pub(super) source: ObjectId,
    pub(super) inventory: Inventory,
}

/// Reads a unit.
pub(super) async fn read(unit: &UnitName, connection: &Connection) -> Result<Found, Error> {
    match unit.kind {
        UnitKind::Application => Err(Error::NoDiffOf { kind: unit.kind }),
        UnitKind::Kustomization => {
            let id = ObjectId::new(
                GroupKind::new("kustomize.toolkit.fluxcd.io", "Kustomization"),
                Some(&connection.namespace),
                &unit.name,
            );
            of_kustomization(&id, &object(&id, "v1", connection).await?)
        }
    }
}

fn of_kustomization(id: &ObjectId, object: &Kustomization) -> Result<Found, Error> {
    let name = id.to_string();
    if let Some(field) = flux::unsupported(&object.spec) {
        return Err(Error::UnsupportedField {
            target: name,
            field,
        });
    }
    let build = flux::build(&object.spec).map_err(|source| Error::UnitPath {
        target: name.clone(),
        source,
    })?;
    Ok(Found {
        unit: flux::unit(object, build),
        inventory: flux::inventory(object),
        source: flux::source(object),
        name,
    })
}

/// Reads an object of ours.
pub(super) async fn object<T: DeserializeOwned>(
    id: &ObjectId,
    version: &str,
    connection: &Connection,
) -> Result<T, Error> {
    let failed = |source: ApiError| Error::Cluster { source };
    let kind = &id.group_kind;
    let kind = connection
        .cluster()
        .kind(&kind.group, version, &kind.kind)
        .await
        .map_err(failed)?;
    let found = connection.cluster().read(&kind, id).await.map_err(failed)?;
    let object = found.ok_or_else(|| Error::NoUnit { unit: id.clone() })?;
    serde_json::from_value(object).map_err(|error| Error::ReadUnit {
        file: id.to_string(),
        reason: error.to_string(),
    })
}
