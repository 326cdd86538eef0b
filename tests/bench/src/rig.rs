//! A fresh cluster, a client for it, and the controller under its ServiceAccount.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use components::{Child, Launch, Program, free_port};
use deploy::family::Family;
use e2e::World;
use futures::{StreamExt, TryStreamExt};
use kube::api::{Patch, PatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::{ApiResource, DynamicObject, GroupVersionKind};
use kube::runtime::watcher::{Config as WatchConfig, Event};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Client, Config};
use serde_json::Value;
use tempfile::TempDir;

use crate::flags::Flags;
use crate::requests::Requests;

/// How many requests are in flight at once.
pub(crate) const IN_FLIGHT: usize = 64;

/// How long anything that is measured may take.
const DEADLINE: Duration = Duration::from_mins(15);

/// The namespace of everything that is measured.
pub(crate) const NAMESPACE: &str = "bench";

/// A fresh cluster with an install.
pub(crate) struct Rig {
    world: Arc<World>,
    client: Client,
    folder: TempDir,
}

impl Rig {
    /// Starts a control plane and installs families.
    ///
    /// # Errors
    ///
    /// When it cannot be reached.
    pub(crate) async fn start(families: &'static [Family]) -> anyhow::Result<Self> {
        let world = tokio::task::spawn_blocking(move || {
            let options = components::ControlPlaneOptions::default();
            let world = World::start_with(&options, families);
            world.cluster().create_namespace(NAMESPACE)?;
            anyhow::Ok(world)
        })
        .await??;
        let kubeconfig = Kubeconfig::read_from(world.cluster().kubeconfig())?;
        let options = KubeConfigOptions::default();
        let config = Config::from_custom_kubeconfig(kubeconfig, &options).await?;
        Ok(Self {
            world: Arc::new(world),
            client: Client::try_from(config)?,
            folder: tempfile::tempdir()?,
        })
    }

    /// Returns the controller's namespace.
    pub(crate) fn system(&self) -> &str {
        self.world.namespace()
    }

    /// Returns the process id of the API server.
    pub(crate) fn api_server(&self) -> u32 {
        let [_etcd, api_server, _manager] = self.world.cluster().process_ids();
        api_server
    }

    /// Applies objects, many in flight, and returns how long that took.
    ///
    /// # Errors
    ///
    /// When the API server refuses one.
    pub(crate) async fn apply(&self, objects: Vec<Value>) -> anyhow::Result<Duration> {
        let started = Instant::now();
        futures::stream::iter(objects)
            .map(|object| self.apply_one(object))
            .buffer_unordered(IN_FLIGHT)
            .try_collect::<()>()
            .await?;
        Ok(started.elapsed())
    }

    async fn apply_one(&self, object: Value) -> anyhow::Result<()> {
        let resource = resource(
            object["apiVersion"].as_str().unwrap_or_default(),
            object["kind"].as_str().unwrap_or_default(),
        );
        let metadata = &object["metadata"];
        let namespace = metadata["namespace"].as_str().unwrap_or(NAMESPACE);
        let name = metadata["name"].as_str().context("an object has no name")?;
        let api = Api::<DynamicObject>::namespaced_with(self.client.clone(), namespace, &resource);
        let parameters = PatchParams::apply("bench").force();
        api.patch(name, &parameters, &Patch::Apply(&object)).await?;
        Ok(())
    }

    /// Waits until so many objects of a kind satisfy a condition.
    ///
    /// # Errors
    ///
    /// When that takes too long.
    pub(crate) async fn until(
        &self,
        api_version: &str,
        kind: &str,
        count: usize,
        is_done: impl Fn(&DynamicObject) -> bool,
    ) -> anyhow::Result<()> {
        let resource = resource(api_version, kind);
        let api = Api::<DynamicObject>::namespaced_with(self.client.clone(), NAMESPACE, &resource);
        let mut done = std::collections::HashSet::new();
        let watch = async {
            let stream = watcher(api, WatchConfig::default());
            let mut stream = std::pin::pin!(stream.default_backoff());
            while done.len() < count {
                let Some(event) = stream.next().await else {
                    bail!("the watch ended");
                };
                if let Ok(Event::Apply(object) | Event::InitApply(object)) = event
                    && is_done(&object)
                {
                    done.extend(object.metadata.name);
                }
            }
            Ok(())
        };
        match tokio::time::timeout(DEADLINE, watch).await {
            Ok(outcome) => outcome,
            Err(_) => bail!(
                "{} of {count} {kind} objects are done after {DEADLINE:?}",
                done.len()
            ),
        }
    }

    /// Returns what the API server has been asked so far.
    ///
    /// # Errors
    ///
    /// When it does not answer.
    pub(crate) async fn requests(&self) -> anyhow::Result<Requests> {
        let world = Arc::clone(&self.world);
        let reply = tokio::task::spawn_blocking(move || {
            world.cluster().endpoint().send("GET", "/metrics", None)
        });
        Ok(Requests::parse(&reply.await??.text()))
    }

    /// Starts a controller that serves some families.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub(crate) fn controller(&self, flags: &Flags, families: &[Family]) -> anyhow::Result<Child> {
        let account = deploy::manifests::NAME;
        let namespace = self.system();
        let cluster = self.world.cluster();
        let kubeconfig = cluster.service_account_kubeconfig(namespace, account)?;
        let families: Vec<_> = families.iter().map(|family| family.name()).collect();
        let artifacts = free_port()?;
        let level = flags.log_level.as_deref().unwrap_or("info");
        let child = Launch::new("controller", flags.controller()?)
            .arguments([
                format!("--enable={}", families.join(",")),
                format!("--namespace={namespace}"),
                format!("--listen=127.0.0.1:{}", free_port()?),
                format!("--metrics-listen=127.0.0.1:{}", free_port()?),
                format!("--artifact-listen=127.0.0.1:{artifacts}"),
                format!("--artifact-host=127.0.0.1:{artifacts}"),
                format!("--data-dir={}", self.folder.path().display()),
                format!("--log-level={level}"),
            ])
            .variable("KUBECONFIG", kubeconfig)
            .variable("SIGNET_RENDER_WORKER", Program::RenderWorker.path()?)
            .start()?;
        Ok(child)
    }
}

/// Whether an object's condition is true.
pub(crate) fn is_true(object: &DynamicObject, condition: &str) -> bool {
    object.data["status"]["conditions"]
        .as_array()
        .is_some_and(|conditions| {
            conditions
                .iter()
                .any(|found| found["type"] == condition && found["status"] == "True")
        })
}

fn resource(api_version: &str, kind: &str) -> ApiResource {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind))
}
