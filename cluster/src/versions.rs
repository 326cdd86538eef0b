//! Which version each watched object has, as the watches have shown it.
//!
//! What is at the version that was looked at or written last need not be asked about again. A watch
//! says something only between a whole first list and its next failure: before and after, nothing is
//! known of its kind.

mod fields;

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use kube::core::{DynamicObject, PartialObjectMeta};
use kube::runtime::watcher::{Error, Event};
use manifests::{GroupKind, Manifest, ObjectId};
use tokio::sync::Notify;

use crate::clusters::Cluster;

/// For how long after a failure of a watch nothing is believed of its kind: it is retried after up to
/// a minute and has half a minute to connect, and does not say when it goes on.
const DOUBT: Duration = Duration::from_mins(3);

/// How many deletions of a kind are remembered, twice at most: until other watches have seen them.
const LAST_GONE: usize = 4096;

/// For how long first lists are waited for at all, from the first wait on.
const FIRST_LISTS: Duration = Duration::from_secs(3);

/// All watches over metadata, by kind.
#[derive(Default)]
pub(crate) struct Versions {
    names: RandomState,
    watches: Mutex<HashMap<GroupKind, Vec<Weak<Shown>>>>,
    listed: Arc<Notify>,
    waits_until: Mutex<Option<Instant>>,
}

/// What one watch has shown.
pub(crate) struct Shown {
    names: RandomState,
    listed: Arc<Notify>,
    state: Mutex<State>,
}

/// An object as a watch has shown it.
#[derive(Clone)]
struct Known {
    version: u64,
    /// Hashes of the sets of fields that its managers applied, as the first list had them.
    applied: Box<[u64]>,
}

/// Objects are kept as hashes of their names: there may be many.
#[derive(Default)]
struct State {
    versions: HashMap<u64, Known>,
    /// A list that is not complete yet.
    listing: HashMap<u64, Known>,
    gone: Gone,
    /// From when on it is believed.
    sure: Option<Instant>,
}

/// Objects that a watch saw go last, by the version at which they were not there any more.
#[derive(Default)]
struct Gone {
    latest: HashMap<u64, u64>,
    before: HashMap<u64, u64>,
}

impl Gone {
    fn insert(&mut self, name: u64, version: u64) {
        if self.latest.len() >= LAST_GONE {
            self.before = std::mem::take(&mut self.latest);
        }
        self.latest.insert(name, version);
    }

    fn at(&self, name: u64) -> u64 {
        let version = self.latest.get(&name).or_else(|| self.before.get(&name));
        version.copied().unwrap_or_default()
    }
}

impl Versions {
    /// Begins to follow a watch over a kind.
    pub(crate) fn watch(&self, kind: &GroupKind) -> Arc<Shown> {
        let shown = Arc::new(Shown {
            names: self.names.clone(),
            listed: Arc::clone(&self.listed),
            state: Mutex::default(),
        });
        let mut watches = self.watches.lock().unwrap_or_else(PoisonError::into_inner);
        let of_kind = watches.entry(kind.clone()).or_default();
        of_kind.retain(|watch| watch.strong_count() > 0);
        of_kind.push(Arc::downgrade(&shown));
        shown
    }

    /// Returns an object as the watches over its kind have it; one that any of them saw go is not
    /// believed to be there because another has not heard of it yet.
    fn of(&self, id: &ObjectId, now: Instant) -> Option<Known> {
        let watches = self.watches.lock().unwrap_or_else(PoisonError::into_inner);
        let of_kind = watches.get(&id.group_kind)?;
        let namespace = id.namespace.as_deref().unwrap_or_default();
        let (mut newest, mut gone) = (None::<Known>, 0);
        for shown in of_kind.iter().filter_map(Weak::upgrade) {
            gone = gone.max(shown.gone(namespace, &id.name));
            let known = shown.known(namespace, &id.name, now);
            newest = newest
                .into_iter()
                .chain(known)
                .max_by_key(|known| known.version);
        }
        newest.filter(|known| known.version >= gone)
    }

