//! Who may use a worker: builds that take long do so beside the others, not before them.
//!
//! Most builds take milliseconds and go through the quick lane, a place per worker. One that has
//! not ended after a moment leaves it: it goes on in the slow lane when that is free, or is broken
//! off and begins again there in its turn. From then on it begins there. In the slow lane the one
//! that has used the least time goes first.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit, oneshot};

/// How long a build may keep its place in the quick lane.
pub(super) const MOMENT: Duration = Duration::from_millis(500);

/// How many slow builds are remembered.
const REMEMBERED: usize = 4096;

/// The two lanes.
pub(super) struct Lanes {
    quick: Semaphore,
    slow: Arc<Slow>,
}

struct Slow(Mutex<State>);

struct State {
    free: usize,
    /// Who has used how much time is next, the least first.
    waiting: BTreeMap<(Duration, u64), oneshot::Sender<Place>>,
    joined: u64,
    /// How much time builds that take long have used.
    used: HashMap<String, Duration>,
}

/// A place in the slow lane.
pub(super) struct Place(Option<Arc<Slow>>);

impl Lanes {
    pub(super) fn new(quick: usize, slow: usize) -> Self {
        Self {
            quick: Semaphore::new(quick.max(1)),
            slow: Arc::new(Slow(Mutex::new(State {
                free: slow.max(1),
                waiting: BTreeMap::new(),
                joined: 0,
                used: HashMap::new(),
            }))),
        }
    }

    /// Whether the build is known to take long.
    pub(super) fn is_slow(&self, build: &str) -> bool {
        self.slow.state().used.contains_key(build)
    }

    /// Waits for a place in the quick lane.
    pub(super) async fn quick(&self) -> Option<SemaphorePermit<'_>> {
        // INVARIANT: the semaphore is never closed; were it, builds would run unbounded, not wrong.
        self.quick.acquire().await.ok()
    }

    /// Returns a place in the slow lane when one is free and nobody waits for it.
    pub(super) fn slow_at_once(&self) -> Option<Place> {
        let mut state = self.slow.state();
        state.free = state.free.checked_sub(1)?;
        Some(Place(Some(Arc::clone(&self.slow))))
    }

    /// Waits for a place in the slow lane.
    pub(super) async fn slow(&self, build: &str) -> Option<Place> {
        let turn = {
            // Under one lock: a place that comes free in between would wake nobody.
            let mut state = self.slow.state();
            if let Some(free) = state.free.checked_sub(1) {
                state.free = free;
                return Some(Place(Some(Arc::clone(&self.slow))));
            }
            state.joined += 1;
            let used = state.used.get(build).copied().unwrap_or_default();
            let key = (used, state.joined);
            let (sender, turn) = oneshot::channel();
            state.waiting.insert(key, sender);
            turn
        };
        turn.await.ok()
    }

    /// Notes how long a build took.
    pub(super) fn took(&self, build: &str, time: Duration) {
        let mut state = self.slow.state();
        if time < MOMENT {
            state.used.remove(build);
            return;
        }
        if state.used.len() >= REMEMBERED && !state.used.contains_key(build) {
            state.used.clear();
        }
        *state.used.entry(build.to_owned()).or_default() += time;
    }
}

impl Slow {
    fn state(&self) -> MutexGuard<'_, State> {
        // Counters and a line have no broken state that a panic elsewhere could leave.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hand_on(self: &Arc<Self>) {
        loop {
            let mut state = self.state();
            let Some((_, next)) = state.waiting.pop_first() else {
                state.free += 1;
                return;
            };
            drop(state);
            match next.send(Place(Some(Arc::clone(self)))) {
                Ok(()) => return,
                // It stopped waiting; the place is still to be given.
                Err(mut place) => place.0 = None,
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(slow) = self.0.take() {
            slow.hand_on();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn in_the_slow_lane_the_one_that_used_the_least_time_goes_first() {
        let lanes = Lanes::new(1, 1);
        lanes.took("bomb", Duration::from_mins(1));
        lanes.took("large", Duration::from_secs(3));
        assert!(lanes.is_slow("bomb") && lanes.is_slow("large"));
        let place = lanes.slow_at_once();
        assert!(place.is_some() && lanes.slow_at_once().is_none());
        let order = Mutex::new(Vec::new());
        let build = async |name: &'static str| {
            let _place = lanes.slow(name).await;
            order.lock().unwrap().push(name);
        };
        let release = async { drop(place) };
        tokio::join!(build("bomb"), build("large"), build("bomb"), release);
        assert_eq!(*order.lock().unwrap(), ["large", "bomb", "bomb"]);
        assert!(lanes.slow_at_once().is_some());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn place_that_comes_free_while_somebody_joins_goes_to_him() {
        let lanes = Arc::new(Lanes::new(1, 1));
        let builds: Vec<_> = (0..4)
            .map(|_| {
                let lanes = Arc::clone(&lanes);
                tokio::spawn(async move {
                    for _ in 0..20_000 {
                        drop(lanes.slow("a").await);
                    }
                })
            })
            .collect();
        for build in builds {
            let ended = tokio::time::timeout(Duration::from_mins(1), build).await;
            assert!(ended.is_ok(), "it waits for a place that is free");
        }
    }

    #[tokio::test]
    async fn build_that_is_quick_again_is_no_longer_slow() {
        let lanes = Lanes::new(1, 1);
        lanes.took("a", MOMENT);
        lanes.took("a", Duration::ZERO);
        assert!(!lanes.is_slow("a"));
    }
}
