//! `CreateNamespace=true`: the namespace of the destination is there before anything is looked at
//! (G-055). It is no object of the Application: not tracked, not pruned, not deleted with it.

use std::collections::BTreeMap;

use api::argo::{Application, Operation};
use cluster::{ApplyOptions, Cluster, Conflicts, DryRun};
use manifests::{GroupKind, Manifest, ObjectId};
use pipeline::normalise::Scope;
use pipeline::project::Policy;
use pipeline::unit::{Unit, claimant};
use serde_json::{Value, json};

use super::sync;
use crate::error::Error;

/// What became of the namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ensured {
    /// It is as it was, or was brought in line.
    Stands,
    /// It was not there.
    Made,
    /// It belongs to a unit of another family, and is left alone.
    Claimed {
        /// The namespace.
        id: ObjectId,
        /// Who has it.
        by: String,
    },
}

/// Makes the namespace, when that is asked for, or brings its metadata in line.
pub(super) async fn ensure(
    app: &Application,
    operation: &Operation,
    unit: &Unit,
    cluster: &Cluster,
) -> Result<Ensured, Error> {
    let Some(name) = wanted(app, operation) else {
        return Ok(Ensured::Stands);
    };
    let id = ObjectId::new(GroupKind::new("", "Namespace"), None, &name);
    let kind = cluster.kind("", "v1", "Namespace").await?;
    let live = cluster.read(&kind, &id).await?;
    let (labels, annotations) = metadata(app);
    let adds_nothing = labels.is_empty() && annotations.is_empty();
    if let Some(stays) = stays(unit, id, live.as_ref(), adds_nothing) {
        return Ok(stays);
    }
    let object = json!({
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": name, "labels": labels, "annotations": annotations},
    });
    let Some(manifest) = Manifest::new(object, None) else {
        return Ok(Ensured::Stands);
    };
    let options = ApplyOptions {
        field_manager: unit.owner.field_manager.clone(),
        dry_run: DryRun::Off,
        conflicts: Conflicts::TakeOver,
    };
    cluster.apply(&manifest, &options).await?;
    Ok(match live {
        Some(_) => Ensured::Stands,
        None => Ensured::Made,
    })
}

/// Returns why a namespace that is there is not written: nothing is to be added to it, or it is
/// another family's (D-18).
fn stays(unit: &Unit, id: ObjectId, live: Option<&Value>, adds_nothing: bool) -> Option<Ensured> {
    let live = live?;
    if adds_nothing {
        return Some(Ensured::Stands);
    }
    let by = claimant(&unit.id, &unit.owner, live)?;
    Some(Ensured::Claimed { id, by })
}

/// Whether the project permits the namespace that is to be made, or brought in line (G-057).
pub(super) fn permitted(
    app: &Application,
    operation: &Operation,
    policy: &Policy,
) -> Result<(), String> {
    let Some(name) = wanted(app, operation) else {
        return Ok(());
    };
    let id = ObjectId::new(GroupKind::new("", "Namespace"), None, name);
    policy.object(&id, Some(Scope::Cluster))
}

/// Returns the namespace to make.
pub(super) fn wanted(app: &Application, operation: &Operation) -> Option<String> {
    let namespace = app.spec.destination.namespace.clone();
    namespace
        .filter(|name| !name.is_empty() && sync::is_set(app, Some(operation), "CreateNamespace"))
}

fn metadata(app: &Application) -> (BTreeMap<String, String>, BTreeMap<String, String>) {
    app.spec
        .sync_policy
        .as_ref()
        .and_then(|policy| policy.managed_namespace_metadata.clone())
        .map(|metadata| (metadata.labels, metadata.annotations))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
