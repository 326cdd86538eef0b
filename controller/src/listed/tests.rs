use futures::poll;

use super::*;

#[tokio::test]
async fn everybody_who_waits_is_woken() {
    let listed = std::sync::Arc::new(Listed::default());
    let waiting: Vec<_> = (0..32)
        .map(|_| {
            let listed = std::sync::Arc::clone(&listed);
            tokio::spawn(async move { listed.wait(&["GitRepository", "Kustomization"]).await })
        })
        .collect();
    tokio::task::yield_now().await;
    listed.mark("GitRepository");
    listed.mark("Kustomization");
    for task in waiting {
        task.await.expect("it is woken");
    }
}

#[tokio::test]
async fn one_kind_of_two_is_not_enough_and_a_listed_kind_stays_listed() {
    let listed = Listed::default();
    listed.mark("GitRepository");
    listed.mark("GitRepository");
    let mut both = std::pin::pin!(listed.wait(&["GitRepository", "Kustomization"]));
    assert!(poll!(both.as_mut()).is_pending());
    assert!(poll!(std::pin::pin!(listed.wait(&["GitRepository"]))).is_ready());
}
