//! How long to wait after a failure: by category, growing, with jitter.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::error::{Category, Error};

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

/// Returns when to try again: `again` is what the object asks for, `delay` what its failures in a row
/// call for.
///
/// An object's own interval counts where it is longer. An API server that could not be reached is
/// asked sooner, for that is nothing an interval was written for.
pub(super) fn next_try(
    error: &Error,
    again: Option<Duration>,
    delay: Option<Duration>,
) -> Option<Duration> {
    match (again, delay) {
        (Some(again), Some(delay)) if error.is_passing() => Some(again.min(delay)),
        (Some(again), Some(delay)) => Some(again.max(delay)),
        (Some(delay), None) | (None, Some(delay)) => Some(delay),
        (None, None) => None,
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

    /// The API server's absence of a moment does not cost a whole retry interval; a failure of the
    /// object's own does.
    #[test]
    fn passing_fault_is_tried_again_before_the_interval() {
        let minutes = Some(Duration::from_mins(10));
        let (second, soon) = (
            Some(Duration::from_secs(1)),
            Some(Duration::from_millis(500)),
        );
        let gone = || kube::Error::Service("connection refused".into());
        let passing = Error::kubernetes("read the Secret", gone());
        assert_eq!(next_try(&passing, minutes, second), second);
        assert_eq!(
            next_try(&passing, soon, second),
            soon,
            "capped by the interval"
        );
        assert_eq!(next_try(&passing, None, second), second);
        let renamed = Error::kubernetes("read the Secret", gone()).with_reason("ErrUpdateFailed");
        assert_eq!(next_try(&renamed, minutes, second), second);
        let own = Error::new(Category::Unavailable, "HealthCheckFailed", "too late");
        assert_eq!(next_try(&own, minutes, second), minutes);
        assert_eq!(next_try(&own, None, None), None);
    }

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
