//! Small answers of the API server, kept for a few seconds and asked for once by all who need them.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

/// How many answers are kept before old ones are dropped.
const KEPT: usize = 4096;

/// Answers by question.
pub(super) struct Recently<K, V> {
    life: Duration,
    cells: StdMutex<HashMap<K, Cell<V>>>,
}

type Cell<V> = Arc<Mutex<Option<Answer<V>>>>;

struct Answer<V> {
    at: Instant,
    value: V,
}

impl<K: Clone + Eq + Hash, V: Clone> Recently<K, V> {
    /// Begins with no answers; each lives for `life`.
    pub(super) fn new(life: Duration) -> Self {
        Self {
            life,
            cells: StdMutex::default(),
        }
    }

    /// Returns the answer; asks when there is none or it is too old. Failures are not kept.
    pub(super) async fn get<E>(
        &self,
        key: &K,
        ask: impl Future<Output = Result<V, E>>,
    ) -> Result<V, E> {
        let cell = self.cell(key);
        let mut answer = cell.lock().await;
        if let Some(kept) = &*answer
            && kept.at.elapsed() < self.life
        {
            return Ok(kept.value.clone());
        }
        let value = ask.await?;
        *answer = Some(Answer {
            at: Instant::now(),
            value: value.clone(),
        });
        Ok(value)
    }

    /// Drops an answer that proved wrong.
    pub(super) fn forget(&self, key: &K) {
        self.lock().remove(key);
    }

    fn cell(&self, key: &K) -> Cell<V> {
        let mut cells = self.lock();
        if cells.len() >= KEPT {
            // Whoever is asking right now holds a second reference.
            cells.retain(|_, cell| Arc::strong_count(cell) > 1);
        }
        Arc::clone(cells.entry(key.clone()).or_default())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<K, Cell<V>>> {
        self.cells.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    fn ask(asked: &AtomicU32) -> impl Future<Output = Result<u32, Infallible>> {
        futures::future::lazy(|_| Ok(asked.fetch_add(1, Ordering::Relaxed)))
    }

    #[tokio::test]
    async fn all_who_ask_share_one_answer() {
        let (recently, asked) = (Recently::new(Duration::MAX), AtomicU32::new(0));
        let answers = futures::future::join_all((0..9).map(|_| recently.get(&"a", ask(&asked))));
        assert!(answers.await.into_iter().all(|answer| answer == Ok(0)));
        recently.forget(&"a");
        assert_eq!(recently.get(&"a", ask(&asked)).await, Ok(1));
    }

    #[tokio::test]
    async fn old_answers_are_asked_for_again() {
        let (recently, asked) = (Recently::new(Duration::ZERO), AtomicU32::new(0));
        assert_eq!(recently.get(&"a", ask(&asked)).await, Ok(0));
        assert_eq!(recently.get(&"a", ask(&asked)).await, Ok(1));
    }
}
