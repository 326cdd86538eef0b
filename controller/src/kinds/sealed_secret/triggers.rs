//! What wakes a SealedSecret besides itself: its Secret was deleted or emptied, or a sealing key
//! appeared.
//!
//! Only the metadata of Secrets is watched. Which keys a Secret has stands there as well, in the
//! record of who wrote which field; a value that was only changed is left as it is.

use std::collections::BTreeSet;
use std::sync::Arc;

use api::bitnami::SealedSecret;
use api::condition::{ConditionStatus, find_condition};
use api::names::sealed_secrets::{MANAGED, SYNCED};
use futures::stream::{BoxStream, StreamExt};
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::core::PartialObjectMeta;
use kube::runtime::reflector::ObjectRef;
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, ResourceExt};
use pipeline::consumers::SecretName;

use super::apply::FIELD_MANAGER;
use crate::context::Context;
use crate::driver::Guarded;
use crate::secrets;

/// How many changed Secrets are looked at at once.
const AT_ONCE: usize = 8;

/// Returns the stream of SealedSecrets to wake.
pub(super) fn triggers(
    context: &Arc<Context>,
) -> BoxStream<'static, ObjectRef<Guarded<SealedSecret>>> {
    if context.flags.skip_recreate {
        return new_keys(context);
    }
    futures::stream::select(broken_secrets(context), new_keys(context)).boxed()
}

fn broken_secrets(context: &Arc<Context>) -> BoxStream<'static, ObjectRef<Guarded<SealedSecret>>> {
    let secrets = Api::<PartialObjectMeta<Secret>>::all(context.clusters.own().client().clone());
    let context = Arc::clone(context);
    watcher(secrets, watcher::Config::default().any_semantic())
        .default_backoff()
        .map(move |event| broken(event, Arc::clone(&context)))
        .buffer_unordered(AT_ONCE)
        .filter_map(std::future::ready)
        .boxed()
}

/// Returns the SealedSecret whose Secret was deleted or has lost values.
async fn broken(
    event: watcher::Result<watcher::Event<PartialObjectMeta<Secret>>>,
    context: Arc<Context>,
) -> Option<ObjectRef<Guarded<SealedSecret>>> {
    match event {
        Ok(watcher::Event::Delete(secret)) => maker(&secret, &context),
        Ok(watcher::Event::Apply(secret)) => {
            let name = SecretName::new(secret.namespace()?, secret.name_any());
            context.engine.awaited.touched(&name);
            let made = maker(&secret, &context)?;
            is_emptied(&secret, &made, &context).await.then_some(made)
        }
        _ => None,
    }
}

/// Returns the SealedSecret that a Secret came from: it controlled the Secret, or the
/// Secret was marked as managed.
fn maker(
    secret: &PartialObjectMeta<Secret>,
    context: &Context,
) -> Option<ObjectRef<Guarded<SealedSecret>>> {
    let reference = ObjectRef::new(&secret.name_any()).within(&secret.namespace()?);
    let sealed = context.seen.sealed_secrets.get(&reference)?;
    let is_controlled = secret
        .owner_references()
        .iter()
        .any(|owner| owner.controller == Some(true) && Some(&owner.uid) == sealed.uid().as_ref());
    let is_managed = secret.annotations().get(MANAGED).map(String::as_str) == Some("true");
    (is_controlled || is_managed).then_some(reference)
}

/// Whether something that is sealed is not in the Secret any more. Our own writes have it all.
async fn is_emptied(
    secret: &PartialObjectMeta<Secret>,
    maker: &ObjectRef<Guarded<SealedSecret>>,
    context: &Context,
) -> bool {
    let sealed = context.seen.sealed_secrets.get(maker);
    let sealed = sealed.as_ref().and_then(|guarded| guarded.0.as_ref().ok());
    let Some((sealed, keys)) = sealed.zip(Keys::of(&secret.metadata)) else {
        return false;
    };
    let sealed = || sealed.spec.encrypted_data.0.keys().map(String::as_str);
    if sealed().any(|key| !keys.all.contains(key)) {
        return true;
    }
    if !sealed().any(|key| keys.rewritten.contains(key)) {
        return false;
    }
    // Somebody else gave it a value, and whether it is an empty one only the Secret tells.
    let namespace = secret.namespace().unwrap_or_default();
    let values = secrets::read(context, &namespace, &secret.name_any()).await;
    values.is_ok_and(|values| {
        sealed().any(|key| values.get(key).is_none_or(|value| value.is_empty()))
    })
}

/// The keys of a Secret, as the record of who wrote which field has them.
#[derive(Debug, PartialEq, Eq)]
struct Keys<'a> {
    all: BTreeSet<&'a str>,
    /// Those that others have written since.
    rewritten: BTreeSet<&'a str>,
}

impl<'a> Keys<'a> {
    /// Returns `None` when nobody recorded who wrote what.
    fn of(metadata: &'a ObjectMeta) -> Option<Self> {
        let entries = metadata.managed_fields.as_ref()?;
        let written_by = |is_wanted: &dyn Fn(Option<&str>) -> bool| {
            let entries = entries
                .iter()
                .filter(|entry| is_wanted(entry.manager.as_deref()));
            let fields =
                entries.filter_map(|entry| entry.fields_v1.as_ref()?.0.get("f:data")?.as_object());
            let names = fields.flat_map(serde_json::Map::keys);
            names.filter_map(|name| name.strip_prefix("f:")).collect()
        };
        (!entries.is_empty()).then(|| Self {
            all: written_by(&|_| true),
            rewritten: written_by(&|manager| manager != Some(FIELD_MANAGER)),
        })
    }
}

/// A new key may open what no key opened before.
fn new_keys(context: &Arc<Context>) -> BoxStream<'static, ObjectRef<Guarded<SealedSecret>>> {
    let store = context.seen.sealed_secrets.clone();
    context
        .sealing_keys
        .changes()
        .flat_map(move |()| {
            let failed: Vec<_> = store
                .state()
                .iter()
                .filter(|guarded| guarded.0.as_ref().is_ok_and(is_failed))
                .map(|guarded| ObjectRef::from_obj(guarded.as_ref()))
                .collect();
            futures::stream::iter(failed)
        })
        .boxed()
}

fn is_failed(object: &SealedSecret) -> bool {
    object.status.as_ref().is_some_and(|status| {
        find_condition(&status.conditions, SYNCED)
            .is_some_and(|condition| condition.status == ConditionStatus::False)
    })
}

#[cfg(test)]
mod tests;
