use super::*;

const BOUNDS: Bounds = Bounds {
    quick: 4,
    lasting: 12,
    lasting_each: 3,
    patience: Duration::from_secs(2),
};

type Name = (&'static str, u32);

struct Fixture {
    queue: Queue<Name>,
    now: Instant,
}

impl Fixture {
    fn new() -> Self {
        Self {
            queue: Queue::new(BOUNDS, |(namespace, _)| namespace),
            now: Instant::now(),
        }
    }

    fn wake(&mut self, namespace: &'static str, count: u32) -> &mut Self {
        for number in 0..count {
            self.queue.wake(&(namespace, number));
        }
        self
    }

    fn start_all(&mut self) -> Vec<Name> {
        std::iter::from_fn(|| self.queue.start(self.now)).collect()
    }

    fn pass(&mut self, time: Duration) -> &mut Self {
        self.now += time;
        self
    }

    fn finish(&mut self, names: &[Name], again: Option<Duration>) {
        for name in names {
            self.queue.finished(name, again, self.now);
        }
    }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn namespaces_take_turns_however_many_objects_wait() {
    let mut fixture = Fixture::new();
    fixture.wake("flood", 100).wake("a", 1).wake("b", 1);
    let first = fixture.start_all();
    assert_eq!(first, [("flood", 0), ("a", 0), ("b", 0), ("flood", 1)]);
    assert_eq!(fixture.start_all(), []);
    fixture.wake("late", 1).finish(&first, None);
    assert_eq!(fixture.start_all().get(1), Some(&("late", 0)));
}

/// Design 3.9: who hangs holds no place that others need, from its second run on not even for a
/// moment.
#[test]
fn those_that_hang_give_their_places_back() {
    let mut fixture = Fixture::new();
    fixture.wake("bad", 3).wake("worse", 3);
    assert_eq!(fixture.start_all().len(), 4);
    fixture.wake("good", 5);
    assert_eq!(fixture.start_all(), []);
    fixture.pass(seconds(2));
    // The two that had no place yet were in line before.
    let begun = fixture.start_all();
    assert_eq!(begun, [("bad", 2), ("worse", 2), ("good", 0), ("good", 1)]);
    fixture.pass(seconds(1));
    fixture.finish(&[("good", 0), ("good", 1)], None);
    assert_eq!(fixture.start_all(), [("good", 2), ("good", 3)]);
    fixture.finish(&[("good", 2), ("good", 3)], None);
    assert_eq!(fixture.start_all(), [("good", 4)]);
    fixture.finish(&[("good", 4)], None);
    let mut bad: Vec<Name> = (0..3).map(|number| ("bad", number)).collect();
    bad.extend((0..3).map(|number| ("worse", number)));

    fixture.pass(seconds(10)).finish(&bad, Some(seconds(1)));
    fixture.pass(seconds(1));
    let again = fixture.start_all();
    assert_eq!(again.len(), 6, "all begin again, beside the quick ones");
    fixture.wake("good", 5);
    assert_eq!(fixture.start_all().len(), 4);
}

#[test]
fn namespace_with_too_many_that_hang_blocks_a_part_of_the_places_only() {
    let mut fixture = Fixture::new();
    fixture.wake("bad", 50);
    // Three last, one holds a quick place, and no more begin.
    for _ in 0..5 {
        fixture.start_all();
        fixture.pass(seconds(2));
    }
    fixture.start_all();
    assert_eq!(fixture.queue.under_way.lasting, 3);
    fixture.wake("good", 9);
    assert_eq!(fixture.queue.under_way.quick, 0, "all of its are overdue");
    let overdue = fixture.queue.under_way.overdue;
    assert!(overdue < BOUNDS.quick, "{overdue} of the quick places");
}

/// A tenant with several namespaces hangs in all of them, and another's objects begin all the same.
#[test]
fn namespaces_that_hang_together_leave_places_to_those_that_have_none() {
    const BAD: [&str; 4] = ["bad-1", "bad-2", "bad-3", "bad-4"];
    let mut fixture = Fixture::new();
    for namespace in BAD {
        fixture.wake(namespace, 50);
    }
    for _ in 0..20 {
        fixture.start_all();
        fixture.pass(seconds(2));
    }
    fixture.start_all();
    let under_way = fixture.queue.under_way;
    assert!(under_way.lasting < BOUNDS.lasting, "{under_way:?}");
    assert!(under_way.overdue < BOUNDS.quick, "{under_way:?}");

    fixture.wake("good", 1);
    assert_eq!(fixture.start_all(), [("good", 0)]);
    fixture.pass(seconds(2)).start_all();
    let good = fixture.queue.running(&("good", 0));
    assert!(good.is_some_and(|good| good.place == Place::Lasting));
    fixture.wake("other", 1);
    assert_eq!(fixture.start_all(), [("other", 0)]);
}

#[test]
fn object_that_is_quick_again_takes_its_turn_with_the_others() {
    let mut fixture = Fixture::new();
    fixture.wake("a", 1).start_all();
    fixture
        .pass(seconds(3))
        .finish(&[("a", 0)], Some(seconds(5)));
    fixture.pass(seconds(5));
    assert_eq!(fixture.start_all(), [("a", 0)]);
    assert_eq!(fixture.queue.under_way.lasting, 1);
    fixture.finish(&[("a", 0)], None);
    fixture.wake("a", 1).start_all();
    assert_eq!(fixture.queue.under_way.quick, 1);
}

#[test]
fn object_woken_in_the_middle_runs_once_more_and_never_twice_at_once() {
    let mut fixture = Fixture::new();
    fixture.wake("a", 1);
    assert_eq!(fixture.start_all(), [("a", 0)]);
    fixture.wake("a", 1).wake("a", 1);
    assert_eq!(fixture.start_all(), []);
    fixture.finish(&[("a", 0)], Some(seconds(60)));
    assert_eq!(fixture.start_all(), [("a", 0)]);
    fixture.finish(&[("a", 0)], None);
    assert_eq!(fixture.start_all(), []);
    assert!(fixture.queue.entries.is_empty(), "nothing is kept");
    assert!(fixture.queue.tenants.is_empty(), "nothing is kept");
}

#[test]
fn timer_wakes_once_and_a_change_before_it_takes_its_place() {
    let mut fixture = Fixture::new();
    fixture.wake("a", 1).start_all();
    fixture.finish(&[("a", 0)], Some(seconds(60)));
    assert_eq!(
        fixture.queue.next_change(),
        Some(fixture.now + seconds(2)),
        "the end of patience, which nobody is left for"
    );
    fixture.pass(seconds(2));
    assert_eq!(fixture.start_all(), []);
    assert_eq!(fixture.queue.next_change(), Some(fixture.now + seconds(58)));
    fixture.wake("a", 1);
    assert_eq!(fixture.start_all(), [("a", 0)]);
    fixture.finish(&[("a", 0)], None);
    fixture.pass(seconds(100));
    assert_eq!(fixture.start_all(), []);
}

#[test]
fn object_that_is_gone_is_forgotten_wherever_it_is() {
    let mut fixture = Fixture::new();
    fixture.wake("a", 6);
    let running = fixture.start_all();
    fixture.queue.forget(&("a", 5));
    fixture.finish(&running, Some(seconds(1)));
    fixture.queue.forget(&("a", 0));
    fixture.pass(seconds(1));
    let rest = fixture.start_all();
    assert!(
        !rest.contains(&("a", 0)) && !rest.contains(&("a", 5)),
        "{rest:?}"
    );
    for name in &running {
        fixture.queue.forget(name);
    }
    fixture.finish(&rest, None);
    assert!(fixture.queue.timers.is_empty());
}
