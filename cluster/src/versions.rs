//! Which version each watched object has, as the watches have shown it.
//!
//! What is at the version that was looked at or written last need not be asked about again. A watch
//! says something only between a whole first list and its next failure: before and after, nothing is
//! known of its kind.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use kube::core::{DynamicObject, PartialObjectMeta};
use kube::runtime::watcher::{Error, Event};
use manifests::{GroupKind, ObjectId};

use crate::clusters::Cluster;

/// For how long after a failure of a watch nothing is believed of its kind: it is retried within
/// half a minute, and does not say when it goes on.
const DOUBT: Duration = Duration::from_mins(1);

/// All watches over metadata, by kind.
#[derive(Default)]
pub(crate) struct Versions {
    names: RandomState,
    watches: Mutex<HashMap<GroupKind, Vec<Weak<Shown>>>>,
}

/// What one watch has shown.
pub(crate) struct Shown {
    names: RandomState,
    state: Mutex<State>,
}

/// Objects are kept as hashes of their names: there may be many.
#[derive(Default)]
struct State {
    versions: HashMap<u64, u64>,
    /// A list that is not complete yet.
    listing: HashMap<u64, u64>,
    /// From when on it is believed.
    sure: Option<Instant>,
}

impl Versions {
    /// Begins to follow a watch over a kind.
    pub(crate) fn watch(&self, kind: &GroupKind) -> Arc<Shown> {
        let shown = Arc::new(Shown {
            names: self.names.clone(),
            state: Mutex::default(),
        });
        let mut watches = self.watches.lock().unwrap_or_else(PoisonError::into_inner);
        let of_kind = watches.entry(kind.clone()).or_default();
        of_kind.retain(|watch| watch.strong_count() > 0);
        of_kind.push(Arc::downgrade(&shown));
        shown
    }

    fn of(&self, id: &ObjectId, now: Instant) -> Option<u64> {
        let watches = self.watches.lock().unwrap_or_else(PoisonError::into_inner);
        let shown = watches
            .get(&id.group_kind)?
            .iter()
            .filter_map(Weak::upgrade);
        let namespace = id.namespace.as_deref().unwrap_or_default();
        shown
            .filter_map(|shown| shown.version(namespace, &id.name, now))
            .max()
    }
}

impl Shown {
    /// Takes in what a watch shows.
    pub(crate) fn take(&self, event: &Result<Event<PartialObjectMeta<DynamicObject>>, Error>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Ok(Event::Init) => {
                state.listing.clear();
                state.sure = None;
            }
            Ok(Event::InitApply(object)) => {
                let (name, version) = self.named(object);
                state.listing.insert(name, version);
            }
            Ok(Event::InitDone) => {
                state.versions = std::mem::take(&mut state.listing);
                state.sure = Some(Instant::now());
            }
            Ok(Event::Apply(object)) => {
                let (name, version) = self.named(object);
                state.versions.insert(name, version);
            }
            Ok(Event::Delete(object)) => {
                let (name, _version) = self.named(object);
                state.versions.remove(&name);
            }
            Err(_) => {
                if let Some(sure) = &mut state.sure {
                    *sure = Instant::now() + DOUBT;
                }
            }
        }
    }

    fn named(&self, object: &PartialObjectMeta<DynamicObject>) -> (u64, u64) {
        let metadata = &object.metadata;
        let namespace = metadata.namespace.as_deref().unwrap_or_default();
        let name = metadata.name.as_deref().unwrap_or_default();
        let version = metadata.resource_version.as_deref();
        // One that is no number is no version anybody recorded.
        let version = version.and_then(|text| text.parse().ok());
        (self.hash(namespace, name), version.unwrap_or_default())
    }

    fn hash(&self, namespace: &str, name: &str) -> u64 {
        self.names.hash_one((namespace, name))
    }

    fn version(&self, namespace: &str, name: &str, now: Instant) -> Option<u64> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.sure.is_none_or(|sure| now < sure) {
            return None;
        }
        state.versions.get(&self.hash(namespace, name)).copied()
    }
}

impl Cluster {
    /// Returns the version of an object that a watch over its kind's metadata has shown last; `None`
    /// when no watch covers it, or when it is not sure.
    pub fn version_shown(&self, id: &ObjectId) -> Option<u64> {
        self.versions.of(id, Instant::now())
    }
}

#[cfg(test)]
mod tests;
