//! Wiring: from flags to running watches, and back to an orderly stop.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Context as _;
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
use tracing_subscriber::EnvFilter;

use crate::context::{Changes, Context, Parts, Seen};
use crate::driver;
use crate::engine::{Ambient, Engine};
use crate::flags::{Family, Flags, LogFormat};
use crate::kinds;
use crate::leader::{Candidate, WithoutRight};
use crate::sealing_keys;
use crate::serve;
use crate::sweep;

/// How long work in flight may take to finish after a stop is asked for.
const DRAIN: Duration = Duration::from_secs(20);

/// How many changes of a kind may be under way to those they wake.
const CHANGES: usize = 1024;

/// The lease's name.
const LEASE: &str = "signet-controller";

/// Runs the controller until a signal asks it to stop or the lead is lost.
///
/// # Errors
///
/// When it cannot start, or when another replica took the lead.
pub async fn run(flags: Flags) -> anyhow::Result<()> {
    no_core_dumps();
    log(&flags)?;
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
    let outcome = tokio::select! {
        () = context.stopping() => Ok(()),
        () = &mut lost => Err(anyhow::anyhow!("the lead was lost")),
    };
    let _ = stop.send(true);
    if tokio::time::timeout(DRAIN, async { while work.join_next().await.is_some() {} })
        .await
        .is_err()
    {
        warn!("work in flight did not finish in time");
    }
    if outcome.is_ok() {
        let _ = drained.send(true);
        lost.await;
    }
    servers.abort_all();
    info!("stopped");
    outcome
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
}

async fn assemble(
    flags: Flags,
    stopping: watch::Receiver<bool>,
) -> anyhow::Result<(Arc<Context>, Writers)> {
    let config = kube::Config::infer()
        .await
        .context("no cluster configuration found")?;
    let clusters = Clusters::new(config)?;
    let artifacts =
        sources::Store::open(flags.data_dir.join("artifacts"), sources::Limits::default())?;
    let connector = Connector::new(AwsEndpoints::from_variables(variable))?;
    let ambient = Ambient::read(connector, &flags.identity, variable)?;
    let engine = Engine::new(RendererOptions::find()?);
    let (git_repositories, git_repository_writer) = reflector::store_shared(CHANGES);
    let (kustomizations, kustomization_writer) = reflector::store_shared(CHANGES);
    let (sealed_secrets, sealed_secret_writer) = reflector::store_shared(CHANGES);
    let seen = Seen {
        sealed_secrets,
        git_repositories,
        git_repository_changes: changes(&git_repository_writer),
        kustomizations,
        kustomization_changes: changes(&kustomization_writer),
    };
    let context = Arc::new(Context::new(Parts {
        flags,
        clusters,
        artifacts,
        ambient,
        engine,
        seen,
        stopping,
    }));
    let writers = Writers {
        sealed_secrets: sealed_secret_writer,
        git_repositories: git_repository_writer,
        kustomizations: kustomization_writer,
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
    if context.flags.enables(Family::SealedSecrets) {
        work.spawn(sealing_keys::renew(Arc::clone(context)));
        work.spawn(driver::run::<kinds::SealedSecrets>(
            Arc::clone(context),
            writers.sealed_secrets,
        ));
    }
    if context.flags.enables(Family::Flux) {
        work.spawn(sweep::sweep(Arc::clone(context)));
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

fn log(flags: &Flags) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&flags.log_level)
        .with_context(|| format!("--log-level {:?} is no filter", flags.log_level))?;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let installed = match flags.log_format {
        LogFormat::Json => subscriber.json().try_init(),
        LogFormat::Text => subscriber.with_ansi(false).try_init(),
    };
    installed.map_err(|error| anyhow::anyhow!("logging cannot start: {error}"))
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
