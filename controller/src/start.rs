//! Wiring: from flags to running watches, and back to an orderly stop.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Context as _;
use axum::http::HeaderValue;
use axum::http::header::USER_AGENT;
use cluster::Clusters;
use futures::StreamExt;
use kube::runtime::reflector;
use providers::{AwsEndpoints, Connector};
use render::RendererOptions;
use rustix::process::{Resource, Rlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{info, warn};

use crate::context::{Changes, Context, Parts, Seen};
use crate::driver;
use crate::engine::{Ambient, Engine, Makers, follow_makers};
use crate::flags::{Family, Flags};
use crate::kinds;
use crate::leader::{Candidate, WithoutRight};
use crate::listed::Listed;
use crate::log;
use crate::sealing_keys;
use crate::serve;
use crate::stores::Stores;
use crate::sweep;

/// How long work in flight may take to finish after a stop is asked for: another replica is to lead
/// within two seconds, and what is broken off is taken up where it was.
const DRAIN: Duration = Duration::from_secs(1);

/// How many changes of a kind may be under way to those they wake.
const CHANGES: usize = 1024;

/// The lease's name.
const LEASE: &str = "signet-controller";

/// Neither a kubeconfig nor a pod's own configuration names a cluster.
#[derive(Debug, thiserror::Error)]
#[error(
    "no cluster to work in: no kubeconfig can be used, and this is no pod with a ServiceAccount; hint: set KUBECONFIG to the path of a kubeconfig"
)]
pub struct NoCluster {
    source: kube::config::InferConfigError,
}

/// Runs the controller until a signal asks it to stop or the lead is lost.
///
/// # Errors
///
/// When it cannot start, or when another replica took the lead.
pub async fn run(flags: Flags) -> anyhow::Result<()> {
    no_core_dumps();
    log::start(&flags.log_level, flags.log_format)?;
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .map_err(|_provider| anyhow::anyhow!("a TLS provider is installed already"))?;
    let (stop, stopping) = watch::channel(false);
    let (context, writers) = assemble(flags, stopping.clone()).await?;
    if context.flags.enables(Family::SealedSecrets) {
        sealing_keys::load(&context).await?;
    }

    let mut servers = serve::start(&context).await?;
    if context.flags.enables(Family::SealedSecrets) {
        // Every replica answers for the keys, whoever leads.
        servers.spawn(sealing_keys::follow(Arc::clone(&context)));
    }
    tokio::spawn(stop_on_signal(stop.clone()));
    let candidate = context.flags.leader_elect.then(|| {
        Candidate::new(
            context.clusters.own().client().clone(),
            &context.flags.namespace,
            LEASE,
            context.flags.identity.clone(),
            context.clock,
            without_right(&context.flags),
        )
    });
    if let Some(candidate) = &candidate
        && !candidate.elected(stopping.clone()).await
    {
        return Ok(());
    }
    context.metrics.leads(true);

    let (drained, drain) = watch::channel(false);
    let mut work = spawn(&context, writers);
    let lost = async {
        match &candidate {
            Some(candidate) => candidate.keep(drain).await,
            None => std::future::pending().await,
        }
    };
    tokio::pin!(lost);
    let mut leads = tokio::select! {
        () = context.stopping() => true,
        () = &mut lost => false,
    };
    let _ = stop.send(true);
    if leads {
        leads = finish(&mut work, &mut lost).await;
    }
    // Without the lead every further write would be a second leader's (I10).
    work.shutdown().await;
    if leads && candidate.is_some() {
        let _ = drained.send(true);
        lost.await;
    }
    context.stores.close().await;
    servers.abort_all();
    info!("stopped");
    if leads {
        Ok(())
    } else {
        Err(anyhow::anyhow!("the lead was lost"))
    }
}

