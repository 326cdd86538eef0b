//! Nothing but a store itself wakes it; what is watched here is that one is gone.

use std::sync::Arc;

use futures::stream::{BoxStream, StreamExt};
use kube::core::PartialObjectMeta;
use kube::runtime::reflector::ObjectRef;
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, ResourceExt};

use crate::context::Context;
use crate::driver::Guarded;
use crate::stores::StoreObject;

/// Drops the clients of deleted stores, and with them the logins they hold. Wakes nobody.
pub(super) fn forget_the_gone<K: StoreObject>(
    context: &Arc<Context>,
) -> BoxStream<'static, ObjectRef<Guarded<K>>> {
    let stores = Api::<PartialObjectMeta<K>>::all(context.clusters.own().client().clone());
    let context = Arc::clone(context);
    watcher(stores, watcher::Config::default().any_semantic())
        .default_backoff()
        .filter_map(move |event| {
            let context = Arc::clone(&context);
            async move {
                if let Ok(watcher::Event::Delete(gone)) = event {
                    context.stores.forget(&gone.uid().unwrap_or_default()).await;
                }
                None
            }
        })
        .boxed()
}
