//! `CreateNamespace=true`: the namespace of the destination is there before anything is looked at
//! (G-055). It is no object of the Application: not tracked, not pruned, not deleted with it.

use std::collections::BTreeMap;

use api::argo::{Application, Operation};
use cluster::{ApplyOptions, Cluster, Conflicts, DryRun};
use manifests::{GroupKind, Manifest, ObjectId};
use pipeline::normalise::Scope;
use pipeline::project::Policy;
use serde_json::json;

use super::sync;
use crate::error::Error;

/// Makes the namespace, when that is asked for; returns whether it was not there.
pub(super) async fn ensure(
    app: &Application,
    operation: &Operation,
    field_manager: &str,
    cluster: &Cluster,
) -> Result<bool, Error> {
    let Some(name) = wanted(app, operation) else {
        return Ok(false);
    };
    let id = ObjectId::new(GroupKind::new("", "Namespace"), None, &name);
    let kind = cluster.kind("", "v1", "Namespace").await?;
    let live = cluster.read(&kind, &id).await?;
    let (labels, annotations) = metadata(app);
    let is_there = live.is_some();
    if is_there && labels.is_empty() && annotations.is_empty() {
        return Ok(false);
    }
    let object = json!({
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": name, "labels": labels, "annotations": annotations},
    });
    let Some(manifest) = Manifest::new(object, None) else {
        return Ok(false);
    };
    let options = ApplyOptions {
        field_manager: field_manager.to_owned(),
        dry_run: DryRun::Off,
        conflicts: Conflicts::TakeOver,
    };
    cluster.apply(&manifest, &options).await?;
    Ok(!is_there)
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