/// Lets work in flight finish while the lease is kept, so that nobody else begins before; returns
/// whether the lead was kept.
async fn finish(work: &mut JoinSet<()>, lost: impl Future<Output = ()>) -> bool {
    let finished = async { while work.join_next().await.is_some() {} };
    tokio::select! {
        ended = tokio::time::timeout(DRAIN, finished) => {
            if ended.is_err() {
                warn!("work in flight did not finish in time");
            }
            true
        }
        () = lost => false,
    }
}

/// SealedSecrets alone run under the roles of an existing installation, which has one replica and
/// may know no leases. Everything else comes with roles that grant them.
fn without_right(flags: &Flags) -> WithoutRight {
    if flags.enable == [Family::SealedSecrets] {
        WithoutRight::Lead
    } else {
        WithoutRight::Wait
    }
}

struct Writers {
    sealed_secrets: kinds::Writer<api::bitnami::SealedSecret>,
    git_repositories: kinds::Writer<api::source::GitRepository>,
    kustomizations: kinds::Writer<api::kustomize::Kustomization>,
    applications: kinds::Writer<api::argo::Application>,
    app_projects: kinds::Writer<api::argo::AppProject>,
    external_secrets: kinds::Writer<api::external_secrets::ExternalSecret>,
    secret_stores: kinds::Writer<api::external_secrets::SecretStore>,
    cluster_secret_stores: kinds::Writer<api::external_secrets::ClusterSecretStore>,
}

async fn assemble(
    flags: Flags,
    stopping: watch::Receiver<bool>,
) -> anyhow::Result<(Arc<Context>, Writers)> {
    let mut config = kube::Config::infer()
        .await
        .map_err(|source| NoCluster { source })?;
    // An audit log tells replicas apart by it.
    let agent = format!(
        "signet-controller/{} ({})",
        env!("CARGO_PKG_VERSION"),
        flags.identity
    );
    let agent = HeaderValue::try_from(agent).context("--identity is no plain text")?;
    config.headers.push((USER_AGENT, agent));
    let clusters = Clusters::new(config)?;
    let artifacts =
        sources::Store::open(flags.data_dir.join("artifacts"), sources::Limits::default())?;
    let connector = Connector::new(AwsEndpoints::from_variables(variable))?;
    let stores = Stores::new(connector.clone(), clusters.own().client().clone());
    let ambient = Ambient::read(connector, &flags.identity, variable)?;
    let (git_repositories, git_repository_writer) = reflector::store_shared(CHANGES);
    let (kustomizations, kustomization_writer) = reflector::store_shared(CHANGES);
    let (applications, application_writer) = reflector::store_shared(CHANGES);
    let (app_projects, app_project_writer) = reflector::store_shared(CHANGES);
    let (sealed_secrets, sealed_secret_writer) = reflector::store_shared(CHANGES);
    let (external_secrets, external_secret_writer) = reflector::store_shared(CHANGES);
    let (secret_stores, secret_store_writer) = reflector::store_shared(CHANGES);
    let (cluster_secret_stores, cluster_secret_store_writer) = reflector::store_shared(CHANGES);
    let listed = Arc::new(Listed::default());
    let makers = Makers::new(
        flags
            .enables(Family::SealedSecrets)
            .then(|| sealed_secrets.clone()),
        flags
            .enables(Family::ExternalSecrets)
            .then(|| external_secrets.clone()),
        Arc::clone(&listed),
    );
    let engine = Engine::new(renderer(&flags)?, makers);
    let seen = Seen {
        external_secrets,
        secret_stores,
        secret_store_changes: changes(&secret_store_writer),
        cluster_secret_stores,
        cluster_secret_store_changes: changes(&cluster_secret_store_writer),
        sealed_secrets,
        git_repositories,
        git_repository_changes: changes(&git_repository_writer),
        applications,
        app_projects,
        app_project_changes: changes(&app_project_writer),
        kustomizations,
        kustomization_changes: changes(&kustomization_writer),
    };
    let context = Arc::new(Context::new(Parts {
        flags,
        clusters,
        artifacts,
        ambient,
        engine,
        stores,
        seen,
        listed,
        stopping,
    }));
    let writers = Writers {
        sealed_secrets: sealed_secret_writer,
        git_repositories: git_repository_writer,
        kustomizations: kustomization_writer,
        applications: application_writer,
        app_projects: app_project_writer,
        external_secrets: external_secret_writer,
        secret_stores: secret_store_writer,
        cluster_secret_stores: cluster_secret_store_writer,
    };
    Ok((context, writers))
}

