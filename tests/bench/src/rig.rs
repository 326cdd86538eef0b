//! A fresh cluster, and a client for it.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use components::ControlPlane;
use deploy::family::Family;
use e2e::World;
use futures::{StreamExt, TryStreamExt};
use kube::api::{Patch, PatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::{ApiResource, DynamicObject, GroupVersionKind, Object};
use kube::runtime::watcher::{Config as WatchConfig, Event};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Client, Config};
use serde::Deserialize;
use serde_json::Value;
use tempfile::TempDir;

use crate::requests::Requests;

/// How many requests are in flight at once.
pub(crate) const IN_FLIGHT: usize = 64;

/// The namespace of everything that is measured.
pub(crate) const NAMESPACE: &str = "bench";

/// A fresh cluster with an install.
pub(crate) struct Rig {
    world: Arc<World>,
    client: Client,
    folder: TempDir,
}

/// An object with what is looked at: its name and its status.
pub(crate) type Seen = Object<Unread, Value>;

/// What is not looked at and costs no time to read.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Unread {}

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

    /// Returns the administrator's client.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Returns the control plane.
    pub(crate) fn cluster(&self) -> &ControlPlane {
        self.world.cluster()
    }

    /// Returns a folder that lives as long as the cluster.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the processes of etcd and of the API server.
    pub(crate) fn servers(&self) -> [u32; 2] {
        let [etcd, api_server, _manager] = self.world.cluster().process_ids();
        [etcd, api_server]
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
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let resource = resource(&text(&object["apiVersion"]), &text(&object["kind"]));
        let metadata = &object["metadata"];
        let name = metadata["name"].as_str().context("an object has no name")?;
        let client = self.client.clone();
        let api = match metadata["namespace"].as_str() {
            Some(namespace) => Api::<DynamicObject>::namespaced_with(client, namespace, &resource),
            None => Api::<DynamicObject>::all_with(client, &resource),
        };
        let parameters = PatchParams::apply("bench").force();
        // The answer is not looked at.
        api.patch_metadata(name, &parameters, &Patch::Apply(&object))
            .await?;
        Ok(())
    }

    /// Waits until so many objects of a kind satisfy a condition, and returns how many do: fewer
    /// when that takes longer than `limit`.
    ///
    /// # Errors
    ///
    /// When they cannot be watched.
    pub(crate) async fn until(
        &self,
        kind: (&str, &str),
        count: usize,
        limit: Duration,
        is_done: impl Fn(&Seen) -> bool,
    ) -> anyhow::Result<usize> {
        let all = WatchConfig::default();
        self.watch(kind, all, count, limit, is_done).await
    }

    /// Waits until one object satisfies a condition, and returns whether it does.
    ///
    /// # Errors
    ///
    /// When it cannot be watched.
    pub(crate) async fn until_one(
        &self,
        kind: (&str, &str),
        name: &str,
        limit: Duration,
        is_done: impl Fn(&Seen) -> bool,
    ) -> anyhow::Result<bool> {
        let one = WatchConfig::default().fields(&format!("metadata.name={name}"));
        Ok(self.watch(kind, one, 1, limit, is_done).await? == 1)
    }

    async fn watch(
        &self,
        (api_version, kind): (&str, &str),
        which: WatchConfig,
        count: usize,
        limit: Duration,
        is_done: impl Fn(&Seen) -> bool,
    ) -> anyhow::Result<usize> {
        let resource = resource(api_version, kind);
        let api = Api::<Seen>::namespaced_with(self.client.clone(), NAMESPACE, &resource);
        let mut done = HashSet::new();
        let watch = async {
            let stream = watcher(api, which);
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
        match tokio::time::timeout(limit, watch).await {
            Ok(outcome) => outcome.map(|()| count),
            Err(_elapsed) => Ok(done.len()),
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
}

/// Whether an object's condition is true.
pub(crate) fn is_true(object: &Seen, condition: &str) -> bool {
    let status = object.status.as_ref();
    let conditions = status.and_then(|status| status["conditions"].as_array());
    conditions.is_some_and(|conditions| {
        conditions
            .iter()
            .any(|found| found["type"] == condition && found["status"] == "True")
    })
}

fn resource(api_version: &str, kind: &str) -> ApiResource {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind))
}
