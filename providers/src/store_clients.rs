//! One client per store, shared by everybody who reads from it, kept over syncs.
//!
//! A client is kept as long as the store's generation and the caller's fingerprint of its
//! credentials stay the same. Connecting is shared as well: a hundred syncs that need the same
//! store wait for one login, and share its failure; the next one tries again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use api::external_secrets::SecretStoreSpec;
use futures::future::{BoxFuture, FutureExt as _, Shared};
use tokio::sync::Semaphore;

use crate::connector::{self, Connector};
use crate::store_references::depends_on_consumer;
use crate::{
    Capabilities, ResolveError, ScopedResolver, Store, StoreError, StoreScope, Validation,
};

/// Bounds of what is kept and of what is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreClientsOptions {
    /// How many clients are kept. Default: 1000.
    pub clients: usize,
    /// How many reads may be under way at one backend, over all its stores. Default: 64.
    pub reads_per_backend: usize,
}

/// Which state of which store is meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StoreKey {
    /// The store's name.
    pub name: String,
    /// The store's uid, so that a store that was created anew is another one.
    pub uid: String,
    /// The store's generation.
    pub generation: i64,
    /// Anything that changes when one of the objects in [`crate::references`] changes.
    pub fingerprint: String,
}

/// The clients of all stores.
pub struct StoreClients {
    connector: Connector,
    options: StoreClientsOptions,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    entries: HashMap<Place, Entry>,
    slots: HashMap<String, Weak<Semaphore>>,
    /// Clients that were replaced and may still be in use.
    retired: Vec<Connection>,
    clock: u64,
}

/// Where a client is kept: a newer state of the same store takes the place of the older.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Place {
    scope: StoreScope,
    name: String,
}

struct Entry {
    key: StoreKey,
    connection: Connection,
    last_used: u64,
}

type Connection = Shared<BoxFuture<'static, Result<Arc<Store>, StoreError>>>;

impl Default for StoreClientsOptions {
    fn default() -> Self {
        Self {
            clients: 1000,
            reads_per_backend: 64,
        }
    }
}

impl StoreClients {
    /// Begins with no clients.
    pub fn new(connector: Connector, options: StoreClientsOptions) -> Self {
        Self {
            connector,
            options,
            state: Mutex::new(State::default()),
        }
    }

    /// Returns the store's client; connects when there is none for this state of the store.
    ///
    /// # Errors
    ///
    /// Those of [`Connector::connect`].
    pub async fn store(
        &self,
        key: &StoreKey,
        spec: &Arc<SecretStoreSpec>,
        resolver: &ScopedResolver,
    ) -> Result<Arc<Store>, StoreError> {
        let (connection, idle) = self.connection(key, spec, resolver);
        if !idle.is_empty() {
            // Giving back old logins must not hold up who needs a new one.
            tokio::spawn(async move {
                futures::future::join_all(idle.iter().map(|store| store.close())).await;
            });
        }
        connection.await
    }

    /// Checks a store for itself, and says what it can do.
    ///
    /// A cluster store whose credentials depend on its consumer cannot be checked: its scope has
    /// no consumer, and the answer is [`Validation::Unknown`].
    ///
    /// # Errors
    ///
    /// [`ValidateStore::Connect`] when no client can be had, [`ValidateStore::Validate`] when the
    /// backend refuses the client.
    pub async fn validate(
        &self,
        key: &StoreKey,
        spec: &Arc<SecretStoreSpec>,
        resolver: &ScopedResolver,
    ) -> Result<(Validation, Capabilities), ValidateStore> {
        match self.store(key, spec, resolver).await {
            Ok(store) => match store.validate().await {
                Ok(validation) => Ok((validation, store.capabilities())),
                Err(error) => Err(ValidateStore::Validate {
                    source: error.into(),
                }),
            },
            Err(error) if needs_consumer(&error) => {
                Ok((Validation::Unknown, Capabilities::ReadWrite))
            }
            Err(source) => Err(ValidateStore::Connect { source }),
        }
    }

    /// Drops a store's clients, for all consumers.
    pub async fn forget(&self, uid: &str) {
        let dropped: Vec<Connection> = {
            let mut state = self.lock();
            let (gone, kept) = std::mem::take(&mut state.entries)
                .into_iter()
                .partition(|(_, entry)| entry.key.uid == uid);
            state.entries = kept;
            let gone: HashMap<Place, Entry> = gone;
            gone.into_values().map(|entry| entry.connection).collect()
        };
        close(dropped).await;
    }

    /// Gives back what the backends hold for all clients, at the end of the process.
    pub async fn close(&self) {
        let dropped: Vec<Connection> = {
            let mut state = self.lock();
            let entries = std::mem::take(&mut state.entries);
            let mut all: Vec<_> = entries
                .into_values()
                .map(|entry| entry.connection)
                .collect();
            all.append(&mut state.retired);
            all
        };
        close(dropped).await;
    }

