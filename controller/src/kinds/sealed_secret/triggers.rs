//! What wakes a SealedSecret besides itself: its Secret was deleted, or a sealing key appeared.
//!
//! Only the metadata of Secrets is watched.

use std::sync::Arc;

use api::bitnami::SealedSecret;
use api::condition::{ConditionStatus, find_condition};
use api::names::sealed_secrets::{MANAGED, SYNCED};
use futures::stream::{BoxStream, StreamExt};
use k8s_openapi::api::core::v1::Secret;
use kube::core::PartialObjectMeta;
use kube::runtime::reflector::ObjectRef;
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, ResourceExt};
use pipeline::consumers::SecretName;

use crate::context::Context;
use crate::driver::Guarded;

/// Returns the stream of SealedSecrets to wake.
pub(super) fn triggers(
    context: &Arc<Context>,
) -> BoxStream<'static, ObjectRef<Guarded<SealedSecret>>> {
    if context.flags.skip_recreate {
        return new_keys(context);
    }
    futures::stream::select(deleted_secrets(context), new_keys(context)).boxed()
}

fn deleted_secrets(context: &Arc<Context>) -> BoxStream<'static, ObjectRef<Guarded<SealedSecret>>> {
    let secrets = Api::<PartialObjectMeta<Secret>>::all(context.clusters.own().client().clone());
    let context = Arc::clone(context);
    watcher(secrets, watcher::Config::default().any_semantic())
        .default_backoff()
        .filter_map(move |event| {
            let deleted = match event {
                Ok(watcher::Event::Delete(secret)) => maker(&secret, &context),
                Ok(watcher::Event::Apply(secret)) => {
                    let namespace = secret.namespace().unwrap_or_default();
                    let secret = SecretName::new(namespace, secret.name_any());
                    context.engine.awaited.touched(&secret);
                    None
                }
                _ => None,
            };
            std::future::ready(deleted)
        })
        .boxed()
}

/// Returns the SealedSecret that a deleted Secret came from: it controlled the Secret, or the
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
