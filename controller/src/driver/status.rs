//! Writes an object's status, only when it says something new.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use kube::api::{Patch, PatchParams, PostParams};
use kube::core::object::HasStatus;
use kube::core::{ApiResource, DynamicObject, TypeMeta};
use kube::{Api, Resource, ResourceExt};
use serde_json::{Map, Value, json};

use super::{Reconciler, StatusUpdate};
use crate::context::Context;
use crate::error::Error;

/// The statuses written last, by object, for the moment in which the watch has not shown them yet.
#[derive(Default)]
pub(crate) struct Written(Mutex<HashMap<String, LastWrite>>);

struct LastWrite {
    resource_version: u64,
    /// As text, which takes a fraction of the memory.
    status: Box<str>,
}

impl Written {
    /// Writes the status when it differs from what the API server holds.
    pub(super) async fn write<R: Reconciler>(
        &self,
        object: &R::Kind,
        status: R::Status,
        handled: Option<Value>,
        context: &Context,
    ) -> Result<(), Error> {
        let wanted = to_value(&status)?;
        let held = self.held::<R>(object)?;
        let difference = difference(&held, &wanted);
        if difference.is_none() && handled.is_none() {
            return Ok(());
        }
        // A status subresource update bumps no generation, so it does not wake the reconciler.
        let api = api::<R>(object, context);
        let name = object.name_any();
        let patched = match R::STATUS_UPDATE {
            StatusUpdate::Patch => {
                let patch = Patch::Merge(json!({ "status": difference }));
                api.patch_status(&name, &PatchParams::default(), &patch)
                    .await
            }
            StatusUpdate::Replace => {
                let whole = replacement::<R>(object, &wanted)?;
                api.replace_status(&name, &PostParams::default(), &whole)
                    .await
            }
            StatusUpdate::Object => {
                // Nothing but these fields is sent, so that a user's edit is never undone (G-009).
                let mut patch = handled.unwrap_or_else(|| json!({}));
                if let (Some(fields), Some(difference)) = (patch.as_object_mut(), difference) {
                    fields.insert("status".to_owned(), difference);
                }
                api.patch(&name, &PatchParams::default(), &Patch::Merge(patch))
                    .await
            }
        };
        match patched {
            Ok(written) => {
                self.remember(
                    object.meta().uid.as_deref(),
                    written.resource_version(),
                    &wanted,
                );
                Ok(())
            }
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
            Err(source) => Err(Error::kubernetes("write the status", source)),
        }
    }

    /// Returns the object with the status that was written last, when the watch has not shown that
    /// status yet: what was done a moment ago is not to be done again.
    pub(super) fn caught_up<R: Reconciler>(&self, object: &R::Kind) -> Option<R::Kind> {
        let seen = version(object.resource_version());
        let written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let last = written
            .get(object.meta().uid.as_deref().unwrap_or_default())
            .filter(|last| last.resource_version > seen)?;
        let mut object = object.clone();
        *object.status_mut() = Some(serde_json::from_str(&last.status).ok()?);
        Some(object)
    }

    /// Takes in a status that was written on the way, by a step.
    pub(crate) fn note<K>(&self, object: &K)
    where
        K: Resource + HasStatus,
        K::Status: serde::Serialize,
    {
        if let Some(Ok(status)) = object.status().map(to_value) {
            let meta = object.meta();
            self.remember(meta.uid.as_deref(), meta.resource_version.clone(), &status);
        }
    }

    /// Forgets an object that went away.
    pub(super) fn forget(&self, uid: Option<&str>) {
        let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        written.remove(uid.unwrap_or_default());
    }

    /// Returns the status the API server holds: what was written last, until the watch has caught
    /// up with it.
    fn held<R: Reconciler>(&self, object: &R::Kind) -> Result<Value, Error> {
        let seen = version(object.resource_version());
        let uid = object.meta().uid.as_deref().unwrap_or_default();
        let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match written.get(uid) {
            Some(last) if last.resource_version > seen => {
                return serde_json::from_str(&last.status)
                    .map_err(|source| Error::internal("read the status written last", source));
            }
            Some(_) => written.remove(uid),
            None => None,
        };
        object.status().map_or_else(|| Ok(json!({})), to_value)
    }

