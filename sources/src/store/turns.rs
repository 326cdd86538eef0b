//! How many fetches run at a time, so that servers that hang hold up nobody else's.
//!
//! A fetch that takes long gives its turn back and goes on aside; the next one from the same place
//! begins there.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::SourceError;

/// How long a fetch may keep a turn that others wait for.
const PATIENCE: Duration = Duration::from_secs(2);

/// How many places are remembered as slow.
const REMEMBERED: usize = 10_000;

/// Turns for fetches.
#[derive(Debug)]
pub(super) struct Turns {
    quick: Semaphore,
    aside: Semaphore,
    slow: Mutex<HashSet<String>>,
}

impl Turns {
    /// Lets `quick` fetches have a turn at once, and `aside` go on beside them.
    pub(super) fn new(quick: usize, aside: usize) -> Self {
        Self {
            quick: Semaphore::new(quick.max(1)),
            aside: Semaphore::new(aside.max(1)),
            slow: Mutex::default(),
        }
    }

    /// Waits for a turn, and only then begins with the work.
    pub(super) async fn take<T>(
        &self,
        place: &str,
        work: impl Future<Output = Result<T, SourceError>>,
    ) -> Result<T, SourceError> {
        let interrupted = |_closed| SourceError::Interrupt;
        let is_slow = self.slow().contains(place);
        let lane = if is_slow { &self.aside } else { &self.quick };
        let turn = lane.acquire().await.map_err(interrupted)?;
        let patience = tokio::time::sleep(PATIENCE);
        tokio::pin!(work, patience);
        let done = tokio::select! {
            done = &mut work => done,
            () = &mut patience => {
                self.remember(place);
                let _turn = self.step_aside(turn, is_slow);
                return work.await;
            }
        };
        if is_slow {
            self.slow().remove(place);
        }
        done
    }

    /// Gives a turn back while there is room aside.
    fn step_aside<'a>(&'a self, turn: SemaphorePermit<'a>, is_aside: bool) -> SemaphorePermit<'a> {
        if is_aside {
            return turn;
        }
        self.aside.try_acquire().unwrap_or(turn)
    }

    fn remember(&self, place: &str) {
        let mut slow = self.slow();
        if slow.len() >= REMEMBERED {
            slow.clear();
        }
        slow.insert(place.to_owned());
    }

    fn slow(&self) -> MutexGuard<'_, HashSet<String>> {
        // A set of names has no broken state that a panic elsewhere could leave.
        self.slow.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    async fn quick(turns: &Turns, place: &str) -> bool {
        let done = turns.take(place, async { Ok(()) });
        tokio::time::timeout(Duration::from_secs(1), done)
            .await
            .is_ok()
    }

    /// Design 3.9: a server that hangs holds a turn for a moment, and the next time none at all.
    #[tokio::test(start_paused = true)]
    async fn servers_that_hang_hold_up_nobody_else() {
        let turns = Turns::new(2, 4);
        let hang = |place: &'static str| turns.take(place, pending::<Result<(), _>>());
        tokio::select! {
            _ = async { tokio::join!(hang("a"), hang("b")) } => unreachable!("they hang"),
            () = async {
                tokio::task::yield_now().await;
                assert!(!quick(&turns, "good").await, "both have a turn");
                tokio::time::sleep(PATIENCE).await;
                assert!(quick(&turns, "good").await);
            } => {}
        }
        tokio::select! {
            _ = async { tokio::join!(hang("a"), hang("b")) } => unreachable!("they hang"),
            () = async {
                tokio::task::yield_now().await;
                assert!(quick(&turns, "good").await, "they began aside");
            } => {}
        }
    }

    #[tokio::test(start_paused = true)]
    async fn place_that_answers_again_takes_turns_again() {
        let turns = Turns::new(1, 1);
        let slow = async {
            tokio::time::sleep(PATIENCE * 2).await;
            Ok(())
        };
        turns.take("a", slow).await.expect("it ends");
        assert!(turns.slow().contains("a"));
        assert!(quick(&turns, "a").await);
        assert!(turns.slow().is_empty());
    }
}
