//! What the API server answered our last writes and looks, so that an object nobody touched since
//! need not be read, or asked about, again.
//!
//! An entry counts only for the very `resourceVersion` it was recorded with, so a stale one costs a
//! request and never a wrong decision. Digests alone are kept: there may be many objects.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use cluster::Fingerprint;
use manifests::ObjectId;
use pipeline::plan::Comparable;
use serde_json::Value;

/// How many objects are recorded, at about a hundred bytes each.
const CAPACITY: usize = 400_000;

/// For how long is believed what the first list of a watch shows: a moment after a start everything
/// is looked at once, not all at the same time.
const BELIEVE: Duration = Duration::from_mins(10);

/// For how long the answer of a dry run counts. What the answer depends on besides the object, such
/// as policies and defaults of the API server, changes without a word.
const LOOK_AGAIN: Duration = Duration::from_hours(1);

/// For how long after a definition changed nothing is settled of its group: an API server may still
/// answer by the definition as it was.
const TAKES_EFFECT: Duration = Duration::from_secs(10);

#[derive(Default)]
pub(super) struct Recent {
    names: RandomState,
    /// By a hash of their ids.
    objects: Mutex<HashMap<u64, Recorded>>,
    /// Objects that a status says were applied, and that were not looked at since the start.
    trusted: Mutex<HashSet<u64>>,
    /// From when on answers count, by a hash of the groups whose definitions changed.
    redefined: Mutex<HashMap<u64, Instant>>,
}

struct Recorded {
    version: u64,
    /// What it was compared by, when it was looked at.
    state: Option<Comparable>,
    settled: Option<Settled>,
}

/// Applying this changes nothing at the recorded version.
struct Settled {
    wanted: Fingerprint,
    since: Instant,
    until: Instant,
}

impl Recent {
    /// Records an object as the API server returned it.
    pub(super) fn record(&self, id: &ObjectId, object: &Value) {
        let Some(version) = resource_version(object) else {
            return;
        };
        let recorded = Recorded {
            version,
            state: Some(Comparable::of(object)),
            settled: None,
        };
        self.insert(id, recorded);
    }

    fn insert(&self, id: &ObjectId, recorded: Recorded) {
        let mut objects = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
        if objects.len() >= CAPACITY {
            // Rare and cheap to be wrong about: everything is asked once more.
            objects.clear();
        }
        objects.insert(self.names.hash_one(id), recorded);
    }

    /// Records that applying a manifest changes nothing at a version.
    pub(super) fn settle(&self, id: &ObjectId, version: u64, wanted: Fingerprint, now: Instant) {
        let mut objects = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
        let recorded = objects.get_mut(&self.names.hash_one(id));
        if let Some(recorded) = recorded.filter(|recorded| recorded.version == version) {
            recorded.settled = Some(Settled {
                wanted,
                since: now,
                until: now + LOOK_AGAIN,
            });
        }
    }

    /// Has it believed for a while that applying a manifest changes nothing at a version, of an
    /// object that was not looked at yet.
    pub(super) fn believe(&self, id: &ObjectId, version: u64, wanted: Fingerprint, now: Instant) {
        let settled = Settled {
            wanted,
            since: now,
            until: now + BELIEVE,
        };
        let recorded = Recorded {
            version,
            state: None,
            settled: Some(settled),
        };
        self.insert(id, recorded);
    }

    /// Says that a status has an object as applied; one that was looked at is not meant.
    pub(super) fn trust(&self, id: &ObjectId) {
        let name = self.names.hash_one(id);
        let objects = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
        if !objects.contains_key(&name) {
            let mut trusted = self.trusted.lock().unwrap_or_else(PoisonError::into_inner);
            trusted.insert(name);
        }
    }

    /// Whether a status has the object as applied; said once, and not when its definition changed.
    pub(super) fn take_trust(&self, id: &ObjectId) -> bool {
        let mut trusted = self.trusted.lock().unwrap_or_else(PoisonError::into_inner);
        trusted.remove(&self.names.hash_one(id)) && self.counts_from(id).is_none()
    }

    /// Forgets what is settled of the kinds of a group: what the API server makes of a manifest
    /// depends on their definitions.
    pub(super) fn redefine(&self, group: &str, now: Instant) {
        let mut redefined = self
            .redefined
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // Nothing is settled for longer.
        redefined.retain(|_, from| now < *from + LOOK_AGAIN);
        redefined.insert(self.names.hash_one(group), now + TAKES_EFFECT);
    }

    /// Returns from when on answers about an object count, when its definition changed.
    fn counts_from(&self, id: &ObjectId) -> Option<Instant> {
        let redefined = self
            .redefined
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let group = self.names.hash_one(id.group_kind.group.as_str());
        redefined.get(&group).copied()
    }

    /// Takes back what a status said: it was about another run than the one that looks now.
    pub(super) fn distrust(&self, id: &ObjectId) {
        self.take_trust(id);
    }

    /// Whether it is known that applying a manifest changes nothing at a version.
    pub(super) fn is_settled(
        &self,
        id: &ObjectId,
        version: u64,
        wanted: Fingerprint,
        now: Instant,
    ) -> bool {
        let from = self.counts_from(id);
        let is_known = |settled: &Settled| {
            settled.wanted == wanted
                && now < settled.until
                && from.is_none_or(|from| settled.since >= from)
        };
        self.at(id, version, |recorded| {
            recorded.settled.as_ref().is_some_and(is_known)
        })
        .unwrap_or_default()
    }

