//! What wakes an ExternalSecret besides itself: its Secret was edited or deleted, or a store it
//! waits for became ready.
//!
//! Only the metadata of Secrets is watched, and only of those with the label of the family. One
//! that loses the label counts as deleted.

use std::sync::Arc;
use std::time::Duration;

use api::condition::{ConditionStatus, find_condition};
use api::external_secrets::{ExternalSecret, StoreKind};
use api::names::external_secrets::{MANAGED, READY};
use futures::stream::{BoxStream, StreamExt};
use k8s_openapi::api::core::v1::Secret;
use kube::core::PartialObjectMeta;
use kube::runtime::reflector::{ObjectRef, Store};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, ResourceExt};
use manifests::{GroupKind, ObjectId};

use super::parse::{stores, target_name};
use crate::context::{Changes, Context};
use crate::driver::Guarded;
use crate::stores::{StoreId, StoreObject, is_ready};

/// How long a change waits before it is judged: our own write has been recorded by then.
const GATHER: Duration = Duration::from_millis(200);

/// How many changes may wait.
const GATHERED: usize = 4096;

type Woken = ObjectRef<Guarded<ExternalSecret>>;

/// Returns the stream of ExternalSecrets to wake.
pub(super) fn triggers(context: &Arc<Context>) -> BoxStream<'static, Woken> {
    let seen = &context.seen;
    let mut streams = vec![touched_secrets(context)];
    if let Some(changes) = seen.take_secret_store_changes() {
        streams.push(ready_stores(changes, seen.external_secrets.clone()));
    }
    if let Some(changes) = seen.take_cluster_secret_store_changes() {
        streams.push(ready_stores(changes, seen.external_secrets.clone()));
    }
    futures::stream::select_all(streams).boxed()
}

fn touched_secrets(context: &Arc<Context>) -> BoxStream<'static, Woken> {
    let secrets = Api::<PartialObjectMeta<Secret>>::all(context.clusters.own().client().clone());
    let config = watcher::Config::default()
        .labels(&format!("{MANAGED}=true"))
        .any_semantic();
    let store = context.seen.external_secrets.clone();
    let context = Arc::clone(context);
    watcher(secrets, config)
        .default_backoff()
        .filter_map(|event| {
            let touched = match event {
                Ok(watcher::Event::Apply(secret)) => Some((secret, GATHER)),
                Ok(watcher::Event::Delete(secret)) => Some((secret, Duration::ZERO)),
                // What is there at the start is looked at by everybody's first reconcile.
                _ => None,
            };
            std::future::ready(touched)
        })
        .map(|(secret, wait)| async move {
            tokio::time::sleep(wait).await;
            secret
        })
        .buffer_unordered(GATHERED)
        .filter(move |secret| std::future::ready(!is_own(secret, &context)))
        .flat_map(move |secret| {
            let namespace = secret.namespace().unwrap_or_default();
            futures::stream::iter(makers(&store, &namespace, &secret.name_any()))
        })
        .boxed()
}

/// Whether a Secret is as we wrote it last.
fn is_own(secret: &PartialObjectMeta<Secret>, context: &Context) -> bool {
    let id = ObjectId::new(
        GroupKind::new("", "Secret"),
        secret.metadata.namespace.as_deref(),
        secret.name_any(),
    );
    let version = secret.metadata.resource_version.as_deref();
    secret.metadata.deletion_timestamp.is_none()
        && version.is_some_and(|version| context.engine.wrote(&id, version))
}

/// Returns the ExternalSecrets that write a Secret. Nearly all have its name.
fn makers(store: &Store<Guarded<ExternalSecret>>, namespace: &str, name: &str) -> Vec<Woken> {
    pick(store, |object| {
        object.metadata.namespace.as_deref() == Some(namespace) && target_name(object) == name
    })
}

fn ready_stores<K: StoreObject>(
    changes: Changes<K>,
    store: Store<Guarded<ExternalSecret>>,
) -> BoxStream<'static, Woken> {
    changes
        .filter_map(|guarded| {
            let ready = guarded.0.as_ref().ok().filter(|object| is_ready(*object));
            std::future::ready(ready.map(|object| {
                let id = StoreId {
                    kind: K::KIND,
                    name: object.name_any(),
                };
                (id, object.namespace())
            }))
        })
        .flat_map(move |(id, namespace)| {
            futures::stream::iter(waiting(&store, &id, namespace.as_deref()))
        })
        .boxed()
}

/// Returns the ExternalSecrets that use a store and are not ready.
fn waiting(
    store: &Store<Guarded<ExternalSecret>>,
    id: &StoreId,
    namespace: Option<&str>,
) -> Vec<Woken> {
    pick(store, |object| {
        let is_near =
            id.kind == StoreKind::ClusterSecretStore || object.namespace().as_deref() == namespace;
        is_near && !is_synced(object) && stores(&object.spec).contains(id)
    })
}

fn is_synced(object: &ExternalSecret) -> bool {
    object.status.as_ref().is_some_and(|status| {
        find_condition(&status.conditions, READY)
            .is_some_and(|condition| condition.status == ConditionStatus::True)
    })
}

fn pick(
    store: &Store<Guarded<ExternalSecret>>,
    is_wanted: impl Fn(&ExternalSecret) -> bool,
) -> Vec<Woken> {
    store
        .state()
        .iter()
        .filter(|guarded| guarded.0.as_ref().is_ok_and(&is_wanted))
        .map(|guarded| ObjectRef::from_obj(guarded.as_ref()))
        .collect()
}
