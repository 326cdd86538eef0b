//! What has to be read: the artifact, the keys, and with them the built manifests.

use std::collections::BTreeSet;
use std::time::Duration;

use api::condition::{ConditionStatus, find_condition};
use api::kustomize::Kustomization;
use api::names::flux;
use api::source::GitRepository;
use cluster::{Cluster, Identity};
use kube::runtime::reflector::ObjectRef;
use manifests::{Artifact, Digest, GroupKind, ObjectId, Revision};
use pipeline::normalise::Scopes;
use pipeline::unit::Unit;

use super::parse::Wanted;
use crate::context::Context;
use crate::driver::Reconciler;
use crate::engine::{Built, Keys};
use crate::error::{Category, Error};
use crate::flags::Family;
use crate::kinds::{GitRepositories, Kustomizations, drift, first_look};

/// How soon unready dependencies are looked at again.
pub(super) const REQUEUE_DEPENDENCY: Duration = Duration::from_secs(30);

/// The revision to apply and what was made of it.
pub(crate) struct Found {
    pub(super) revision: Revision,
    pub(super) cluster: Cluster,
    pub(super) built: Result<(Built, Scopes), Error>,
}

/// Returns how long the first fetch of a unit's source is waited for at most, when it is under way: a
/// new unit and a new source come together, and the fetch wakes the unit.
pub(super) async fn first_fetch(object: &Kustomization, context: &Context) -> Option<Duration> {
    context.listed(&[GitRepositories::NAME]).await.ok()?;
    let repository = repository(&pipeline::unit::flux::source(object), context)?;
    let status = repository.status.unwrap_or_default();
    let is_fetched = status.artifact.is_some() || !status.conditions.is_empty();
    if is_fetched || repository.spec.suspend {
        return None;
    }
    let made = repository.metadata.creation_timestamp;
    first_look(made.map(|made| made.0), context)
}

/// Loads the artifact and builds it.
pub(super) async fn observe(wanted: &Wanted, context: &Context) -> Result<Found, Error> {
    let unit = &wanted.unit;
    if context.flags.no_cross_namespace_refs {
        stay_home(wanted)?;
    }
    let identity = identity(unit, context.flags.default_service_account.as_deref());
    let cluster = context
        .clusters
        .with_rights_of(&identity)?
        .on_behalf_of(&unit.id.namespace, &unit.id.name);
    let artifact = artifact(wanted, context).await?;
    dependencies(wanted, &artifact.revision, context)?;
    recall(wanted, &artifact.revision, context).await;
    let built = build(wanted, &artifact, &cluster, context).await;
    Ok(Found {
        revision: artifact.revision,
        cluster,
        built,
    })
}

/// Says what need not be asked about, because it was applied before the process started, and what has
/// to be, because somebody asks for it.
async fn recall(wanted: &Wanted, revision: &Revision, context: &Context) {
    let ids: Vec<&ObjectId> = wanted.inventory.iter().map(|(id, _version)| id).collect();
    context.engine.distrust(ids.iter().copied());
    if wanted.is_requested {
        context.engine.look_anew(ids);
        return;
    }
    if wanted.applied.as_deref() == Some(revision.to_string().as_str()) {
        drift::watch(&context.drift, &wanted.inventory);
        let kinds: BTreeSet<GroupKind> = ids.iter().map(|id| id.group_kind.clone()).collect();
        context.clusters.own().until_shown(&kinds).await;
        context.engine.trust(ids);
    }
}

/// Refuses what leads out of the unit's namespace: its source, and units it depends on, whose state
/// it would learn (I8).
fn stay_home(wanted: &Wanted) -> Result<(), Error> {
    let home = &wanted.unit.id.namespace;
    let refused = |what: &str| {
        let text =
            format!("{what} is in another namespace, and cross-namespace references are off");
        Err(Error::new(Category::Denied, "AccessDenied", text))
    };
    if wanted.source.namespace.as_ref() != Some(home) {
        return refused(&wanted.source.to_string());
    }
    let foreign = wanted
        .dependencies
        .iter()
        .find(|(namespace, _)| namespace != home);
    match foreign {
        Some((namespace, name)) => refused(&format!("dependency '{namespace}/{name}'")),
        None => Ok(()),
    }
}

/// Returns whose rights a unit's objects are read, applied and deleted with (G-208).
pub(super) fn identity(unit: &Unit, default: Option<&str>) -> Identity {
    match unit.service_account.as_deref().or(default) {
        None => Identity::Own,
        Some(name) => Identity::ServiceAccount {
            namespace: unit.id.namespace.clone(),
            name: name.to_owned(),
        },
    }
}

