//! What the steps of every kind may use, built once in `main`.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use api::argo::{AppProject, Application};
use api::bitnami::SealedSecret;
use api::external_secrets::{ClusterSecretStore, ExternalSecret, SecretStore};
use api::kustomize::Kustomization;
use api::source::GitRepository;
use cluster::Clusters;
use futures::stream::BoxStream;
use jiff::Timestamp;
use kube::runtime::reflector::Store;
use tokio::sync::watch;

use crate::driver::{Guarded, Written};
use crate::engine::{Ambient, Engine};
use crate::error::Error;
use crate::events::Events;
use crate::flags::Flags;
use crate::kinds::Drift;
use crate::listed::Listed;
use crate::metrics::Metrics;
use crate::repositories::Repositories;
use crate::sealing_keys::SealingKeys;
use crate::stores::Stores;

/// Clients, clock, recorder, metrics and what the watches have seen. There are no globals.
pub(crate) struct Context {
    /// The command line.
    pub(crate) flags: Flags,
    /// The API server, with our own rights and with others'.
    pub(crate) clusters: Clusters,
    /// What time it is.
    pub(crate) clock: fn() -> Timestamp,
    /// Events on objects.
    pub(crate) events: Events,
    /// What is counted.
    pub(crate) metrics: Metrics,
    /// The statuses that were written last.
    pub(crate) written: Written,
    /// Artifacts.
    pub(crate) artifacts: sources::Store,
    /// What the repositories that units name themselves showed last.
    pub(crate) repositories: Repositories,
    /// What the process itself may open documents with.
    pub(crate) ambient: Ambient,
    /// The keys of SealedSecrets.
    pub(crate) sealing_keys: SealingKeys,
    /// The stages from artifact to applied objects.
    pub(crate) engine: Engine,
    /// Clients of the stores that ExternalSecrets read from.
    pub(crate) stores: Stores,
    /// What the watches have seen.
    pub(crate) seen: Seen,
    /// Watches over what Kustomizations applied.
    pub(crate) drift: Drift,
    /// Watches over what Applications applied.
    pub(crate) application_drift: Drift,
    /// Which kinds have been listed.
    pub(crate) listed: Arc<Listed>,
    stopping: watch::Receiver<bool>,
}

/// The objects of the kinds that others refer to, and the streams of their changes, each of which
/// follows its store: who is woken by a change finds it there.
pub(crate) struct Seen {
    /// Git repositories.
    pub(crate) git_repositories: Store<Guarded<GitRepository>>,
    /// SealedSecrets.
    pub(crate) sealed_secrets: Store<Guarded<SealedSecret>>,
    /// Kustomizations.
    pub(crate) kustomizations: Store<Guarded<Kustomization>>,
    /// Applications.
    pub(crate) applications: Store<Guarded<Application>>,
    /// Projects of Applications.
    pub(crate) app_projects: Store<Guarded<AppProject>>,
    /// ExternalSecrets.
    pub(crate) external_secrets: Store<Guarded<ExternalSecret>>,
    /// SecretStores.
    pub(crate) secret_stores: Store<Guarded<SecretStore>>,
    /// ClusterSecretStores.
    pub(crate) cluster_secret_stores: Store<Guarded<ClusterSecretStore>>,
    /// Taken once, by the driver that is woken.
    pub(crate) secret_store_changes: Mutex<Option<Changes<SecretStore>>>,
    /// Taken once, by the driver that is woken.
    pub(crate) cluster_secret_store_changes: Mutex<Option<Changes<ClusterSecretStore>>>,
    /// Taken once, by the driver that is woken.
    pub(crate) git_repository_changes: Mutex<Option<Changes<GitRepository>>>,
    /// Taken once, by the driver that is woken.
    pub(crate) app_project_changes: Mutex<Option<Changes<AppProject>>>,
    /// Taken once, by the driver that is woken.
    pub(crate) kustomization_changes: Mutex<Option<Changes<Kustomization>>>,
}

/// A stream of a kind's changes.
pub(crate) type Changes<K> = BoxStream<'static, Arc<Guarded<K>>>;

impl Seen {
    /// Returns the changes of Git repositories, the first time it is called.
    pub(crate) fn take_git_repository_changes(&self) -> Option<Changes<GitRepository>> {
        self.git_repository_changes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    /// Returns the changes of projects, the first time it is called.
    pub(crate) fn take_app_project_changes(&self) -> Option<Changes<AppProject>> {
        self.app_project_changes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    /// Returns the changes of Kustomizations, the first time it is called.
    pub(crate) fn take_kustomization_changes(&self) -> Option<Changes<Kustomization>> {
        self.kustomization_changes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

impl Seen {
    /// Returns the changes of SecretStores, the first time it is called.
    pub(crate) fn take_secret_store_changes(&self) -> Option<Changes<SecretStore>> {
        self.secret_store_changes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    /// Returns the changes of ClusterSecretStores, the first time it is called.
    pub(crate) fn take_cluster_secret_store_changes(&self) -> Option<Changes<ClusterSecretStore>> {
        self.cluster_secret_store_changes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

/// What a [`Context`] is made of.
pub(crate) struct Parts {
    pub(crate) flags: Flags,
    pub(crate) clusters: Clusters,
    pub(crate) artifacts: sources::Store,
    pub(crate) ambient: Ambient,
    pub(crate) engine: Engine,
    pub(crate) stores: Stores,
    pub(crate) seen: Seen,
    pub(crate) listed: Arc<Listed>,
    pub(crate) stopping: watch::Receiver<bool>,
}

impl Context {
    /// Builds the context.
    pub(crate) fn new(parts: Parts) -> Self {
        let told = !parts.flags.metrics_omit_secret_labels;
        let sealed_secrets = told.then(|| parts.seen.sealed_secrets.clone());
        let mut metrics = Metrics::new(sealed_secrets);
        metrics.tell_external_secrets(&parts.seen);
        Self {
            events: Events::new(parts.clusters.own().client().clone(), &parts.flags.identity),
            sealing_keys: SealingKeys::ordered_by(parts.flags.key_order_priority),
            flags: parts.flags,
            clusters: parts.clusters,
            clock: Timestamp::now,
            metrics,
            written: Written::default(),
            artifacts: parts.artifacts,
            repositories: Repositories::default(),
            ambient: parts.ambient,
            engine: parts.engine,
            stores: parts.stores,
            seen: parts.seen,
            drift: Drift::default(),
            application_drift: Drift::default(),
            listed: parts.listed,
            stopping: parts.stopping,
        }
    }

    /// Completes when the first lists of some kinds are in, or the process is to stop: from then on
    /// an object that is not seen is not there.
    ///
    /// # Errors
    ///
    /// When the process is to stop.
    pub(crate) async fn listed(&self, kinds: &[&'static str]) -> Result<(), Error> {
        tokio::select! {
            () = self.listed.wait(kinds) => Ok(()),
            () = self.stopping() => Err(Error::internal("wait for the first list", "stopping")),
        }
    }

    /// Completes when the process is to stop.
    pub(crate) fn stopping(&self) -> impl Future<Output = ()> + Send + Sync + 'static {
        let mut stopping = self.stopping.clone();
        async move {
            // A sender that is gone means the process is ending as well.
            let _ = stopping.wait_for(|stop| *stop).await;
        }
    }
}
