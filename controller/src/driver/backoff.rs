//! How long to wait after a failure: by category, growing, with jitter.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::error::Category;

/// Consecutive failures per object.
#[derive(Default)]
pub(super) struct Backoffs(Mutex<HashMap<String, u32>>);

impl Backoffs {
    /// Counts a failure and returns how long to wait; `None` waits for a change.
    pub(super) fn next(&self, uid: Option<&str>, category: Category) -> Option<Duration> {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = failures
            .entry(uid.unwrap_or_default().to_owned())
            .or_default();
        *count = count.saturating_add(1);
        delay(category, *count).map(|delay| delay.mul_f64(rand::random_range(0.8..1.0)))
    }

    /// Forgets an object's failures.
    pub(super) fn forget(&self, uid: Option<&str>) {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        failures.remove(uid.unwrap_or_default());
    }
}

/// The longest a wait after the `failures`-th failure in a row may be.
///
/// An unavailable backend is asked again at least every eight seconds, so that its return shows in
/// every object within ten.
fn delay(category: Category, failures: u32) -> Option<Duration> {
    let (first, longest) = match category {
        Category::Invalid => return None,
        Category::Conflict => (1, 10),
        Category::Unavailable => (1, 8),
        Category::NotFound => (2, 30),
        Category::Denied => (5, 300),
        Category::Internal => (2, 300),
    };
    let grown = 1_u64
        .checked_shl(failures.saturating_sub(1).min(20))
        .unwrap_or(u64::MAX);
    Some(Duration::from_secs(
        grown.saturating_mul(first).min(longest),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_objects_wait_for_their_users() {
        assert_eq!(delay(Category::Invalid, 1), None);
    }

    #[test]
    fn waits_grow_up_to_the_categorys_longest() {
        let waits: Vec<u64> = (1..6)
            .filter_map(|n| Some(delay(Category::Unavailable, n)?.as_secs()))
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 8]);
        assert_eq!(
            delay(Category::Denied, u32::MAX),
            Some(Duration::from_mins(5))
        );
    }

    #[test]
    fn success_starts_over() {
        let backoffs = Backoffs::default();
        for _ in 0..5 {
            backoffs.next(Some("a"), Category::Denied);
        }
        backoffs.forget(Some("a"));
        assert!(backoffs.next(Some("a"), Category::Denied) <= Some(Duration::from_secs(5)));
    }
}
