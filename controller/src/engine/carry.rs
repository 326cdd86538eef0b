//! Carries a planned change set out. No decisions are left here.

use std::time::Instant;

use cluster::{ApiError, ApplyOptions, Cluster, Conflicts, DryRun, Preconditions, Propagation};
use futures::{StreamExt, stream};
use manifests::{Manifest, ObjectId};
use pipeline::plan::{Applied, ChangeSet, Failure, Planned, Write};
use pipeline::unit::{self, Unit};

use super::look::AT_ONCE;
use super::recent::{Recent, resource_version};
use crate::error::Error;

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
            let failure = |error: ApiError| Failure {
                object: write.id(),
                act,
                message: said(&error),
                is_passing: Error::from(error).is_passing(),
            };
            one(unit, write, cluster, recent)
                .await
                .map_err(failure)
                .err()
        })
        .collect();
    let failures: Vec<Failure> = stream::iter(writes)
        .buffer_unordered(AT_ONCE)
        .filter_map(std::future::ready)
        .collect()
        .await;
    changes.applied(failures)
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
) -> Result<(), ApiError> {
    match write {
        Write::Apply(manifest) => apply(unit, manifest, Conflicts::TakeOver, cluster, recent).await,
        Write::ApplyShared(manifest) => {
            apply(unit, manifest, Conflicts::Respect, cluster, recent).await
        }
        Write::Recreate { manifest, uid } => {
            delete(
                &manifest.id(),
                manifest.version(),
                uid.clone(),
                unit.propagation,
                cluster,
            )
            .await?;
            apply(unit, manifest, Conflicts::TakeOver, cluster, recent).await
        }
        Write::Delete { id, version, uid } => {
            delete(id, version, uid.clone(), unit.propagation, cluster).await
        }
    }
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
    let id = manifest.id();
    recent.record(&id, &stored);
    if let Some(version) = resource_version(&stored) {
        let wanted = cluster
            .concealer()
            .fingerprint(manifest, &options.field_manager);
        recent.settle(&id, version, wanted, Instant::now());
    }
    Ok(())
}

async fn delete(
    id: &ObjectId,
    version: &str,
    uid: Option<String>,
    propagation: unit::Propagation,
    cluster: &Cluster,
) -> Result<(), ApiError> {
    let group = &id.group_kind.group;
    let kind = match cluster.kind(group, version, &id.group_kind.kind).await {
        Ok(kind) => kind,
        Err(ApiError::NoKind { .. }) => {
            match cluster.preferred_kind(group, &id.group_kind.kind).await? {
                Some(kind) => kind,
                // Without its kind the object is gone as well.
                None => return Ok(()),
            }
        }
        Err(error) => return Err(error),
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
