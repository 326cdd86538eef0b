//! The sealing keys of this controller: read from key Secrets in its own namespace, kept current by
//! a watch, renewed on time.

mod read;
mod renew;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use api::names::sealed_secrets::{KEY_ACTIVE, KEY_LABEL};
use futures::stream::{BoxStream, StreamExt};
use k8s_openapi::api::core::v1::Secret;
use kube::api::ListParams;
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, ResourceExt};
use sealing::{ItemFaults, KeyOrder, KeyRing, Label, RegisteredKey};
use secret_bytes::SecretBytes;
use tokio::sync::watch;
use tracing::{info, warn};

use crate::context::Context;
use crate::error::Error;

pub(crate) use renew::renew;

/// All sealing keys there are.
pub(crate) struct SealingKeys {
    order: KeyOrder,
    registered: Mutex<BTreeMap<String, RegisteredKey>>,
    ring: RwLock<Arc<KeyRing>>,
    changed: watch::Sender<u64>,
}

impl SealingKeys {
    /// Holds no keys yet; `order` says which of them will seal.
    pub(crate) fn ordered_by(order: KeyOrder) -> Self {
        Self {
            order,
            registered: Mutex::default(),
            ring: RwLock::default(),
            changed: watch::Sender::new(0),
        }
    }

    /// Returns the keys as they are now.
    pub(crate) fn ring(&self) -> Arc<KeyRing> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Opens every item off the async threads: one costs milliseconds of a core.
    ///
    /// # Errors
    ///
    /// When the thread ends before it is done; inside, what does not open.
    pub(crate) async fn unseal(
        &self,
        items: BTreeMap<String, String>,
        label: Label,
    ) -> Result<Result<BTreeMap<String, SecretBytes>, ItemFaults>, Error> {
        let ring = self.ring();
        tokio::task::spawn_blocking(move || {
            let items = items
                .iter()
                .map(|(key, item)| (key.as_str(), item.as_str()));
            sealing::unseal_items(items, &label, ring.keys())
        })
        .await
        .map_err(|source| Error::internal("open the items", source))
    }

    /// Returns a tick for every change of the keys.
    pub(crate) fn changes(&self) -> BoxStream<'static, ()> {
        futures::stream::unfold(self.changed.subscribe(), |mut changed| async move {
            changed.changed().await.ok()?;
            Some(((), changed))
        })
        .boxed()
    }

    /// Takes a key in; a Secret that is no key is named in the log and left out.
    fn register(&self, secret: Secret) {
        let name = secret.name_any();
        match read::registered(secret) {
            Ok(key) => {
                if key.key.sealing_certificate().is_none() {
                    warn!(
                        secret = name,
                        "certificate does not belong to the key; it does not seal"
                    );
                }
                self.change(|registered| {
                    let is_known = registered
                        .get(&name)
                        .is_some_and(|known| known.key.fingerprint() == key.key.fingerprint());
                    if !is_known {
                        info!(secret = name, "registered private key");
                        registered.insert(name.clone(), key.clone());
                    }
                    !is_known
                });
            }
            Err(error) => {
                warn!(secret = name, error = %crate::error::Chain(&error), "Secret holds no usable sealing key");
            }
        }
    }

    fn forget(&self, name: &str) {
        self.change(|registered| registered.remove(name).is_some());
    }

    /// Changes the registered keys and rebuilds the ring when something did change.
    fn change(&self, change: impl Fn(&mut BTreeMap<String, RegisteredKey>) -> bool) {
        let mut registered = self
            .registered
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if !change(&mut registered) {
            return;
        }
        let ring = KeyRing::new(registered.values().cloned().collect(), self.order);
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
        self.changed
            .send_modify(|count| *count = count.wrapping_add(1));
    }
}

/// Reads the keys there are.
pub(crate) async fn load(context: &Context) -> Result<(), Error> {
    info!("Searching for existing private keys");
    let secrets = api(context);
    let labelled = secrets
        .list(&ListParams::default().labels(&selector()))
        .await
        .map_err(|source| Error::kubernetes("list the sealing keys", source))?;
    for secret in labelled {
        context.sealing_keys.register(secret);
    }
    // Before keys had labels there was one, under the very name of the prefix.
    let oldest = secrets
        .get_opt(&context.flags.key_prefix)
        .await
        .map_err(|source| Error::kubernetes("read the oldest sealing key", source))?;
    if let Some(secret) = oldest {
        context.sealing_keys.register(secret);
    }
    Ok(())
}

/// Keeps the keys current until the process stops.
pub(crate) async fn follow(context: Arc<Context>) {
    let config = watcher::Config::default().labels(&selector());
    let mut events = watcher(api(&context), config).default_backoff().boxed();
    loop {
        tokio::select! {
            () = context.stopping() => return,
            event = events.next() => match event {
                Some(Ok(watcher::Event::Apply(secret) | watcher::Event::InitApply(secret))) => {
                    context.sealing_keys.register(secret);
                }
                Some(Ok(watcher::Event::Delete(secret))) => {
                    context.sealing_keys.forget(&secret.name_any());
                }
                Some(Ok(watcher::Event::Init | watcher::Event::InitDone)) => {}
                Some(Err(error)) => warn!(error = %error, "sealing keys cannot be watched"),
                None => return,
            },
        }
    }
}

fn api(context: &Context) -> Api<Secret> {
    let client = context.clusters.own().client().clone();
    Api::namespaced(client, &context.flags.namespace)
}

fn selector() -> String {
    format!("{KEY_LABEL}={KEY_ACTIVE}")
}
