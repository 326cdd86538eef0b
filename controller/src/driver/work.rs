//! Runs reconciles in the order and number that the queue says.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use futures::{Stream, StreamExt};
use kube::Resource;
use kube::runtime::reflector::{ObjectRef, Store};
use tokio::task::{Id, JoinError, JoinSet};
use tracing::error;

use super::Again;
use super::queue::{Bounds, Queue};

/// How many that take long may be under way at once: they wait for others and cost little.
const LASTING: usize = 256;
/// How many of these in one namespace.
const LASTING_EACH: usize = 64;
/// What takes longer counts as one that takes long. With all places taken and an API server that is
/// busy with nothing else, an ordinary reconcile takes a quarter of it.
const PATIENCE: Duration = Duration::from_secs(2);
/// How soon an object whose reconcile panicked is looked at again.
const AFTER_PANIC: Duration = Duration::from_mins(1);

/// Reconciles what is woken until `stopping`, and then lets finish what is under way.
pub(super) async fn work<K>(
    objects: Store<K>,
    woken: impl Stream<Item = ObjectRef<K>> + Send,
    at_once: usize,
    run: impl Fn(Arc<K>) -> BoxFuture<'static, Again> + Send,
    stopping: impl Future<Output = ()> + Send,
) where
    K: Resource<DynamicType = ()> + Clone + Send + Sync + 'static,
{
    let bounds = Bounds {
        quick: at_once,
        lasting: LASTING,
        lasting_each: LASTING_EACH,
        patience: PATIENCE,
    };
    let mut queue = Queue::new(bounds, |object: &ObjectRef<K>| {
        object.namespace.as_deref().unwrap_or_default()
    });
    let mut under_way = UnderWay::default();
    let mut is_listed = false;
    let listed = objects.wait_until_ready();
    tokio::pin!(woken, stopping, listed);
    loop {
        if is_listed {
            while let Some(id) = queue.start(Instant::now()) {
                if let Some(object) = objects.get(&id) {
                    under_way.begin(id, run(object));
                } else {
                    queue.finished(&id, None, Instant::now());
                    queue.forget(&id);
                }
            }
        }
        tokio::select! {
            () = &mut stopping => break,
            Some(id) = woken.next() => queue.wake(&id),
            Some((id, again)) = under_way.next() => queue.finished(&id, again, Instant::now()),
            () = until(queue.next_change()) => {}
            _ = &mut listed, if !is_listed => is_listed = true,
        }
    }
    while under_way.next().await.is_some() {}
}

/// Waits until a moment; for ever when there is none.
async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment.into()).await,
        None => std::future::pending().await,
    }
}

/// The reconciles under way. Dropping it ends them.
struct UnderWay<Object> {
    tasks: JoinSet<Again>,
    objects: HashMap<Id, Object>,
}

impl<Object> Default for UnderWay<Object> {
    fn default() -> Self {
        Self {
            tasks: JoinSet::new(),
            objects: HashMap::new(),
        }
    }
}

impl<Object> UnderWay<Object> {
    fn begin(&mut self, object: Object, run: BoxFuture<'static, Again>) {
        let task = self.tasks.spawn(run);
        self.objects.insert(task.id(), object);
    }

    /// Waits for the next one that ends; none when there is none.
    async fn next(&mut self) -> Option<(Object, Again)> {
        let ended = self.tasks.join_next_with_id().await?;
        let (task, again): (Id, Again) = match ended {
            Ok(ended) => ended,
            Err(failed) => {
                tell(&failed);
                (failed.id(), Some(AFTER_PANIC))
            }
        };
        Some((self.objects.remove(&task)?, again))
    }
}

/// One object's panic is no other's.
fn tell(failed: &JoinError) {
    error!(error = %failed, "reconcile panicked");
}

#[cfg(test)]
mod tests;