    fn remember(&self, uid: Option<&str>, resource_version: Option<String>, status: &Value) {
        let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let last = LastWrite {
            resource_version: version(resource_version),
            status: status.to_string().into_boxed_str(),
        };
        written.insert(uid.unwrap_or_default().to_owned(), last);
    }
}

/// Returns the whole object with another status. A status update ignores everything else of it but
/// the resource version, which makes a write over a newer object fail with a conflict.
fn replacement<R: Reconciler>(object: &R::Kind, status: &Value) -> Result<DynamicObject, Error> {
    let types = TypeMeta {
        api_version: R::Kind::api_version(&()).into_owned(),
        kind: R::Kind::kind(&()).into_owned(),
    };
    let metadata = object.meta().clone();
    // The API server validates the schema of what it is sent, so the spec goes with it.
    let mut data = to_value(object)?;
    if let Some(fields) = data.as_object_mut() {
        fields.retain(|field, _| field == "spec");
        fields.insert("status".to_owned(), status.clone());
    }
    Ok(DynamicObject {
        types: Some(types),
        metadata,
        data,
    })
}

/// Returns the handle for the object's own namespace, or for the cluster.
///
/// Namespaced and cluster-scoped kinds share one driver, so the scope is known at run time only.
pub(super) fn api<R: Reconciler>(object: &R::Kind, context: &Context) -> Api<DynamicObject> {
    let client = context.clusters.own().client().clone();
    let resource = ApiResource::erase::<R::Kind>(&());
    match object.meta().namespace.as_deref() {
        Some(namespace) => Api::namespaced_with(client, namespace, &resource),
        None => Api::all_with(client, &resource),
    }
}

/// Resource versions are compared as numbers, which the API server has promised since 1.35; one that
/// is none counts as the oldest.
fn version(text: Option<String>) -> u64 {
    text.and_then(|text| text.parse().ok()).unwrap_or_default()
}

fn to_value(status: &impl serde::Serialize) -> Result<Value, Error> {
    serde_json::to_value(status)
        .map_err(|source| Error::internal("write the status as JSON", source))
}

/// Returns the JSON merge patch (RFC 7396) that turns one value into another, `None` when there is
/// nothing to change.
pub(crate) fn difference(from: &Value, to: &Value) -> Option<Value> {
    let (Value::Object(from_fields), Value::Object(to_fields)) = (from, to) else {
        return (from != to).then(|| to.clone());
    };
    let mut patch = Map::new();
    for (key, value) in to_fields {
        match from_fields.get(key) {
            Some(held) => {
                if let Some(change) = difference(held, value) {
                    patch.insert(key.clone(), change);
                }
            }
            None => {
                patch.insert(key.clone(), value.clone());
            }
        }
    }
    for key in from_fields
        .keys()
        .filter(|key| !to_fields.contains_key(*key))
    {
        patch.insert(key.clone(), Value::Null);
    }
    (!patch.is_empty()).then_some(Value::Object(patch))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_statuses_need_no_patch() {
        let status = json!({"conditions": [{"type": "Ready", "status": "True"}], "a": {"b": 1}});
        assert_eq!(difference(&status, &status), None);
    }

    #[test]
    fn patch_changes_adds_and_removes() {
        let patch = difference(
            &json!({"a": 1, "gone": 2, "n": {"x": 1, "y": 2}}),
            &json!({"a": 2, "new": 3, "n": {"x": 1}}),
        );
        assert_eq!(
            patch,
            Some(json!({"a": 2, "new": 3, "gone": null, "n": {"y": null}}))
        );
    }

    #[test]
    fn lists_are_replaced_whole() {
        assert_eq!(
            difference(&json!({"l": [1, 2]}), &json!({"l": [1]})),
            Some(json!({"l": [1]}))
        );
    }
}
