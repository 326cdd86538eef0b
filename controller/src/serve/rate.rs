//! How often a client may ask: the generic cell rate algorithm, one bucket per client.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// How many clients are remembered.
const CLIENTS: usize = 65_536;

/// A limit with its buckets.
pub(super) struct Rate {
    interval: Duration,
    burst: u32,
    /// When each client's bucket is empty again.
    empty_at: Mutex<HashMap<String, Instant>>,
}

/// Whether a request may pass, and what its headers say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It may.
    Pass {
        limit: u32,
        remaining: u32,
        reset: u64,
    },
    /// It may not before so many seconds.
    Wait { limit: u32, reset: u64, retry: u64 },
}

impl Rate {
    /// Allows `per_second` requests on average and `burst` more at once.
    pub(super) fn new(per_second: u32, burst: u32) -> Self {
        let interval = Duration::from_secs(1) / per_second.max(1);
        Self {
            interval,
            burst,
            empty_at: Mutex::default(),
        }
    }

    /// Counts a request of a client.
    pub(super) fn ask(&self, client: &str) -> Verdict {
        self.ask_at(client, Instant::now())
    }

    fn ask_at(&self, client: &str, now: Instant) -> Verdict {
        let limit = self.burst + 1;
        let mut buckets = self.empty_at.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= CLIENTS {
            buckets.retain(|_, empty| *empty > now);
        }
        let empty = buckets.get(client).copied().unwrap_or(now).max(now);
        let allowance = self.interval * self.burst;
        let ahead = empty.saturating_duration_since(now);
        if ahead > allowance {
            let retry = whole_seconds(ahead.saturating_sub(allowance));
            return Verdict::Wait {
                limit,
                reset: whole_seconds(ahead),
                retry,
            };
        }
        let next = empty + self.interval;
        if buckets.len() < CLIENTS {
            buckets.insert(client.to_owned(), next);
        }
        let left = (allowance + self.interval).saturating_sub(next - now);
        let remaining = left.as_nanos() / self.interval.as_nanos().max(1);
        Verdict::Pass {
            limit,
            remaining: u32::try_from(remaining).unwrap_or(self.burst),
            reset: whole_seconds(next - now),
        }
    }
}

impl Verdict {
    /// Writes the headers that clients wait by (K-094).
    pub(super) fn write(&self, headers: &mut HeaderMap) {
        let mut set = |name: &'static str, value: u64| {
            headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
        };
        match *self {
            Self::Pass {
                limit,
                remaining,
                reset,
            } => {
                set("x-ratelimit-limit", u64::from(limit));
                set("x-ratelimit-remaining", u64::from(remaining));
                set("x-ratelimit-reset", reset);
            }
            Self::Wait {
                limit,
                reset,
                retry,
            } => {
                set("x-ratelimit-limit", u64::from(limit));
                set("x-ratelimit-remaining", 0);
                set("x-ratelimit-reset", reset);
                set("retry-after", retry);
            }
        }
    }
}

fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// K-094: burst and one more pass, then a wait; other clients are not held up.
    #[test]
    fn burst_passes_then_the_rate_counts() {
        let rate = Rate::new(2, 2);
        let now = Instant::now();
        let passes = |client: &str, at| matches!(rate.ask_at(client, at), Verdict::Pass { .. });
        assert!(passes("a", now) && passes("a", now) && passes("a", now));
        assert!(matches!(
            rate.ask_at("a", now),
            Verdict::Wait {
                limit: 3,
                retry: 1,
                ..
            }
        ));
        assert!(passes("b", now));
        assert!(passes("a", now + Duration::from_millis(500)));
    }

    #[test]
    fn remaining_counts_down() {
        let rate = Rate::new(2, 2);
        let now = Instant::now();
        let remaining = |at| match rate.ask_at("a", at) {
            Verdict::Pass { remaining, .. } => remaining,
            Verdict::Wait { .. } => panic!("it passes"),
        };
        assert_eq!([remaining(now), remaining(now), remaining(now)], [2, 1, 0]);
    }
}