    /// Finds or begins a connection. Also returns replaced stores that nobody uses any more.
    fn connection(
        &self,
        key: &StoreKey,
        spec: &Arc<SecretStoreSpec>,
        resolver: &ScopedResolver,
    ) -> (Connection, Vec<Arc<Store>>) {
        let place = Place::of(key, spec, resolver.scope());
        let mut state = self.lock();
        state.clock += 1;
        let now = state.clock;
        if let Some(entry) = state.entries.get_mut(&place)
            && entry.key == *key
            && !has_failed(&entry.connection)
        {
            entry.last_used = now;
            return (entry.connection.clone(), Vec::new());
        }
        let slots = state.slots_of(&connector::backend(&spec.provider), self.options);
        let connection = self.connect(spec, resolver, slots);
        let entry = Entry {
            key: key.clone(),
            connection: connection.clone(),
            last_used: now,
        };
        if let Some(replaced) = state.entries.insert(place, entry) {
            state.retired.push(replaced.connection);
        }
        state.shrink_to(self.options.clients);
        (connection, state.idle())
    }

    fn connect(
        &self,
        spec: &Arc<SecretStoreSpec>,
        resolver: &ScopedResolver,
        slots: Arc<Semaphore>,
    ) -> Connection {
        let (connector, spec, resolver) = (self.connector.clone(), spec.clone(), resolver.clone());
        let connection: BoxFuture<'static, _> = Box::pin(async move {
            let client = connector.connect(&spec, &resolver).await?;
            Ok(Arc::new(Store::new(client, slots)))
        });
        connection.shared()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a store is not ready; the two are different messages to a user.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ValidateStore {
    /// No client could be had: the spec, a credential, or the login is at fault.
    #[error("unable to create client")]
    Connect {
        /// What went wrong.
        source: StoreError,
    },
    /// The backend refused the client.
    #[error("unable to validate store")]
    Validate {
        /// What went wrong.
        source: StoreError,
    },
}

impl State {
    fn slots_of(&mut self, backend: &str, options: StoreClientsOptions) -> Arc<Semaphore> {
        if let Some(slots) = self.slots.get(backend).and_then(Weak::upgrade) {
            return slots;
        }
        self.slots.retain(|_, slots| slots.strong_count() > 0);
        let slots = Arc::new(Semaphore::new(options.reads_per_backend.max(1)));
        self.slots
            .insert(backend.to_owned(), Arc::downgrade(&slots));
        slots
    }

    /// Retires the clients that were not used for longest.
    fn shrink_to(&mut self, most: usize) {
        while self.entries.len() > most.max(1) {
            let oldest = self
                .entries
                .iter()
                .min_by_key(|(_, entry)| entry.last_used)
                .map(|(place, _)| place.clone());
            let Some(entry) = oldest.and_then(|place| self.entries.remove(&place)) else {
                return;
            };
            self.retired.push(entry.connection);
        }
    }

    /// Takes out the retired stores that nobody uses. Connections that failed have none.
    fn idle(&mut self) -> Vec<Arc<Store>> {
        let mut idle = Vec::new();
        self.retired.retain(|connection| match connection.peek() {
            // The retired connection itself holds one.
            Some(Ok(store)) if Arc::strong_count(store) == 1 => {
                idle.push(store.clone());
                false
            }
            Some(Err(_)) => false,
            Some(Ok(_)) => true,
            // Nobody waits for it any more, so it will never finish.
            None => connection.strong_count().is_some_and(|count| count > 1),
        });
        idle
    }
}

impl Place {
    /// A cluster store that brings its own credentials has one client for all consumers.
    fn of(key: &StoreKey, spec: &SecretStoreSpec, scope: &StoreScope) -> Self {
        let scope = match scope {
            StoreScope::Cluster { .. } if !depends_on_consumer(&spec.provider) => {
                StoreScope::Cluster { consumer: None }
            }
            StoreScope::Cluster { .. } | StoreScope::Namespaced { .. } => scope.clone(),
        };
        Self {
            scope,
            name: key.name.clone(),
        }
    }
}

fn has_failed(connection: &Connection) -> bool {
    matches!(connection.peek(), Some(Err(_)))
}

fn needs_consumer(error: &StoreError) -> bool {
    matches!(
        error.kind(),
        crate::SecretsError::Reference(ResolveError::NeedsConsumer)
    )
}

async fn close(connections: Vec<Connection>) {
    let stores = connections
        .iter()
        .filter_map(|connection| connection.peek()?.as_ref().ok());
    futures::future::join_all(stores.map(|store| store.close())).await;
}

#[cfg(test)]
mod tests;