    fn is_listed(&self, kind: &GroupKind, now: Instant) -> bool {
        let watches = self.watches.lock().unwrap_or_else(PoisonError::into_inner);
        let mut of_kind = watches.get(kind).into_iter().flatten();
        of_kind.any(|watch| watch.upgrade().is_some_and(|shown| shown.is_sure(now)))
    }

    /// Waits until the first lists of some kinds are in, all callers together no longer than a
    /// moment.
    async fn wait(&self, kinds: &BTreeSet<GroupKind>) {
        let limit = {
            let mut until = self
                .waits_until
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            *until.get_or_insert_with(|| Instant::now() + FIRST_LISTS)
        };
        let listed = async {
            loop {
                let next = self.listed.notified();
                let now = Instant::now();
                if kinds.iter().all(|kind| self.is_listed(kind, now)) {
                    return;
                }
                next.await;
            }
        };
        if Instant::now() < limit {
            // Without them everything is asked about.
            let _ = tokio::time::timeout_at(limit.into(), listed).await;
        }
    }
}

impl State {
    /// Takes a whole list for what there is. What it lacks was gone when its newest object was
    /// written, or later.
    fn replace(&mut self) {
        let listed = std::mem::take(&mut self.listing);
        let newest = listed.values().map(|known| known.version).max();
        for (name, known) in std::mem::replace(&mut self.versions, listed) {
            if !self.versions.contains_key(&name) {
                let last = known.version.max(newest.unwrap_or_default());
                self.gone.insert(name, last + 1);
            }
        }
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
                let managers = object.metadata.managed_fields.iter().flatten();
                let applied = managers
                    .filter_map(|entry| fields::applied(entry, &self.names))
                    .collect();
                state.listing.insert(name, Known { version, applied });
            }
            Ok(Event::InitDone) => {
                state.replace();
                state.sure = Some(Instant::now());
                self.listed.notify_waiters();
            }
            Ok(Event::Apply(object)) => {
                let (name, version) = self.named(object);
                let applied = Box::default();
                state.versions.insert(name, Known { version, applied });
            }
            Ok(Event::Delete(object)) => {
                let (name, version) = self.named(object);
                state.versions.remove(&name);
                state.gone.insert(name, version);
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

    fn is_sure(&self, now: Instant) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.sure.is_some_and(|sure| sure <= now)
    }

    /// Returns at which version an object was seen to be gone; 0 when it was not.
    fn gone(&self, namespace: &str, name: &str) -> u64 {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.gone.at(self.hash(namespace, name))
    }

    fn known(&self, namespace: &str, name: &str, now: Instant) -> Option<Known> {
        if !self.is_sure(now) {
            return None;
        }
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.versions.get(&self.hash(namespace, name)).cloned()
    }
}

impl Cluster {
    /// Returns the version of an object that a watch over its kind's metadata has shown last; `None`
    /// when no watch covers it, or when it is not sure.
    pub fn version_shown(&self, id: &ObjectId) -> Option<u64> {
        let known = self.versions.of(id, Instant::now())?;
        Some(known.version)
    }

    /// Returns the version of an object whose manager had applied exactly the fields of a manifest
    /// when a watch over its kind began, and which nobody has written since: their values are those
    /// the manager applied last, because a field that somebody else changes is its manager's no more.
    pub fn version_applied(&self, manifest: &Manifest, field_manager: &str) -> Option<u64> {
        let known = self.versions.of(&manifest.id(), Instant::now())?;
        let wanted = fields::of(manifest, field_manager, &self.versions.names)?;
        known.applied.contains(&wanted).then_some(known.version)
    }

    /// Waits until the watches over some kinds have shown what there is, for a moment after the
    /// start of the process.
    pub async fn until_shown(&self, kinds: &BTreeSet<GroupKind>) {
        self.versions.wait(kinds).await;
    }
}

#[cfg(test)]
mod tests;
