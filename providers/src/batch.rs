//! Fewer calls to a backend: one per distinct item in a sync, one in flight per item and store.
//!
//! A [`Store`] is a connected client with the reads that are under way. A [`Fetch`] lives for one
//! sync and remembers what it read. Nothing is kept beyond that: the next sync asks again.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::{BoxFuture, FutureExt as _, Shared, WeakShared};
use secret_bytes::SecretBytes;
use tokio::sync::Semaphore;

use crate::secrets_client::{
    Capabilities, Members, Payload, RemoteItem, RemoteRef, SecretsClient, Validation,
};
use crate::{SecretsError, StoreError};

/// Entries of finished reads are swept when this many have gathered.
const SWEEP_AT: usize = 64;

type Outcome = Result<Arc<Payload>, StoreError>;
type Read = BoxFuture<'static, Outcome>;

/// A connected store, shared by everybody who reads from it.
pub struct Store {
    id: u64,
    client: Arc<dyn SecretsClient>,
    /// How many reads may be under way at the backend, over all of its stores.
    slots: Arc<Semaphore>,
    under_way: Mutex<HashMap<RemoteItem, WeakShared<Read>>>,
}

/// The reads of one sync.
#[derive(Default)]
pub struct Fetch {
    read: Mutex<HashMap<(u64, RemoteItem), Shared<Read>>>,
}

impl Store {
    /// Wraps a client. `slots` bounds what is under way at its backend.
    pub fn new(client: Arc<dyn SecretsClient>, slots: Arc<Semaphore>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);

        Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            client,
            slots,
            under_way: Mutex::new(HashMap::new()),
        }
    }

    /// Asks the backend whether the store's credentials are accepted.
    pub async fn validate(&self) -> Result<Validation, SecretsError> {
        let _slot = self.slots.acquire().await;
        self.client.validate().await
    }

    /// Returns what the store can do.
    pub fn capabilities(&self) -> Capabilities {
        self.client.capabilities()
    }

    /// Gives back what the backend holds for this store.
    pub async fn close(&self) {
        self.client.close().await;
    }

    /// Joins the read of an item that is under way, or begins one.
    fn read(&self, item: &RemoteItem) -> Shared<Read> {
        let mut under_way = self
            .under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(read) = under_way.get(item).and_then(live) {
            return read;
        }
        if under_way.len() >= SWEEP_AT {
            under_way.retain(|_, read| live(read).is_some());
        }
        let (client, slots, wanted) = (self.client.clone(), self.slots.clone(), item.clone());
        let read: Read = Box::pin(async move {
            let _slot = slots.acquire_owned().await;
            client
                .read(&wanted)
                .await
                .map(Arc::new)
                .map_err(StoreError::from)
        });
        let read = read.shared();
        if let Some(weak) = read.downgrade() {
            under_way.insert(item.clone(), weak);
        }
        read
    }
}

/// A read that somebody waits for and that has not finished: a finished one is a cached value.
fn live(read: &WeakShared<Read>) -> Option<Shared<Read>> {
    read.upgrade().filter(|read| read.peek().is_none())
}

impl Fetch {
    /// Begins a sync.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns one value of a store.
    pub async fn get(&self, store: &Store, remote: &RemoteRef) -> Result<SecretBytes, StoreError> {
        let payload = self.payload(store, remote).await?;
        Ok(store.client.pick(&payload, remote)?)
    }

    /// Returns the members of one item of a store.
    pub async fn get_map(&self, store: &Store, remote: &RemoteRef) -> Result<Members, StoreError> {
        let payload = self.payload(store, remote).await?;
        Ok(store.client.members(&payload, remote)?)
    }

    async fn payload(&self, store: &Store, remote: &RemoteRef) -> Outcome {
        let item = remote.item();
        let read = self
            .read
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry((store.id, item))
            .or_insert_with_key(|(_, item)| store.read(item))
            .clone();
        read.await
    }
}

#[cfg(test)]
mod tests;
