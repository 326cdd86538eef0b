//! One replica leads: it holds a Lease and does all the writing.
//!
//! A lease that another replica holds has run out when it was not renewed for its whole length by
//! our own clock: clocks of machines differ, and only one replica may lead.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use kube::api::PostParams;
use kube::{Api, Client};
use tokio::sync::watch;
use tracing::{debug, info, warn};

use crate::error::said;

/// How long a lease lasts without being renewed. With the pause between two looks another replica
/// leads within 15 seconds of a crash.
const LEASE: Duration = Duration::from_secs(13);
/// How often it is renewed.
const RENEW: Duration = Duration::from_secs(5);
/// When a lease that cannot be renewed is given up: well before another replica may take it.
const GIVE_UP: Duration = Duration::from_secs(10);
/// How often a lease somebody else holds is looked at.
const RETRY: Duration = Duration::from_millis(500);
/// How many refusals in a row show that there is no right to a lease: on a fresh install the roles
/// may come a moment after the process.
const REFUSALS: u32 = 3;

/// A candidate for the lease.
pub(crate) struct Candidate {
    leases: Api<Lease>,
    name: String,
    identity: String,
    clock: fn() -> Timestamp,
    without_right: WithoutRight,
    /// Whether this replica held the lease when it last looked.
    holds: AtomicBool,
    seen: Mutex<Option<Seen>>,
}

/// What a replica does that may not use leases at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WithoutRight {
    /// It leads, and goes on asking: where the right comes later, the election counts.
    Lead,
    /// It waits for the right.
    Wait,
}

/// A lease as it was when it last changed, and when that was seen.
struct Seen {
    spec: LeaseSpec,
    at: Instant,
}

/// What a look at the lease says to do. Pure, so that every case is a test.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Take { transitions: i32 },
    Renew,
    Wait,
}

impl Candidate {
    /// Builds a candidate; `identity` must differ between replicas.
    pub(crate) fn new(
        client: Client,
        namespace: &str,
        name: &str,
        identity: String,
        clock: fn() -> Timestamp,
        without_right: WithoutRight,
    ) -> Self {
        Self {
            leases: Api::namespaced(client, namespace),
            name: name.to_owned(),
            identity,
            clock,
            without_right,
            holds: AtomicBool::new(false),
            seen: Mutex::default(),
        }
    }

    /// Waits until this replica leads.
    pub(crate) async fn elected(&self, mut stopping: watch::Receiver<bool>) -> bool {
        let (mut refusals, mut is_told) = (0, false);
        loop {
            // An answer that came late would tell of a lease that has run out since.
            match tokio::time::timeout(GIVE_UP, self.step()).await {
                Ok(Ok(true)) => {
                    info!(identity = self.identity, "leading");
                    return true;
                }
                Ok(Ok(false)) => {
                    refusals = 0;
                    if !is_told {
                        info!(
                            lease = self.name,
                            "another replica leads; waiting for its lease"
                        );
                        is_told = true;
                    }
                }
                Err(_) => {
                    refusals = 0;
                    warn!("lease cannot be read or taken: the API server does not answer");
                }
                Ok(Err(error)) => {
                    refusals = if is_refusal(&error) { refusals + 1 } else { 0 };
                    if refusals == REFUSALS && self.without_right == WithoutRight::Lead {
                        warn!(
                            error = %error,
                            "leases are not granted; leading without an election, so there must be one replica only"
                        );
                        return true;
                    }
                    if refusals <= 1 {
                        warn!(error = %said(error), "lease cannot be read or taken");
                    }
                }
            }
            tokio::select! {
                () = tokio::time::sleep(RETRY) => {}
                _ = stopping.wait_for(|stop| *stop) => return false,
            }
        }
    }

