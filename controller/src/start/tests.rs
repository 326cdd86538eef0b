use std::future::{pending, ready};

use tokio::task::JoinSet;

use super::finish;

/// I10: who loses the lead while its work finishes does not go on with it.
#[tokio::test]
async fn lead_that_is_lost_ends_the_wait_for_work() {
    let mut work = JoinSet::new();
    work.spawn(pending());
    assert!(!finish(&mut work, ready(())).await);
    work.shutdown().await;
    assert!(work.is_empty());
}

/// The lead is kept until the last work is done.
#[tokio::test]
async fn work_in_flight_finishes_under_the_lead() {
    let mut work = JoinSet::new();
    work.spawn(tokio::task::yield_now());
    assert!(finish(&mut work, pending()).await);
    assert!(work.is_empty());
}