fn changes<K>(writer: &kinds::Writer<K>) -> Mutex<Option<Changes<K>>>
where
    K: kube::Resource<DynamicType = ()> + Clone + Send + Sync + 'static,
{
    Mutex::new(writer.subscribe().map(StreamExt::boxed))
}

fn spawn(context: &Arc<Context>, writers: Writers) -> JoinSet<()> {
    let mut work = JoinSet::new();
    if context.flags.renders() {
        // A stream that nobody reads would hold its watch up: only of what is watched.
        let (sealed, external) = (Family::SealedSecrets, Family::ExternalSecrets);
        let sealed = context
            .flags
            .enables(sealed)
            .then_some(&writers.sealed_secrets);
        let external = context
            .flags
            .enables(external)
            .then_some(&writers.external_secrets);
        work.spawn(follow_makers(
            Arc::clone(context),
            sealed.and_then(|writer| writer.subscribe().map(StreamExt::boxed)),
            external.and_then(|writer| writer.subscribe().map(StreamExt::boxed)),
        ));
    }
    if context.flags.enables(Family::SealedSecrets) {
        work.spawn(sealing_keys::renew(Arc::clone(context)));
        work.spawn(driver::run::<kinds::SealedSecrets>(
            Arc::clone(context),
            writers.sealed_secrets,
        ));
    }
    if context.flags.enables(Family::ExternalSecrets) {
        work.spawn(driver::run::<kinds::SecretStores>(
            Arc::clone(context),
            writers.secret_stores,
        ));
        work.spawn(driver::run::<kinds::ClusterSecretStores>(
            Arc::clone(context),
            writers.cluster_secret_stores,
        ));
        work.spawn(driver::run::<kinds::ExternalSecrets>(
            Arc::clone(context),
            writers.external_secrets,
        ));
    }
    if context.flags.renders() {
        work.spawn(sweep::sweep(Arc::clone(context)));
    }
    if context.flags.enables(Family::Argo) {
        work.spawn(kinds::follow_app_projects(
            Arc::clone(context),
            writers.app_projects,
        ));
        work.spawn(driver::run::<kinds::Applications>(
            Arc::clone(context),
            writers.applications,
        ));
    }
    if context.flags.enables(Family::Flux) {
        work.spawn(driver::run::<kinds::GitRepositories>(
            Arc::clone(context),
            writers.git_repositories,
        ));
        work.spawn(driver::run::<kinds::Kustomizations>(
            Arc::clone(context),
            writers.kustomizations,
        ));
    }
    work
}

/// Only the families that render need a worker; without them none is ever started.
fn renderer(flags: &Flags) -> anyhow::Result<RendererOptions> {
    if flags.renders() {
        return Ok(RendererOptions::find()?);
    }
    Ok(RendererOptions::find().unwrap_or_else(|_| RendererOptions::new("signet-render-worker")))
}

/// Returns an environment variable that is set to something.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// A core dump would hold plaintext.
fn no_core_dumps() {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    // It can only fail by raising a limit, and zero raises none.
    let _ = setrlimit(Resource::Core, none);
}

async fn stop_on_signal(stop: watch::Sender<bool>) {
    let (Ok(mut terminate), Ok(mut interrupt)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    ) else {
        warn!("signals cannot be watched; the process stops at once when it is asked to");
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    info!("stopping");
    let _ = stop.send(true);
}

#[cfg(test)]
mod tests;