    /// Has an object asked about again, whatever is known of it.
    pub(super) fn unsettle(&self, id: &ObjectId) {
        let mut objects = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(recorded) = objects.get_mut(&self.names.hash_one(id)) {
            recorded.settled = None;
        }
    }

    /// Whether an object was recorded at this resource version.
    pub(super) fn holds(&self, id: &ObjectId, resource_version: &str) -> bool {
        let version = resource_version.parse().ok();
        version.is_some_and(|version| self.at(id, version, |_| ()).is_some())
    }

    /// Returns what can be compared of an object as it was recorded at this resource version.
    pub(super) fn state(&self, id: &ObjectId, version: u64) -> Option<Comparable> {
        self.at(id, version, |recorded| recorded.state).flatten()
    }

    fn at<T>(&self, id: &ObjectId, version: u64, take: impl Fn(&Recorded) -> T) -> Option<T> {
        let objects = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
        let recorded = objects.get(&self.names.hash_one(id))?;
        (recorded.version == version).then(|| take(recorded))
    }
}

/// Returns `metadata.resourceVersion`: a number, as the API server has promised since 1.35. What is
/// not stored has none.
pub(super) fn resource_version(object: &Value) -> Option<u64> {
    let version = object.pointer("/metadata/resourceVersion")?.as_str()?;
    version.parse().ok()
}

#[cfg(test)]
mod tests {
    use manifests::GroupKind;
    use serde_json::json;

    use super::*;

    fn id() -> ObjectId {
        ObjectId::new(GroupKind::new("", "ConfigMap"), Some("a"), "b")
    }

    #[test]
    fn entry_counts_for_its_resource_version_only() {
        let recent = Recent::default();
        let object = json!({"metadata": {"resourceVersion": "7"}, "data": {"k": "v"}});
        recent.record(&id(), &object);
        assert_eq!(recent.state(&id(), 7), Some(Comparable::of(&object)));
        assert_eq!(recent.state(&id(), 8), None);
        assert!(recent.holds(&id(), "7") && !recent.holds(&id(), "8"));
    }

    #[test]
    fn objects_that_were_not_stored_are_not_recorded() {
        let recent = Recent::default();
        recent.record(&id(), &json!({"metadata": {}}));
        assert!(!recent.holds(&id(), ""));
    }

    #[test]
    fn what_is_settled_is_so_for_one_manifest_one_version_and_a_while() {
        let recent = Recent::default();
        let (now, wanted) = (Instant::now(), Fingerprint::default());
        let object = json!({"metadata": {"resourceVersion": "7"}});
        recent.settle(&id(), 7, wanted, now);
        assert!(
            !recent.is_settled(&id(), 7, wanted, now),
            "nothing is recorded"
        );
        recent.record(&id(), &object);
        assert!(
            !recent.is_settled(&id(), 7, wanted, now),
            "nothing is settled"
        );
        recent.settle(&id(), 7, wanted, now);
        assert!(recent.is_settled(&id(), 7, wanted, now));
        assert!(!recent.is_settled(&id(), 8, wanted, now));
        assert!(!recent.is_settled(&id(), 7, wanted, now + LOOK_AGAIN));
        recent.unsettle(&id());
        assert!(!recent.is_settled(&id(), 7, wanted, now));
        recent.settle(&id(), 7, wanted, now);
        recent.record(&id(), &object);
        assert!(
            !recent.is_settled(&id(), 7, wanted, now),
            "it was recorded anew"
        );
    }

    /// A field that the definition knows since is applied at once, and not within the hour.
    #[test]
    fn nothing_is_settled_by_a_definition_that_changed_since() {
        let recent = Recent::default();
        let (now, wanted) = (Instant::now(), Fingerprint::default());
        let [widget, other] = ["example.com", "other.com"].map(|group| {
            let id = ObjectId::new(GroupKind::new(group, "Widget"), Some("a"), "b");
            recent.record(&id, &json!({"metadata": {"resourceVersion": "7"}}));
            recent.settle(&id, 7, wanted, now);
            id
        });
        recent.redefine("example.com", now + Duration::from_millis(1));
        assert!(!recent.is_settled(&widget, 7, wanted, now));
        assert!(recent.is_settled(&other, 7, wanted, now));
        recent.settle(&widget, 7, wanted, now + TAKES_EFFECT / 2);
        let later = now + 2 * TAKES_EFFECT;
        assert!(
            !recent.is_settled(&widget, 7, wanted, later),
            "by the definition as it was, perhaps"
        );
        recent.settle(&widget, 7, wanted, later);
        assert!(recent.is_settled(&widget, 7, wanted, later));
        assert!(recent.holds(&widget, "7"), "it is as it was written");
    }

    #[test]
    fn trust_does_not_outlive_the_definition() {
        let recent = Recent::default();
        recent.trust(&id());
        recent.redefine("", Instant::now());
        assert!(!recent.take_trust(&id()));
    }

    #[test]
    fn trust_counts_once_and_can_be_taken_back() {
        let recent = Recent::default();
        recent.trust(&id());
        assert!(recent.take_trust(&id()) && !recent.take_trust(&id()));
        recent.trust(&id());
        recent.distrust(&id());
        assert!(!recent.take_trust(&id()));
    }
}