    /// Keeps the lease; returns when it is lost, or, given up, when `stopping` says so.
    pub(crate) async fn keep(&self, mut stopping: watch::Receiver<bool>) {
        let mut renewed = Instant::now();
        let mut pause = RENEW;
        loop {
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = stopping.wait_for(|stop| *stop) => {
                    if tokio::time::timeout(GIVE_UP, self.release()).await.is_err() {
                        warn!("lease could not be given up: the API server does not answer");
                    }
                    return;
                }
            }
            let left = GIVE_UP.saturating_sub(renewed.elapsed());
            let step = tokio::time::timeout(left.max(RETRY), self.step()).await;
            pause = RETRY;
            match step {
                Ok(Ok(true)) => (renewed, pause) = (Instant::now(), RENEW),
                Ok(Ok(false)) => {
                    warn!("another replica took the lease");
                    return;
                }
                // There never was a lease to lose.
                Ok(Err(error)) if !self.holds.load(Ordering::Relaxed) => {
                    debug!(error = %error, "leases are still not granted");
                    (renewed, pause) = (Instant::now(), RENEW);
                }
                Ok(Err(error)) => warn!(error = %error, "lease could not be renewed"),
                Err(_) => warn!("lease could not be renewed: the API server does not answer"),
            }
            if renewed.elapsed() >= GIVE_UP {
                warn!("lease could not be renewed in time");
                return;
            }
        }
    }

    async fn step(&self) -> Result<bool, kube::Error> {
        let now = (self.clock)();
        let held = self.leases.get_opt(&self.name).await?;
        let spec = held.as_ref().and_then(|lease| lease.spec.as_ref());
        let step = decide(spec, &self.identity, self.unchanged_for(spec));
        let (acquired, transitions) = match &step {
            Step::Wait => return Ok(false),
            Step::Take { transitions } => (Some(MicroTime(now)), *transitions),
            Step::Renew => (
                spec.and_then(|spec| spec.acquire_time.clone()),
                spec.and_then(|spec| spec.lease_transitions)
                    .unwrap_or_default(),
            ),
        };
        let lease = Lease {
            metadata: ObjectMeta {
                name: Some(self.name.clone()),
                resource_version: held.and_then(|lease| lease.metadata.resource_version),
                ..ObjectMeta::default()
            },
            spec: Some(LeaseSpec {
                holder_identity: Some(self.identity.clone()),
                lease_duration_seconds: i32::try_from(LEASE.as_secs()).ok(),
                acquire_time: acquired,
                renew_time: Some(MicroTime(now)),
                lease_transitions: Some(transitions),
                ..LeaseSpec::default()
            }),
        };
        let holds = self.write(lease).await?;
        self.holds.store(holds, Ordering::Relaxed);
        Ok(holds)
    }

    /// Returns for how long the lease has looked as it does.
    fn unchanged_for(&self, spec: Option<&LeaseSpec>) -> Duration {
        let now = Instant::now();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match (seen.as_ref(), spec) {
            (Some(last), Some(spec)) if last.spec == *spec => now - last.at,
            (_, spec) => {
                *seen = spec.map(|spec| Seen {
                    spec: spec.clone(),
                    at: now,
                });
                Duration::ZERO
            }
        }
    }

    /// Writes the lease; a conflict means that somebody else was quicker.
    async fn write(&self, lease: Lease) -> Result<bool, kube::Error> {
        let written = if lease.metadata.resource_version.is_some() {
            self.leases
                .replace(&self.name, &PostParams::default(), &lease)
                .await
        } else {
            self.leases.create(&PostParams::default(), &lease).await
        };
        match written {
            Ok(_) => Ok(true),
            Err(kube::Error::Api(status)) if status.code == 409 => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Gives the lease up, so that another replica need not wait for it to run out.
    async fn release(&self) {
        let Ok(Some(mut lease)) = self.leases.get_opt(&self.name).await else {
            return;
        };
        let Some(spec) = lease.spec.as_mut() else {
            return;
        };
        if spec.holder_identity.as_deref() != Some(&self.identity) {
            return;
        }
        spec.holder_identity = Some(String::new());
        spec.lease_duration_seconds = Some(1);
        match self
            .leases
            .replace(&self.name, &PostParams::default(), &lease)
            .await
        {
            Ok(_) => info!("lease given up"),
            Err(error) => warn!(error = %error, "lease could not be given up"),
        }
    }
}

fn decide(spec: Option<&LeaseSpec>, identity: &str, unchanged_for: Duration) -> Step {
    let Some(spec) = spec else {
        return Step::Take { transitions: 0 };
    };
    let holder = spec.holder_identity.as_deref().unwrap_or_default();
    if holder == identity {
        return Step::Renew;
    }
    let seconds = spec.lease_duration_seconds.unwrap_or_default();
    let lasts = Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
    if holder.is_empty() || unchanged_for >= lasts {
        Step::Take {
            transitions: spec.lease_transitions.unwrap_or_default().saturating_add(1),
        }
    } else {
        Step::Wait
    }
}

fn is_refusal(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 403)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held_by(holder: &str) -> LeaseSpec {
        LeaseSpec {
            holder_identity: Some(holder.to_owned()),
            lease_duration_seconds: Some(15),
            lease_transitions: Some(3),
            ..LeaseSpec::default()
        }
    }

    fn after(spec: &LeaseSpec, seconds: u64) -> Step {
        decide(Some(spec), "a", Duration::from_secs(seconds))
    }

    #[test]
    fn free_lease_is_taken() {
        let absent = decide(None, "a", Duration::ZERO);
        assert_eq!(absent, Step::Take { transitions: 0 });
        assert_eq!(after(&held_by(""), 0), Step::Take { transitions: 4 });
    }

    #[test]
    fn own_lease_is_renewed_and_a_live_foreign_one_waited_for() {
        assert_eq!(after(&held_by("a"), 60), Step::Renew);
        assert_eq!(after(&held_by("b"), 14), Step::Wait);
    }

    #[test]
    fn lease_that_stood_still_for_its_length_changes_hands() {
        assert_eq!(after(&held_by("b"), 15), Step::Take { transitions: 4 });
    }
}
