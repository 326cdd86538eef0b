//! What has to be read: the project, the repository, the built manifests, and what the cluster has.

use std::collections::BTreeMap;
use std::time::Duration;

use api::argo::{AppProject, Application, DEFAULT_PROJECT};
use api::names::argo;
use cluster::{Cluster, Identity};
use jiff::Timestamp;
use kube::ResourceExt;
use kube::runtime::reflector::ObjectRef;
use manifests::{Artifact, Manifest, ObjectId};
use pipeline::normalise::{Scopes, Wanted as Desired, normalise};
use pipeline::project::Policy;
use pipeline::stage::tasks;
use pipeline::sync::{gave_up_waiting, waited_with};
use pipeline::unit::Unit;
use pipeline::unit::argo::Made;

use super::Applications;
use super::parse::{Wanted, invalid};
use super::sync;
use crate::context::Context;
use crate::driver::Reconciler;
use crate::engine::{Keys, Looked, Notice};
use crate::error::{Category, Error};
use crate::flags::Family;
use crate::kinds::app_project;
use crate::repositories::Asked;

/// What is wanted and what there is.
pub(crate) struct Found {
    pub(super) cluster: Cluster,
    /// The commit in hex.
    pub(super) revision: String,
    pub(super) made: Made,
    pub(super) desired: Desired,
    pub(super) looked: Looked,
    /// What the project permits.
    pub(super) policy: Policy,
    /// Objects the project does not permit, and why.
    pub(super) forbidden: BTreeMap<ObjectId, String>,
    /// What is to be said about the build.
    pub(super) notices: Vec<Notice>,
    /// Whether the last sync only waited for Secrets in vain, and they are there by now.
    pub(super) is_freed: bool,
    /// When the comparison began.
    pub(super) began: Timestamp,
    pub(super) pause: Duration,
    pub(super) interval: Duration,
}

/// Builds the Application and looks at the cluster.
pub(super) async fn observe(wanted: &Wanted, context: &Context) -> Result<Found, Error> {
    let began = (context.clock)();
    context
        .listed(&[app_project::NAME, Applications::NAME])
        .await?;
    let app = &wanted.app;
    let project = project(app, context)?;
    let policy = Policy::of(project.as_ref());
    permitted(wanted, &policy, context)?;
    let artifact = artifact(wanted, context).await?;
    let made = pipeline::unit::argo::unit(
        app,
        project.as_ref(),
        &artifact.tree,
        &context.flags.argo_namespace,
    )
    .map_err(|error| invalid(&error))?;
    let unit = &made.unit;
    let cluster = context
        .clusters
        .with_rights_of(&Identity::Own)?
        .on_behalf_of(&unit.id.namespace, &unit.id.name);
    let built = build(&made, &artifact, context).await?;
    let scopes = context.engine.scopes(&built.manifests, &cluster).await?;
    let manifests = pipeline::unit::argo::without_hooks(built.manifests);
    let manifests = manifests.map_err(|error| invalid(&error))?;
    let desired = normalise(manifests, unit, &scopes).map_err(|error| {
        Error::new(Category::Invalid, argo::COMPARISON_ERROR, error.to_string())
    })?;
    let forbidden = forbidden(&policy, desired.manifests(), &scopes);
    let inventory = pipeline::unit::argo::inventory(app);
    let mut looked = context
        .engine
        .look_at(unit, &desired, &inventory, &cluster)
        .await?;
    leave_alone(&policy, &mut looked);
    let is_freed = is_freed(app, unit, &desired, &looked, &cluster, context).await;
    Ok(Found {
        is_freed,
        cluster,
        revision: artifact.revision.hex().to_owned(),
        desired,
        looked,
        policy,
        forbidden,
        notices: built.notices,
        made,
        began,
        pause: context.flags.sync_wave_delay,
        interval: context.flags.application_interval,
    })
}

