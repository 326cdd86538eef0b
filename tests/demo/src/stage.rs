//! What a run has started and made, and how it goes away again.

use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::backends::Backends;
use crate::cluster::Cluster;
use crate::console::Console;
use crate::controller::Controller;

/// How long objects may take to go away once they are deleted.
const GONE: Duration = Duration::from_mins(1);

/// Everything a run holds on to. Fields drop in order: who uses a thing goes before it.
#[derive(Default)]
pub(crate) struct Stage {
    /// The controller.
    pub(crate) controller: Option<Controller>,
    /// Git server and stores.
    pub(crate) backends: Option<Backends>,
    /// The cluster.
    pub(crate) cluster: Option<Cluster>,
    /// What was made in a cluster that stays, in that order.
    pub(crate) made: Vec<Value>,
    /// The controller's files.
    pub(crate) folder: Option<TempDir>,
    /// Whether everything has arrived.
    pub(crate) is_complete: bool,
}

impl Stage {
    /// Removes what was made in a cluster that stays. The servers stop when the stage is dropped.
    pub(crate) async fn clear(&mut self, console: &Console) {
        let Some(cluster) = self.cluster.clone() else {
            return;
        };
        if cluster.own().is_some() || self.made.is_empty() {
            return;
        }
        let made = std::mem::take(&mut self.made);
        let work = async {
            // The controller takes its finalizers off these, and first undoes what they did.
            let (synced, rest): (Vec<_>, Vec<_>) =
                made.iter().partition(|object| is_synced(object));
            for object in synced.iter().rev() {
                cluster.delete(object).await?;
                self.gone(&cluster, object).await?;
            }
            let (namespaces, rest): (Vec<_>, Vec<_>) = rest
                .into_iter()
                .partition(|object| object["kind"] == "Namespace");
            for object in &namespaces {
                cluster.delete(object).await?;
            }
            for object in &namespaces {
                self.gone(&cluster, object).await?;
            }
            for object in rest.iter().rev() {
                let namespace = object["metadata"]["namespace"].as_str();
                let went_with_namespace = namespaces
                    .iter()
                    .any(|gone| gone["metadata"]["name"].as_str() == namespace);
                if !went_with_namespace {
                    cluster.delete(object).await?;
                }
            }
            Ok(())
        };
        let what = "everything the demo made in the cluster is removed";
        if let Err(error) = console.step(what, work).await {
            console.warn(&format!("not everything could be removed: {error:#}"));
        }
    }

    /// Waits until an object is gone; without a controller to do it, takes its finalizers off.
    async fn gone(&self, cluster: &Cluster, object: &Value) -> anyhow::Result<()> {
        let waiting = async {
            while cluster.live(object).await?.is_some() {
                if !self.controller.as_ref().is_some_and(Controller::runs) && is_synced(object) {
                    release(cluster, object).await?;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            anyhow::Ok(())
        };
        match tokio::time::timeout(GONE, waiting).await {
            Ok(gone) => gone,
            Err(_) => anyhow::bail!(
                "{} {} is still there after {GONE:?}",
                object["kind"].as_str().unwrap_or_default(),
                object["metadata"]["name"].as_str().unwrap_or_default()
            ),
        }
    }
}

fn is_synced(object: &Value) -> bool {
    object["kind"] == "Kustomization" || object["kind"] == "GitRepository"
}

async fn release(cluster: &Cluster, object: &Value) -> anyhow::Result<()> {
    let patch = json!({ "metadata": { "finalizers": null } });
    cluster.merge(object, &patch).await
}
