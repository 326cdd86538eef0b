//! When values are fetched again (§7.4). Pure.

use std::time::Duration;

use api::external_secrets::RefreshPolicy;
use jiff::{SignedDuration, Timestamp};

/// What decides whether a fetch is due.
#[derive(Clone, Debug)]
pub(super) struct Refresh {
    /// When values are fetched again.
    pub(super) policy: RefreshPolicy,
    /// How often; `None` means once.
    pub(super) interval: Option<Duration>,
    /// The version of the object.
    pub(super) version: String,
    /// When the last successful fetch began.
    pub(super) fetched: Option<Timestamp>,
    /// The version of the object at the last successful fetch.
    pub(super) fetched_version: Option<String>,
    /// Whether the last thing said about the object is a failure.
    pub(super) has_failed: bool,
}

impl Refresh {
    /// Whether values are to be fetched although the Secret is as it was left.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        let (Some(fetched), Some(version)) = (self.fetched, &self.fetched_version) else {
            return true;
        };
        let is_changed = *version != self.version;
        match self.policy {
            RefreshPolicy::CreatedOnce => false,
            RefreshPolicy::OnChange => is_changed || self.has_failed,
            RefreshPolicy::Periodic => {
                // COMPAT: an interval of zero means once, whatever is edited later.
                let Some(interval) = self.interval else {
                    return false;
                };
                is_changed || self.has_failed || fetched > now || due_at(fetched, interval) <= now
            }
        }
    }

    /// Returns how long it is until the next fetch, counted from a fetch that began at `fetched`;
    /// `None` when no time brings it.
    pub(super) fn next(&self, fetched: Option<Timestamp>, now: Timestamp) -> Option<Duration> {
        match self.policy {
            RefreshPolicy::CreatedOnce | RefreshPolicy::OnChange => None,
            RefreshPolicy::Periodic => {
                let due = due_at(fetched.unwrap_or(now), self.interval?);
                Some(now.duration_until(due).try_into().unwrap_or_default())
            }
        }
    }
}

/// An interval too long for the calendar ends with it.
fn due_at(fetched: Timestamp, interval: Duration) -> Timestamp {
    SignedDuration::try_from(interval)
        .ok()
        .and_then(|interval| fetched.checked_add(interval).ok())
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// Fetched at second 1000 in version `a`, each minute.
    fn refresh(policy: RefreshPolicy) -> Refresh {
        Refresh {
            policy,
            interval: Some(Duration::from_mins(1)),
            version: "a".to_owned(),
            fetched: Some(at(1000)),
            fetched_version: Some("a".to_owned()),
            has_failed: false,
        }
    }

    /// E-039.
    #[test]
    fn periodic_is_due_after_its_interval() {
        let refresh = refresh(RefreshPolicy::Periodic);
        assert!(!refresh.is_due(at(1059)));
        assert!(refresh.is_due(at(1060)));
        assert_eq!(
            refresh.next(refresh.fetched, at(1020)),
            Some(Duration::from_secs(40))
        );
        assert_eq!(
            refresh.next(refresh.fetched, at(2000)),
            Some(Duration::ZERO)
        );
    }

    /// E-040, E-041.
    #[test]
    fn change_of_the_object_is_due_at_once() {
        for policy in [RefreshPolicy::Periodic, RefreshPolicy::OnChange] {
            let mut refresh = refresh(policy);
            refresh.version = "b".to_owned();
            assert!(refresh.is_due(at(1001)));
        }
    }

    /// E-042: once is once, also after an edit.
    #[test]
    fn interval_of_zero_is_never_due_again() {
        let mut refresh = refresh(RefreshPolicy::Periodic);
        refresh.interval = None;
        refresh.version = "b".to_owned();
        assert!(!refresh.is_due(at(999_999)));
        assert_eq!(refresh.next(refresh.fetched, at(1020)), None);
        refresh.fetched = None;
        assert!(refresh.is_due(at(1001)));
    }

    /// E-043, E-045: no edit makes it due, and no timer is set.
    #[test]
    fn created_once_is_due_until_it_was_fetched() {
        let mut refresh = refresh(RefreshPolicy::CreatedOnce);
        refresh.version = "b".to_owned();
        assert!(!refresh.is_due(at(999_999)));
        assert_eq!(refresh.next(refresh.fetched, at(1020)), None);
        refresh.fetched_version = None;
        assert!(refresh.is_due(at(1001)));
    }

    /// E-044, E-045.
    #[test]
    fn on_change_is_never_due_by_time() {
        let refresh = refresh(RefreshPolicy::OnChange);
        assert!(!refresh.is_due(at(999_999)));
        assert_eq!(refresh.next(refresh.fetched, at(1020)), None);
    }

    /// E-046.
    #[test]
    fn fetch_in_the_future_is_due() {
        assert!(refresh(RefreshPolicy::Periodic).is_due(at(900)));
    }

    /// What was edited and edited back does not stay failed until the interval ends.
    #[test]
    fn failure_is_due() {
        let mut refresh = refresh(RefreshPolicy::Periodic);
        refresh.has_failed = true;
        assert!(refresh.is_due(at(1001)));
    }

    /// E-209: what is due depends on the status alone, so a restart fetches nothing early.
    #[test]
    fn interval_longer_than_the_calendar_is_not_due() {
        let mut refresh = refresh(RefreshPolicy::Periodic);
        refresh.interval = Some(Duration::MAX);
        assert!(!refresh.is_due(at(999_999)));
    }
}
