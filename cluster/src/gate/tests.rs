use std::pin::pin;
use std::task::Poll;

use futures::{FutureExt, poll};

use super::*;

fn party(namespace: &str, unit: &str) -> Party {
    Party {
        namespace: namespace.into(),
        unit: unit.into(),
    }
}

/// Takes a place for each, in this order, gives them on one at a time, and returns who got them.
async fn order(waiting: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    let gate = Gate::new(1, 0);
    let first = gate.enter(&Party::default()).await;
    let mut turns: Vec<_> = waiting
        .iter()
        .map(|(namespace, unit)| {
            let (gate, party) = (Arc::clone(&gate), party(namespace, unit));
            (
                (*namespace, *unit),
                async move { gate.enter(&party).await }.boxed(),
            )
        })
        .collect();
    for (_, turn) in &mut turns {
        assert!(poll!(turn.as_mut()).is_pending());
    }
    let mut order = Vec::new();
    let mut place = first;
    while !turns.is_empty() {
        drop(place.take());
        for index in 0..turns.len() {
            if let Poll::Ready(next) = poll!(turns[index].1.as_mut()) {
                order.push(turns.remove(index).0);
                place = next;
                break;
            }
        }
        assert!(place.is_some(), "somebody is next");
    }
    order
}

/// Design 3.9: fair per tenant.
#[tokio::test]
async fn namespaces_and_their_units_take_turns() {
    let flood = ("flood", "many");
    let order = order(&[
        flood,
        flood,
        flood,
        flood,
        ("flood", "one"),
        ("good", "a"),
        ("good", "b"),
    ])
    .await;
    assert_eq!(
        order,
        [
            flood,
            ("good", "a"),
            ("flood", "one"),
            ("good", "b"),
            flood,
            flood,
            flood
        ]
    );
}

/// A request that nobody answers holds up its own sender alone.
#[tokio::test]
async fn who_steps_aside_lets_the_next_one_in() {
    let gate = Gate::new(1, 1);
    let mut hanging = gate.enter(&party("a", "hangs")).await.expect("it is free");
    let (next, last) = (party("b", "next"), party("c", "last"));
    let mut second = pin!(gate.enter(&next));
    assert!(poll!(second.as_mut()).is_pending());
    hanging.step_aside();
    let mut second = second.await.expect("it is free");
    // Only so many may.
    second.step_aside();
    let mut third = pin!(gate.enter(&last));
    assert!(poll!(third.as_mut()).is_pending());
    drop(hanging);
    assert!(poll!(third.as_mut()).is_pending(), "it held no place");
    second.step_aside();
    assert!(poll!(third.as_mut()).is_ready());
}

#[tokio::test]
async fn who_stops_waiting_takes_no_place() {
    let gate = Gate::new(1, 0);
    let place = gate.enter(&Party::default()).await;
    for _ in 0..3 {
        let waiting = party("a", "gone");
        let mut gone = Box::pin(gate.enter(&waiting));
        assert!(poll!(gone.as_mut()).is_pending());
    }
    drop(place);
    assert!(gate.enter(&Party::default()).now_or_never().is_some());
}
