//! Which objects a watch's events wake.
//!
//! While a kind is listed anew, the store still holds what it held before: those that the list shows
//! are woken when it is whole, and the store with it. Who is woken by a change finds it there.

use std::collections::HashMap;

use kube::Resource;
use kube::runtime::reflector::ObjectRef;
use kube::runtime::watcher::Event;

/// What was seen of a kind.
pub(super) struct Changes<K: Resource<DynamicType = ()>> {
    /// What of an object is significant, as a hash.
    significant: fn(&K) -> Option<u64>,
    seen: HashMap<ObjectRef<K>, Option<u64>>,
    listed: HashMap<ObjectRef<K>, Option<u64>>,
}

impl<K: Resource<DynamicType = ()>> Changes<K> {
    /// Begins with nothing seen.
    pub(super) fn new(significant: fn(&K) -> Option<u64>) -> Self {
        Self {
            significant,
            seen: HashMap::new(),
            listed: HashMap::new(),
        }
    }

    /// Returns the objects that an event wakes: those that changed in something significant.
    pub(super) fn woken_by(&mut self, event: &Event<K>) -> Vec<ObjectRef<K>> {
        match event {
            Event::Init => {
                self.listed.clear();
                Vec::new()
            }
            Event::InitApply(object) => {
                let hash = (self.significant)(object);
                self.listed.insert(ObjectRef::from_obj(object), hash);
                Vec::new()
            }
            Event::InitDone => {
                let before = std::mem::replace(&mut self.seen, std::mem::take(&mut self.listed));
                let now = self.seen.iter();
                now.filter(|(object, hash)| before.get(object) != Some(hash))
                    .map(|(object, _)| object.clone())
                    .collect()
            }
            Event::Apply(object) => {
                let (hash, object) = ((self.significant)(object), ObjectRef::from_obj(object));
                let before = self.seen.insert(object.clone(), hash);
                if before == Some(hash) {
                    return Vec::new();
                }
                vec![object]
            }
            Event::Delete(object) => {
                self.seen.remove(&ObjectRef::from_obj(object));
                Vec::new()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::ConfigMap;
    use kube::api::ObjectMeta;

    use super::*;

    fn object(name: &str, generation: i64) -> ConfigMap {
        ConfigMap {
            metadata: ObjectMeta {
                namespace: Some("a".to_owned()),
                name: Some(name.to_owned()),
                generation: Some(generation),
                ..ObjectMeta::default()
            },
            ..ConfigMap::default()
        }
    }

    fn changes() -> Changes<ConfigMap> {
        Changes::new(|object| {
            object
                .metadata
                .generation
                .and_then(|now| now.try_into().ok())
        })
    }

    fn woken(changes: &mut Changes<ConfigMap>, event: &Event<ConfigMap>) -> Vec<String> {
        let woken = changes.woken_by(event).into_iter();
        let mut names: Vec<String> = woken.map(|object| object.name).collect();
        names.sort();
        names
    }

    /// A list that follows a lost watch wakes for what changed meanwhile, and only when the store
    /// holds it.
    #[test]
    fn new_list_wakes_when_it_is_whole_and_for_what_changed() {
        let mut changes = changes();
        for name in ["changed", "same"] {
            assert_eq!(woken(&mut changes, &Event::Apply(object(name, 1))), [name]);
        }
        for event in [
            Event::Init,
            Event::InitApply(object("changed", 2)),
            Event::InitApply(object("same", 1)),
            Event::InitApply(object("new", 1)),
        ] {
            assert_eq!(woken(&mut changes, &event), [""; 0]);
        }
        assert_eq!(woken(&mut changes, &Event::InitDone), ["changed", "new"]);
        let again = Event::Apply(object("changed", 2));
        assert_eq!(woken(&mut changes, &again), [""; 0]);
    }

    #[test]
    fn object_that_is_made_anew_wakes_again() {
        let mut changes = changes();
        assert_eq!(woken(&mut changes, &Event::Apply(object("a", 1))), ["a"]);
        assert_eq!(woken(&mut changes, &Event::Delete(object("a", 1))), [""; 0]);
        assert_eq!(woken(&mut changes, &Event::Apply(object("a", 1))), ["a"]);
    }

    /// A list that broke off and began again counts from its beginning.
    #[test]
    fn list_that_breaks_off_wakes_nobody() {
        let mut changes = changes();
        changes.woken_by(&Event::Init);
        changes.woken_by(&Event::InitApply(object("gone", 1)));
        changes.woken_by(&Event::Init);
        changes.woken_by(&Event::InitApply(object("there", 1)));
        assert_eq!(woken(&mut changes, &Event::InitDone), ["there"]);
    }
}
