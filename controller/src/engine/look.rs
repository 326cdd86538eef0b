//! Asks the API server what it has and what an apply would make of it.

use std::collections::BTreeMap;
use std::time::Instant;

use cluster::{ApiError, ApplyOptions, Cluster, Conflicts, Fingerprint};
use futures::{StreamExt, TryStreamExt, stream};
use manifests::{Manifest, ObjectId};
use pipeline::plan::{Comparable, DryRun, Found, Refusal, wants_dry_run};
use pipeline::stage::Stage;
use pipeline::unit::Unit;
use serde_json::{Map, Value};

use super::recent::{Recent, resource_version};
use crate::error::Error;

/// How many objects of one unit are looked at or written at once. The cluster's own bound, shared
/// by all units, comes on top.
pub(super) const AT_ONCE: usize = 8;

/// How much has to be known of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Depth {
    /// Whether applying changes it. An object that nobody touched costs no request.
    Change,
    /// The object as it is and as it would be.
    Whole,
}

/// Looks at every object of a stage: whether it is to be written.
pub(super) async fn stage(
    unit: &Unit,
    stage: &Stage,
    cluster: &Cluster,
    recent: &Recent,
) -> Result<BTreeMap<ObjectId, Found>, Error> {
    look(unit, stage.manifests(), Depth::Change, cluster, recent).await
}

/// Looks at every object that is wanted, as it is.
pub(super) async fn manifests(
    unit: &Unit,
    manifests: impl IntoIterator<Item = &Manifest>,
    cluster: &Cluster,
    recent: &Recent,
) -> Result<BTreeMap<ObjectId, Found>, Error> {
    look(unit, manifests, Depth::Whole, cluster, recent).await
}

async fn look(
    unit: &Unit,
    manifests: impl IntoIterator<Item = &Manifest>,
    depth: Depth,
    cluster: &Cluster,
    recent: &Recent,
) -> Result<BTreeMap<ObjectId, Found>, Error> {
    // Made before they are run: a closure over borrowed manifests inside a stream is not `Send`.
    let looks: Vec<_> = manifests
        .into_iter()
        .map(|manifest| async move {
            let found = object(unit, manifest, depth, cluster, recent).await?;
            Ok((manifest.id(), found))
        })
        .collect();
    stream::iter(looks)
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}

async fn object(
    unit: &Unit,
    manifest: &Manifest,
    depth: Depth,
    cluster: &Cluster,
    recent: &Recent,
) -> Result<Found, Error> {
    let id = manifest.id();
    if !wants_dry_run(unit, manifest) {
        let kind = cluster.kind_of(manifest).await?;
        return Ok(Found {
            live: cluster.read(&kind, &id).await?,
            dry_run: DryRun::Skipped,
        });
    }
    let manager = &unit.owner.field_manager;
    let wanted = cluster.concealer().fingerprint(manifest, manager);
    if depth == Depth::Change && is_as_applied(manifest, manager, wanted, cluster, recent) {
        return Ok(Found {
            live: Some(Value::Object(Map::new())),
            dry_run: DryRun::Same,
        });
    }
    let options = ApplyOptions {
        field_manager: unit.owner.field_manager.clone(),
        dry_run: cluster::DryRun::Only,
        conflicts: Conflicts::TakeOver,
    };
    match cluster.apply(manifest, &options).await {
        Ok(predicted) => {
            let version = resource_version(&predicted);
            let found = beside(predicted, manifest, depth, cluster, recent).await?;
            if let (DryRun::Same, Some(version)) = (&found.dry_run, version) {
                recent.settle(&id, version, wanted, Instant::now());
            }
            Ok(found)
        }
        Err(ApiError::Refused { refusal, .. }) if is_about_the_object(&refusal) => {
            // The namespace may be missing, or the rights to look: the dry run's answer says it
            // better.
            let live = match read(manifest, &id, cluster, recent).await {
                Err(ApiError::Refused { .. }) => None,
                read => read?,
            };
            let immutable = refusal.is_immutable_field();
            let refused = Refusal {
                message: refusal.to_string(),
                immutable,
            };
            Ok(Found {
                live,
                dry_run: DryRun::Refused(refused),
            })
        }
        // A kind nobody serves is the manifest's fault, and the text says which versions are (D-20).
        Err(error @ ApiError::NoKind { .. }) => {
            let refused = Refusal {
                message: error.to_string(),
                immutable: false,
            };
            Ok(Found {
                live: None,
                dry_run: DryRun::Refused(refused),
            })
        }
        Err(error) => Err(error.into()),
    }
}

