//! Carries a planned change set out. No decisions are left here.

use std::time::{Duration, Instant};

use cluster::{
    ApiError, ApplyOptions, Cluster, Conflicts, DryRun, Fingerprint, Kind, Preconditions,
    Propagation,
};
use futures::{StreamExt, stream};
use manifests::{GroupKind, Manifest, ObjectId};
use pipeline::plan::{Applied, ChangeSet, Failure, Planned, Write};
use pipeline::unit::{self, Unit};
use serde_json::Value;

use super::definitions;
use super::look::AT_ONCE;
use super::recent::{Recent, resource_version};
use crate::error::Error;

/// How long an object that is made anew may take to leave: a little longer than a Pod that is given
/// the usual time.
const LEAVING: Duration = Duration::from_secs(40);
/// How soon it is looked at again.
const NEXT_LOOK: Duration = Duration::from_secs(1);

/// Sends every write of a change set, several at once, and says what came of it.
pub(super) async fn out(
    unit: &Unit,
    changes: ChangeSet<Planned>,
    cluster: &Cluster,
    recent: &Recent,
) -> ChangeSet<Applied> {
    // Made before they are run: a closure over borrowed writes inside a stream is not `Send`.
    let writes: Vec<_> = changes
        .writes()
        .iter()
        .map(|write| async move {
            let act = match write {
                Write::Delete { .. } => "delete",
                Write::Apply(_) | Write::ApplyShared(_) | Write::Recreate { .. } => "apply",
            };
            let unwritten = one(unit, write, cluster, recent).await.err()?;
            Some(failure(write.id(), act, unwritten))
        })
        .collect();
    let failures: Vec<Failure> = stream::iter(writes)
        .buffer_unordered(AT_ONCE)
        .filter_map(std::future::ready)
        .collect()
        .await;
    changes.applied(failures)
}

/// Why a write was not done.
enum Unwritten {
    /// The API server did not take it.
    Refused(ApiError),
    /// The object that stood in its place is still there.
    InPlace {
        /// What keeps it.
        finalizers: String,
    },
}

impl From<ApiError> for Unwritten {
    fn from(error: ApiError) -> Self {
        Self::Refused(error)
    }
}

fn failure(object: ObjectId, act: &'static str, unwritten: Unwritten) -> Failure {
    let (message, is_passing) = match unwritten {
        Unwritten::Refused(error) => (said(&error), Error::from(error).is_passing()),
        Unwritten::InPlace { finalizers } if finalizers.is_empty() => {
            ("the old object is still being deleted".to_owned(), true)
        }
        Unwritten::InPlace { finalizers } => (
            format!("the old object is still being deleted (finalizers: {finalizers})"),
            true,
        ),
    };
    Failure {
        object,
        act,
        message,
        is_passing,
    }
}

/// The object is named by the failure already.
fn said(error: &ApiError) -> String {
    match error {
        ApiError::Refused { refusal, .. } => refusal.to_string(),
        error => error.to_string(),
    }
}

async fn one(
    unit: &Unit,
    write: &Write,
    cluster: &Cluster,
    recent: &Recent,
) -> Result<(), Unwritten> {
    match write {
        Write::Apply(manifest) => {
            apply(unit, manifest, Conflicts::TakeOver, cluster, recent).await?;
        }
        Write::ApplyShared(manifest) => {
            apply(unit, manifest, Conflicts::Respect, cluster, recent).await?;
        }
        Write::Recreate { manifest, uid } => {
            let (id, version) = (manifest.id(), manifest.version());
            delete(&id, version, uid.clone(), unit.propagation, cluster).await?;
            gone(&id, version, uid.as_deref(), unit, cluster).await?;
            apply(unit, manifest, Conflicts::TakeOver, cluster, recent).await?;
        }
        Write::Delete { id, version, uid } => {
            delete(id, version, uid.clone(), unit.propagation, cluster).await?;
        }
    }
    Ok(())
}

/// Waits until a deleted object is gone: before that, what is applied in its place goes to the one
/// that leaves, or is refused as it was.
async fn gone(
    id: &ObjectId,
    version: &str,
    uid: Option<&str>,
    unit: &Unit,
    cluster: &Cluster,
) -> Result<(), Unwritten> {
    let limit = LEAVING.min(unit.timeout);
    let began = Instant::now();
    let Some(kind) = kind(id, version, cluster).await? else {
        return Ok(());
    };
    loop {
        let live = cluster.read(&kind, id).await?;
        let Some(live) = live.filter(|live| is_same(live, uid)) else {
            return Ok(());
        };
        if began.elapsed() >= limit {
            return Err(Unwritten::InPlace {
                finalizers: finalizers(&live),
            });
        }
        tokio::time::sleep(NEXT_LOOK).await;
    }
}

/// Whether a live object is the one that was deleted, and not another in its place.
fn is_same(live: &Value, uid: Option<&str>) -> bool {
    let held = live.pointer("/metadata/uid").and_then(Value::as_str);
    uid.is_none_or(|uid| held == Some(uid))
}

fn finalizers(live: &Value) -> String {
    let listed = live.pointer("/metadata/finalizers");
    let listed = listed.and_then(Value::as_array);
    let names: Vec<&str> = listed
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    names.join(", ")
}

async fn apply(
    unit: &Unit,
    manifest: &Manifest,
    conflicts: Conflicts,
    cluster: &Cluster,
    recent: &Recent,
) -> Result<(), ApiError> {
    let options = ApplyOptions {
        field_manager: unit.owner.field_manager.clone(),
        dry_run: DryRun::Off,
        conflicts,
    };
    let stored = cluster.apply(manifest, &options).await?;
    let wanted = cluster
        .concealer()
        .fingerprint(manifest, &options.field_manager);
    note(&manifest.id(), &stored, wanted, recent, Instant::now());
    Ok(())
}

/// Records what was written, and what no longer counts since.
fn note(id: &ObjectId, stored: &Value, wanted: Fingerprint, recent: &Recent, now: Instant) {
    recent.record(id, stored);
    if let Some(version) = resource_version(stored) {
        recent.settle(id, version, wanted, now);
    }
    if let Some(group) = definitions::group(id) {
        recent.redefine(group, now);
    }
}

async fn delete(
    id: &ObjectId,
    version: &str,
    uid: Option<String>,
    propagation: unit::Propagation,
    cluster: &Cluster,
) -> Result<(), ApiError> {
    // Without its kind the object is gone as well.
    let Some(kind) = kind(id, version, cluster).await? else {
        return Ok(());
    };
    let propagation = match propagation {
        unit::Propagation::Background => Propagation::Background,
        unit::Propagation::Foreground => Propagation::Foreground,
        unit::Propagation::Orphan => Propagation::Orphan,
    };
    cluster
        .delete_with(&kind, id, &Preconditions { uid }, propagation)
        .await
}

async fn kind(id: &ObjectId, version: &str, cluster: &Cluster) -> Result<Option<Kind>, ApiError> {
    let GroupKind { group, kind } = &id.group_kind;
    match cluster.kind(group, version, kind).await {
        Ok(kind) => Ok(Some(kind)),
        Err(ApiError::NoKind { .. }) => cluster.preferred_kind(group, kind).await,
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