async fn build(
    wanted: &Wanted,
    artifact: &Artifact,
    cluster: &Cluster,
    context: &Context,
) -> Result<(Built, Scopes), Error> {
    let unit = &wanted.unit;
    if unit.decryption.is_some() && !context.flags.enables(Family::Sops) {
        return Err(Error::new(
            Category::Invalid,
            "BuildFailed",
            "spec.decryption is set and the family sops is switched off; nothing is applied",
        ));
    }
    let built = tokio::time::timeout(unit.timeout, async {
        let keys = Keys::read(unit, context).await?;
        context.engine.build(unit, artifact, &keys).await
    })
    .await
    .map_err(|_elapsed| {
        let limit = crate::engine::seconds(unit.timeout);
        Error::new(
            Category::Unavailable,
            "BuildFailed",
            format!("build did not end within {limit}"),
        )
    })??;
    let scopes = context.engine.scopes(&built.manifests, cluster).await?;
    Ok((built, scopes))
}

async fn artifact(wanted: &Wanted, context: &Context) -> Result<Artifact, Error> {
    let missing = |category: Category, text: String| Error::new(category, "ArtifactFailed", text);
    context
        .listed(&[GitRepositories::NAME, Kustomizations::NAME])
        .await?;
    let repository = repository(&wanted.source, context)
        .ok_or_else(|| missing(Category::NotFound, format!("{} not found", wanted.source)))?;
    let artifact = repository
        .status
        .and_then(|status| status.artifact)
        .ok_or_else(|| {
            let retry = crate::engine::seconds(wanted.unit.retry_interval);
            missing(
                Category::NotFound,
                format!("Source artifact not found, retrying in {retry}"),
            )
        })?;
    let broken = |what: &str| {
        missing(
            Category::Invalid,
            format!("{} has an artifact without a usable {what}", wanted.source),
        )
    };
    let revision: Revision = artifact.revision.parse().map_err(|_| broken("revision"))?;
    let digest: Digest = artifact
        .digest
        .as_deref()
        .unwrap_or_default()
        .parse()
        .map_err(|_| broken("digest"))?;
    let failed = |error: sources::SourceError| {
        let text = format!("artifact {revision} of {} cannot be used", wanted.source);
        missing(Category::Unavailable, text).because(error)
    };
    if let Some(found) = context
        .artifacts
        .load(&revision, &digest)
        .await
        .map_err(failed)?
    {
        return Ok(found);
    }
    // Another controller fetched it (G-174), or our store was emptied.
    context
        .artifacts
        .fetch_archive(&artifact.url, &digest, &revision, wanted.unit.timeout)
        .await
        .map_err(failed)
}

fn repository(id: &ObjectId, context: &Context) -> Option<GitRepository> {
    let reference = ObjectRef::new(&id.name).within(id.namespace.as_deref().unwrap_or_default());
    context
        .seen
        .git_repositories
        .get(&reference)?
        .0
        .as_ref()
        .ok()
        .cloned()
}

/// Every dependency must be ready at its newest generation and, where it uses the same source, at
/// the revision we are about to apply (§9.6).
fn dependencies(wanted: &Wanted, revision: &Revision, context: &Context) -> Result<(), Error> {
    for (namespace, name) in &wanted.dependencies {
        let reference = ObjectRef::new(name).within(namespace);
        let state = match context.seen.kustomizations.get(&reference) {
            None => "not found",
            Some(guarded) => match &guarded.0 {
                Ok(found) if is_ready(found, wanted, revision) => continue,
                Ok(_) | Err(_) => "is not ready",
            },
        };
        return Err(Error::new(
            Category::NotFound,
            "DependencyNotReady",
            format!("dependency '{namespace}/{name}' {state}"),
        ));
    }
    Ok(())
}

fn is_ready(dependency: &Kustomization, wanted: &Wanted, revision: &Revision) -> bool {
    let Some(status) = &dependency.status else {
        return false;
    };
    let is_ready = find_condition(&status.conditions, flux::READY)
        .is_some_and(|condition| condition.status == ConditionStatus::True);
    let source = &dependency.spec.source_ref;
    let source_namespace = source
        .namespace
        .as_ref()
        .or(dependency.metadata.namespace.as_ref());
    let shares_source =
        source.name == wanted.source.name && source_namespace == wanted.source.namespace.as_ref();
    let is_current = !shares_source
        || status.last_applied_revision.as_deref() == Some(revision.to_string().as_str());
    is_ready && is_current && status.observed_generation == dependency.metadata.generation
}

#[cfg(test)]
mod tests;