/// Whether it is known without a request that applying a manifest changes nothing.
fn is_as_applied(
    manifest: &Manifest,
    manager: &str,
    wanted: Fingerprint,
    cluster: &Cluster,
    recent: &Recent,
) -> bool {
    let (id, now) = (manifest.id(), Instant::now());
    if recent.take_trust(&id)
        && let Some(version) = cluster.version_applied(manifest, manager)
    {
        recent.believe(&id, version, wanted, now);
        return true;
    }
    let version = cluster.version_shown(&id);
    version.is_some_and(|version| recent.is_settled(&id, version, wanted, now))
}

/// Compares what a dry run predicts with the object as it is. That is read only when it is not known
/// from the last time.
async fn beside(
    predicted: Value,
    manifest: &Manifest,
    depth: Depth,
    cluster: &Cluster,
    recent: &Recent,
) -> Result<Found, Error> {
    let id = manifest.id();
    let Some(version) = resource_version(&predicted) else {
        // What is not stored yet has no resource version.
        return Ok(Found {
            live: None,
            dry_run: DryRun::Predicted(predicted),
        });
    };
    let next = Comparable::of(&predicted);
    if let Some(now) = recent.state(&id, version) {
        if now == next {
            return Ok(Found {
                live: Some(predicted),
                dry_run: DryRun::Same,
            });
        }
        // With the same labels and annotations no decision needs more of the object as it is.
        if depth == Depth::Change && now.has_marks_of(&next) {
            return Ok(Found {
                live: Some(predicted),
                dry_run: DryRun::Different,
            });
        }
    }
    // The dry run found it: not being allowed to look at it is not its absence.
    let live = read(manifest, &id, cluster, recent).await?;
    let is_same = live
        .as_ref()
        .is_some_and(|live| Comparable::of(live) == next);
    let dry_run = if is_same {
        DryRun::Same
    } else {
        DryRun::Predicted(predicted)
    };
    Ok(Found { live, dry_run })
}

/// Whether a refusal says something about the object, and not about the moment.
///
/// A field of the wrong type is answered with 500.
fn is_about_the_object(refusal: &cluster::Refusal) -> bool {
    let mistyped = ["failed to create typed patch object", "data values must be"];
    match refusal.code {
        500 => mistyped.iter().any(|text| refusal.message.contains(text)),
        code => code < 500 && !matches!(code, 408 | 409 | 429),
    }
}

async fn read(
    manifest: &Manifest,
    id: &ObjectId,
    cluster: &Cluster,
    recent: &Recent,
) -> Result<Option<Value>, ApiError> {
    let kind = cluster.kind_of(manifest).await?;
    let live = cluster.read(&kind, id).await?;
    if let Some(live) = &live {
        recent.record(id, live);
    }
    Ok(live)
}

/// Reads objects by id; `None` says that an object, or its whole kind, is gone.
pub(super) async fn objects<'a>(
    ids: impl IntoIterator<Item = (&'a ObjectId, &'a str)>,
    cluster: &Cluster,
) -> Result<BTreeMap<ObjectId, Option<Value>>, Error> {
    let ids: Vec<(ObjectId, String)> = ids
        .into_iter()
        .map(|(id, version)| (id.clone(), version.to_owned()))
        .collect();
    let found = stream::iter(ids)
        .map(|(id, version)| async move {
            let kind = match cluster
                .kind(&id.group_kind.group, &version, &id.group_kind.kind)
                .await
            {
                Ok(kind) => kind,
                Err(ApiError::NoKind { .. }) => {
                    let preferred = cluster
                        .preferred_kind(&id.group_kind.group, &id.group_kind.kind)
                        .await?;
                    let Some(kind) = preferred else {
                        return Ok((id, None));
                    };
                    kind
                }
                Err(error) => return Err(error),
            };
            let live = cluster.read(&kind, &id).await?;
            Ok::<_, ApiError>((id, live))
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    Ok(found)
}
