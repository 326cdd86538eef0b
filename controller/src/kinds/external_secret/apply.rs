//! Writes the Secret, and undoes it when the object goes away.
//!
//! Whole Secrets are created and replaced, each over the very version that was looked at: what
//! others put into it since is a conflict and looked at again, a Secret that appeared meanwhile is
//! not overwritten (I3), and the fields end up under the same manager as with existing controllers.

use std::time::Duration;

use api::external_secrets::{DeletionPolicy, ExternalSecret};
use api::names::external_secrets::MANAGED;
use cluster::{ApiError, Cluster, Kind, Preconditions};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Patch, PatchParams};
use kube::{Api, ResourceExt};
use manifests::{GroupKind, ObjectId};
use serde_json::json;

use super::live::controller;
use super::parse::target_name;
use super::plan::{Act, Plan, Sync, Write};
use super::status::{
    COULD_NOT_DELETE, COULD_NOT_DELETE_ORPHANS, COULD_NOT_UPDATE, SYNC_ERROR, Synced,
};
use crate::context::Context;
use crate::error::Error;

/// What was done.
#[derive(Debug)]
pub(crate) enum Applied {
    /// Nothing was due.
    LeftAlone {
        /// When something is.
        again: Option<Duration>,
    },
    /// Values were fetched and the Secret is as they say.
    Done(Done),
}

/// What came of a fetch.
#[derive(Debug)]
pub(crate) struct Done {
    pub(super) started: Timestamp,
    pub(super) again: Option<Duration>,
    pub(super) synced: Synced,
    pub(super) did: Did,
    /// How many Secrets of earlier names were deleted.
    pub(super) orphans: usize,
    pub(super) missing: Vec<String>,
    pub(super) binding: Option<String>,
}

/// What was done to the Secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Did {
    Nothing,
    Created,
    Updated,
    Deleted,
}

/// Does what the plan says.
pub(super) async fn apply(plan: Plan, context: &Context) -> Result<Applied, Error> {
    let (namespace, name) = (plan.namespace.clone(), plan.name.clone());
    act(plan, context).await.inspect_err(|_| {
        context.metrics.external_secret_failed(&namespace, &name);
    })
}

async fn act(plan: Plan, context: &Context) -> Result<Applied, Error> {
    let target = Target {
        namespace: plan.namespace,
        manager: plan.manager,
    };
    match plan.act {
        Act::Refuse(error) => Err(error),
        Act::LeaveAlone { again, unlabelled } => {
            if let Some(name) = unlabelled {
                label(&target, &name, context).await?;
            }
            Ok(Applied::LeftAlone { again })
        }
        Act::Sync(sync) => done(sync, &target, context).await.map(Applied::Done),
    }
}

/// Where the Secret is, and under which manager its fields are written.
struct Target {
    namespace: String,
    manager: String,
}

async fn done(sync: Sync, target: &Target, context: &Context) -> Result<Done, Error> {
    let cluster = context.clusters.own();
    for orphan in &sync.orphans {
        let id = secret_id(&target.namespace, &orphan.name);
        delete(cluster, &id, orphan.uid.clone(), COULD_NOT_DELETE_ORPHANS).await?;
    }
    let did = write(&sync.write, target, context).await?;
    Ok(Done {
        started: sync.started,
        again: sync.again,
        synced: sync.synced,
        did,
        orphans: sync.orphans.len(),
        missing: sync.missing,
        binding: sync.binding,
    })
}

async fn write(write: &Write, target: &Target, context: &Context) -> Result<Did, Error> {
    let cluster = context.clusters.own();
    let manager = &target.manager;
    match write {
        Write::Keep => Ok(Did::Nothing),
        Write::Label { name } => label(target, name, context).await.map(|()| Did::Nothing),
        Write::Create(manifest) => cluster
            .create(&secrets(cluster).await?, manifest, manager)
            .await
            .map(|written| context.engine.note(&manifest.id(), &written))
            .map(|()| Did::Created)
            .map_err(|error| failed(COULD_NOT_UPDATE, "create", &manifest.id(), error)),
        Write::Replace(manifest) => cluster
            .replace(&secrets(cluster).await?, manifest, manager)
            .await
            .map(|written| context.engine.note(&manifest.id(), &written))
            .map(|()| Did::Updated)
            .map_err(|error| failed(COULD_NOT_UPDATE, "update", &manifest.id(), error)),
        Write::Delete { name, uid } => {
            let id = secret_id(&target.namespace, name);
            delete(cluster, &id, uid.clone(), COULD_NOT_DELETE)
                .await
                .map(|()| Did::Deleted)
        }
    }
}

async fn secrets(cluster: &Cluster) -> Result<Kind, Error> {
    Ok(cluster.kind("", "v1", "Secret").await?)
}

async fn delete(
    cluster: &Cluster,
    id: &ObjectId,
    uid: Option<String>,
    message: &'static str,
) -> Result<(), Error> {
    let kind = secrets(cluster).await?;
    cluster
        .delete(&kind, id, &Preconditions { uid })
        .await
        .map_err(|error| failed(message, "delete", id, error))
}

fn secret_id(namespace: &str, name: &str) -> ObjectId {
    ObjectId::new(GroupKind::new("", "Secret"), Some(namespace), name)
}

fn failed(message: &'static str, act: &str, id: &ObjectId, error: ApiError) -> Error {
    let cause = Error::from(error);
    let text = format!("unable to {act} secret {}: {cause}", id.name);
    Error::new(cause.category(), SYNC_ERROR, message).because(text)
}

/// Puts the label of the family on, and nothing else.
async fn label(target: &Target, name: &str, context: &Context) -> Result<(), Error> {
    let patch = json!({"metadata": {"labels": {MANAGED: "true"}}});
    let parameters = PatchParams {
        field_manager: Some(target.manager.clone()),
        ..PatchParams::default()
    };
    Api::<Secret>::namespaced(context.clusters.own().client().clone(), &target.namespace)
        .patch_metadata(name, &parameters, &Patch::Merge(patch))
        .await
        .map(|_| ())
        .map_err(|source| {
            let cause = Error::kubernetes("label the Secret", source);
            Error::new(cause.category(), SYNC_ERROR, COULD_NOT_UPDATE).because(cause)
        })
}

/// Deletes the Secret where the policy says so and this very object controls it (§7.12); otherwise
/// the garbage collector takes what is owned.
pub(super) async fn clean_up(object: &ExternalSecret, context: &Context) -> Result<(), Error> {
    let namespace = object.namespace().unwrap_or_default();
    context
        .metrics
        .external_secret_gone(&namespace, &object.name_any());
    if object.spec.target.deletion_policy != DeletionPolicy::Delete {
        return Ok(());
    }
    let name = target_name(object);
    let cluster = context.clusters.own();
    let live = Api::<Secret>::namespaced(cluster.client().clone(), &namespace)
        .get_metadata_opt(&name)
        .await
        .map_err(|source| Error::kubernetes("look at the Secret", source))?;
    let Some(live) = live else {
        return Ok(());
    };
    let is_controlled = controller(&live.metadata)
        .is_some_and(|owner| Some(&owner.uid) == object.metadata.uid.as_ref());
    if !is_controlled {
        return Ok(());
    }
    let id = secret_id(&namespace, &name);
    delete(cluster, &id, live.metadata.uid, COULD_NOT_DELETE).await
}
