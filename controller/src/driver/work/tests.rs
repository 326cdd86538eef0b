use futures::FutureExt;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::ObjectMeta;
use kube::runtime::{reflector, watcher};
use tokio::sync::{Notify, mpsc};

use super::*;

fn config_map(namespace: &str, name: &str) -> ConfigMap {
    ConfigMap {
        metadata: ObjectMeta {
            namespace: Some(namespace.to_owned()),
            name: Some(name.to_owned()),
            ..ObjectMeta::default()
        },
        ..ConfigMap::default()
    }
}

fn listed(objects: &[ConfigMap]) -> Store<ConfigMap> {
    let (store, mut writer) = reflector::store();
    writer.apply_watcher_event(&watcher::Event::Init);
    for object in objects {
        writer.apply_watcher_event(&watcher::Event::InitApply(object.clone()));
    }
    writer.apply_watcher_event(&watcher::Event::InitDone);
    store
}

/// I10: what is under way when a stop is asked for ends, and nothing begins after it.
#[tokio::test]
async fn stop_lets_finish_what_is_under_way() {
    let objects = [config_map("a", "one"), config_map("a", "two")];
    let store = listed(&objects);
    let (told, mut ended) = mpsc::unbounded_channel();
    let (begun, stop) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let woken = futures::stream::iter(objects.iter().map(ObjectRef::from_obj).collect::<Vec<_>>());
    let run = {
        let (begun, stop) = (Arc::clone(&begun), Arc::clone(&stop));
        move |object: Arc<ConfigMap>| {
            let (told, begun, stop) = (told.clone(), Arc::clone(&begun), Arc::clone(&stop));
            async move {
                begun.notify_one();
                stop.notify_one();
                tokio::task::yield_now().await;
                let _ = told.send(object.metadata.name.clone());
                None
            }
            .boxed()
        }
    };
    let woken = woken.chain(futures::stream::pending());
    work(store, woken, 1, run, async move { stop.notified().await }).await;
    assert_eq!(ended.recv().await.flatten().as_deref(), Some("one"));
}

/// One unit's fault is no other's.
#[tokio::test]
async fn panic_ends_one_reconcile_and_no_other() {
    let objects = [config_map("a", "bad"), config_map("a", "good")];
    let store = listed(&objects);
    let stop = Arc::new(Notify::new());
    let run = {
        let stop = Arc::clone(&stop);
        move |object: Arc<ConfigMap>| {
            let stop = Arc::clone(&stop);
            async move {
                assert_eq!(object.metadata.name.as_deref(), Some("good"));
                stop.notify_one();
                None
            }
            .boxed()
        }
    };
    let woken = futures::stream::iter(objects.iter().map(ObjectRef::from_obj).collect::<Vec<_>>())
        .chain(futures::stream::pending());
    let ended = work(store, woken, 1, run, async move { stop.notified().await });
    tokio::time::timeout(Duration::from_secs(20), ended)
        .await
        .expect("the good one is reconciled");
}

/// What nobody lists any more is not reconciled, and its place is free.
#[tokio::test]
async fn object_that_is_gone_takes_no_place() {
    let there = config_map("a", "there");
    let store = listed(std::slice::from_ref(&there));
    let stop = Arc::new(Notify::new());
    let run = {
        let stop = Arc::clone(&stop);
        move |_: Arc<ConfigMap>| {
            let stop = Arc::clone(&stop);
            async move {
                stop.notify_one();
                None
            }
            .boxed()
        }
    };
    let gone = ObjectRef::from_obj(&config_map("a", "gone"));
    let woken = futures::stream::iter([gone, ObjectRef::from_obj(&there)])
        .chain(futures::stream::pending());
    let ended = work(store, woken, 1, run, async move { stop.notified().await });
    tokio::time::timeout(Duration::from_secs(20), ended)
        .await
        .expect("the other is reconciled");
}
