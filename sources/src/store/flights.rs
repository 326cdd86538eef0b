//! One at a time per key: callers that want the same wait for the first and find its result.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::OwnedMutexGuard;

type Gate = tokio::sync::Mutex<()>;

/// The work that is going on, by key.
#[derive(Debug, Default)]
pub(super) struct Flights(Mutex<HashMap<String, Weak<Gate>>>);

impl Flights {
    /// Waits until nobody else works on `key`; the guard keeps others out.
    pub(super) async fn enter(&self, key: &str) -> OwnedMutexGuard<()> {
        self.gate(key).lock_owned().await
    }

    fn gate(&self, key: &str) -> Arc<Gate> {
        let mut gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gate) = gates.get(key).and_then(Weak::upgrade) {
            return gate;
        }
        gates.retain(|_, gate| gate.strong_count() > 0);
        let gate = Arc::new(Gate::default());
        gates.insert(key.to_owned(), Arc::downgrade(&gate));
        gate
    }
}