/// Whether the last sync only waited for Secrets in vain, and they are there by now.
async fn is_freed(
    app: &Application,
    unit: &Unit,
    desired: &Desired,
    looked: &Looked,
    cluster: &Cluster,
    context: &Context,
) -> bool {
    let Some(state) = gave_up_waiting(app) else {
        return false;
    };
    let waves = sync::waves(app, Some(&state.operation));
    let tasks = tasks(unit, desired, &looked.stale, &waves);
    let ids = tasks.iter().map(|task| &task.id);
    let held = ids.filter(|id| waited_with(state, id)).cloned().collect();
    let engine = &context.engine;
    engine.is_freed(unit, desired, &tasks, &held, cluster).await
}

/// Returns the project, none for the implicit `default`, which permits everything.
pub(super) fn project(app: &Application, context: &Context) -> Result<Option<AppProject>, Error> {
    let name = project_name(app);
    let reference = ObjectRef::new(name).within(&context.flags.argo_namespace);
    match context.seen.app_projects.get(&reference) {
        Some(guarded) => match &guarded.0 {
            Ok(project) => Ok(Some(project.clone())),
            Err(error) => Err(refused(format!(
                "AppProject {name} cannot be read: {error}"
            ))),
        },
        None if name == DEFAULT_PROJECT => Ok(None),
        None => Err(refused(format!(
            "Application referencing project {name} which does not exist"
        ))),
    }
}

/// Returns the name of an Application's project.
pub(super) fn project_name(app: &Application) -> &str {
    match app.spec.project.as_str() {
        "" => DEFAULT_PROJECT,
        name => name,
    }
}

/// What the project does not permit is not pruned either, and no longer counts.
pub(super) fn leave_alone(policy: &Policy, looked: &mut Looked) {
    looked.stale.retain(|id, _| policy.object(id, None).is_ok());
}

/// What the project does not permit is not even fetched (G-131, G-133).
fn permitted(wanted: &Wanted, policy: &Policy, context: &Context) -> Result<(), Error> {
    let namespace = wanted.app.namespace().unwrap_or_default();
    if namespace != context.flags.argo_namespace {
        policy.home(&namespace).map_err(refused)?;
    }
    policy.source(&wanted.source.url).map_err(refused)?;
    policy
        .destination(&wanted.app.spec.destination)
        .map_err(refused)
}

fn refused(message: String) -> Error {
    Error::new(Category::Invalid, argo::INVALID_SPEC_ERROR, message)
}

async fn artifact(wanted: &Wanted, context: &Context) -> Result<Artifact, Error> {
    let asked = Asked {
        url: wanted.source.url.clone(),
        revision: wanted.revision(),
        project: project_name(&wanted.app).to_owned(),
    };
    let age = wanted.answer_age((context.clock)());
    context
        .repositories
        .artifact(&asked, age, context)
        .await
        .map_err(|error| error.with_reason(argo::COMPARISON_ERROR))
}

async fn build(
    made: &Made,
    artifact: &Artifact,
    context: &Context,
) -> Result<crate::engine::Built, Error> {
    let unit = &made.unit;
    let failed = |category, text: String| Error::new(category, argo::COMPARISON_ERROR, text);
    if unit.decryption.is_some() && !context.flags.enables(Family::Sops) {
        return Err(failed(
            Category::Invalid,
            format!(
                "{} is set and the family sops is switched off; nothing is applied",
                api::names::signet::DECRYPTION
            ),
        ));
    }
    tokio::time::timeout(unit.timeout, async {
        let keys = Keys::read(unit, context).await?;
        context.engine.build(unit, artifact, &keys).await
    })
    .await
    .map_err(|_elapsed| {
        let limit = crate::engine::seconds(unit.timeout);
        failed(
            Category::Unavailable,
            format!("build did not end within {limit}"),
        )
    })?
    .map_err(|error| error.with_reason(argo::COMPARISON_ERROR))
}

fn forbidden(
    policy: &Policy,
    manifests: &[Manifest],
    scopes: &Scopes,
) -> BTreeMap<ObjectId, String> {
    manifests
        .iter()
        .map(Manifest::id)
        .filter_map(|id| {
            let scope = scopes.of(&id.group_kind);
            let reason = policy.object(&id, scope).err()?;
            Some((id, reason))
        })
        .collect()
}
