//! Watches for values to arrive in the cluster, and notes when they do.
//!
//! Values are compared here and go no further.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::StreamExt;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::Api;
use kube::runtime::watcher::{Config, Event};
use kube::runtime::{WatchStreamExt, watcher};
use secret_bytes::SecretBytes;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::cluster::Cluster;
use crate::folder::KEY;

/// The kind of an object that carries a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A ConfigMap.
    ConfigMap,
    /// A Secret.
    Secret,
}

/// A value that is on its way.
#[derive(Clone)]
pub(crate) struct Expected {
    /// What will carry it.
    pub(crate) kind: Kind,
    /// The object's name.
    pub(crate) name: &'static str,
    /// Where it comes from.
    pub(crate) origin: &'static str,
    /// The value.
    pub(crate) value: Arc<SecretBytes>,
}

/// When each expected value was first seen.
pub(crate) struct Arrivals {
    board: Arc<Board>,
    _watches: JoinSet<()>,
}

#[derive(Default)]
struct Board {
    entries: Mutex<Vec<(Expected, Option<Instant>)>>,
    changed: Notify,
}

impl Kind {
    /// Returns the kind's name.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::ConfigMap => "ConfigMap",
            Self::Secret => "Secret",
        }
    }
}

impl Arrivals {
    /// Starts to watch a namespace.
    pub(crate) fn watch(cluster: &Cluster, namespace: &str) -> Self {
        let board = Arc::new(Board::default());
        let mut watches = JoinSet::new();
        let secrets = Api::<Secret>::namespaced(cluster.client().clone(), namespace);
        let seen = Arc::clone(&board);
        watches.spawn(follow(secrets, move |secret| {
            let values = secret.data.unwrap_or_default();
            let values = values.into_iter().map(|(key, value)| (key, value.0));
            seen.compare(
                Kind::Secret,
                secret.metadata.name.as_deref(),
                values.collect(),
            );
        }));
        let config_maps = Api::<ConfigMap>::namespaced(cluster.client().clone(), namespace);
        let seen = Arc::clone(&board);
        watches.spawn(follow(config_maps, move |config_map| {
            let values = config_map.data.unwrap_or_default();
            let values = values
                .into_iter()
                .map(|(key, value)| (key, value.into_bytes()));
            seen.compare(
                Kind::ConfigMap,
                config_map.metadata.name.as_deref(),
                values.collect(),
            );
        }));
        Self {
            board,
            _watches: watches,
        }
    }

    /// Expects values from now on, and forgets about earlier ones.
    pub(crate) fn expect(&self, expected: &[Expected]) {
        let entries = expected.iter().map(|expected| (expected.clone(), None));
        *self.board.entries() = entries.collect();
    }

    /// Waits until all expected values have arrived or the time is up, and returns when each did.
    pub(crate) async fn wait(&self, limit: Duration) -> Vec<(Expected, Option<Instant>)> {
        let all = async {
            loop {
                let changed = self.board.changed.notified();
                if self.board.entries().iter().all(|(_, at)| at.is_some()) {
                    return;
                }
                changed.await;
            }
        };
        // What is missing by then shows in what is returned.
        let _ = tokio::time::timeout(limit, all).await;
        self.board.entries().clone()
    }
}

impl Board {
    fn entries(&self) -> std::sync::MutexGuard<'_, Vec<(Expected, Option<Instant>)>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn compare(&self, kind: Kind, name: Option<&str>, mut values: BTreeMap<String, Vec<u8>>) {
        let now = Instant::now();
        let Some(value) = values.remove(KEY).map(SecretBytes::new) else {
            return;
        };
        for (expected, at) in self.entries().iter_mut() {
            let is_it = expected.kind == kind && Some(expected.name) == name;
            if is_it && at.is_none() && *expected.value == value {
                *at = Some(now);
            }
        }
        self.changed.notify_waiters();
    }
}

async fn follow<K>(api: Api<K>, mut see: impl FnMut(K) + Send)
where
    K: kube::Resource<DynamicType = ()>
        + Clone
        + std::fmt::Debug
        + serde::de::DeserializeOwned
        + Send
        + 'static,
{
    let stream = watcher(api, Config::default()).default_backoff();
    stream
        .for_each(|event| {
            if let Ok(Event::Apply(object) | Event::InitApply(object)) = event {
                see(object);
            }
            std::future::ready(())
        })
        .await;
}
