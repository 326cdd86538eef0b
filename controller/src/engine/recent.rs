//! Objects as the API server answered our last writes and looks, so that an object nobody touched
//! since need not be read again.
//!
//! An entry counts only for the very `resourceVersion` it was recorded with, so a stale one costs a
//! read and never a wrong decision. The values of Secrets are concealed before they come here.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use manifests::ObjectId;
use serde_json::Value;

/// How many bytes of recorded objects are kept.
const CAPACITY: usize = 48 << 20;

#[derive(Default)]
pub(super) struct Recent(Mutex<Entries>);

#[derive(Default)]
struct Entries {
    objects: HashMap<ObjectId, Recorded>,
    bytes: usize,
}

struct Recorded {
    resource_version: String,
    object: Box<[u8]>,
}

impl Recent {
    /// Records an object as the API server returned it.
    pub(super) fn record(&self, id: &ObjectId, object: &Value) {
        let Some(resource_version) = resource_version(object) else {
            return;
        };
        let Ok(text) = serde_json::to_vec(object) else {
            return;
        };
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.bytes + text.len() > CAPACITY {
            // Rare and cheap to be wrong about: everything is read once more.
            entries.objects.clear();
            entries.bytes = 0;
        }
        entries.bytes += text.len();
        let recorded = Recorded {
            resource_version: resource_version.to_owned(),
            object: text.into_boxed_slice(),
        };
        if let Some(old) = entries.objects.insert(id.clone(), recorded) {
            entries.bytes -= old.object.len();
        }
    }

    /// Whether an object was recorded at this resource version.
    pub(super) fn holds(&self, id: &ObjectId, resource_version: &str) -> bool {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries
            .objects
            .get(id)
            .is_some_and(|recorded| recorded.resource_version == resource_version)
    }

    /// Returns the object as it was recorded at this resource version.
    pub(super) fn at(&self, id: &ObjectId, resource_version: &str) -> Option<Value> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let recorded = entries.objects.get(id)?;
        if recorded.resource_version != resource_version {
            return None;
        }
        serde_json::from_slice(&recorded.object).ok()
    }
}

/// Returns `metadata.resourceVersion`.
pub(super) fn resource_version(object: &Value) -> Option<&str> {
    object.pointer("/metadata/resourceVersion")?.as_str()
}

#[cfg(test)]
mod tests {
    use manifests::GroupKind;
    use serde_json::json;

    use super::*;

    #[test]
    fn entry_counts_for_its_resource_version_only() {
        let recent = Recent::default();
        let id = ObjectId::new(GroupKind::new("", "ConfigMap"), Some("a"), "b");
        let object = json!({"metadata": {"resourceVersion": "7"}, "data": {"k": "v"}});
        recent.record(&id, &object);
        assert_eq!(recent.at(&id, "7"), Some(object));
        assert_eq!(recent.at(&id, "8"), None);
    }

    #[test]
    fn objects_that_were_not_stored_are_not_recorded() {
        let recent = Recent::default();
        let id = ObjectId::new(GroupKind::new("", "ConfigMap"), Some("a"), "b");
        recent.record(&id, &json!({"metadata": {}}));
        assert_eq!(recent.at(&id, ""), None);
    }
}
