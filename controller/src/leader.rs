//! One replica leads: it holds a Lease and does all the writing.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use kube::api::PostParams;
use kube::{Api, Client};
use tokio::sync::watch;
use tracing::{info, warn};

/// How long a lease lasts without being renewed.
const LEASE: Duration = Duration::from_secs(15);
/// How often it is renewed.
const RENEW: Duration = Duration::from_secs(5);
/// How often a lease somebody else holds is looked at.
const RETRY: Duration = Duration::from_secs(2);

/// A candidate for the lease.
pub(crate) struct Candidate {
    leases: Api<Lease>,
    name: String,
    identity: String,
    clock: fn() -> Timestamp,
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
    ) -> Self {
        Self {
            leases: Api::namespaced(client, namespace),
            name: name.to_owned(),
            identity,
            clock,
        }
    }

    /// Waits until this replica leads.
    pub(crate) async fn elected(&self, mut stopping: watch::Receiver<bool>) -> bool {
        loop {
            match self.step().await {
                Ok(true) => {
                    info!(identity = self.identity, "leading");
                    return true;
                }
                Ok(false) => {}
                Err(error) => warn!(error = %error, "lease cannot be read or taken"),
            }
            tokio::select! {
                () = tokio::time::sleep(RETRY) => {}
                _ = stopping.wait_for(|stop| *stop) => return false,
            }
        }
    }

    /// Keeps the lease; returns when it is lost, or, given up, when `stopping` says so.
    pub(crate) async fn keep(&self, mut stopping: watch::Receiver<bool>) {
        let mut renewed = tokio::time::Instant::now();
        loop {
            tokio::select! {
                () = tokio::time::sleep(RENEW) => {}
                _ = stopping.wait_for(|stop| *stop) => {
                    self.release().await;
                    return;
                }
            }
            match self.step().await {
                Ok(true) => renewed = tokio::time::Instant::now(),
                Ok(false) => {
                    warn!("another replica took the lease");
                    return;
                }
                // Somebody else may lead as soon as the lease runs out, so we stop before that.
                Err(error) if renewed.elapsed() + RENEW > LEASE => {
                    warn!(error = %error, "lease could not be renewed in time");
                    return;
                }
                Err(error) => warn!(error = %error, "lease could not be renewed"),
            }
        }
    }

    async fn step(&self) -> Result<bool, kube::Error> {
        let now = (self.clock)();
        let held = self.leases.get_opt(&self.name).await?;
        let spec = held.as_ref().and_then(|lease| lease.spec.as_ref());
        let step = decide(spec, &self.identity, now);
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
        self.write(lease).await
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

fn decide(spec: Option<&LeaseSpec>, identity: &str, now: Timestamp) -> Step {
    let Some(spec) = spec else {
        return Step::Take { transitions: 0 };
    };
    let holder = spec.holder_identity.as_deref().unwrap_or_default();
    if holder == identity {
        return Step::Renew;
    }
    let lasts =
        SignedDuration::from_secs(i64::from(spec.lease_duration_seconds.unwrap_or_default()));
    let runs_out = spec
        .renew_time
        .as_ref()
        .and_then(|renewed| renewed.0.checked_add(lasts).ok());
    if holder.is_empty() || runs_out.is_none_or(|end| end <= now) {
        Step::Take {
            transitions: spec.lease_transitions.unwrap_or_default().saturating_add(1),
        }
    } else {
        Step::Wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held_by(holder: &str, renewed: i64) -> LeaseSpec {
        LeaseSpec {
            holder_identity: Some(holder.to_owned()),
            lease_duration_seconds: Some(15),
            renew_time: Timestamp::from_second(renewed).ok().map(MicroTime),
            lease_transitions: Some(3),
            ..LeaseSpec::default()
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn free_lease_is_taken() {
        assert_eq!(decide(None, "a", at(0)), Step::Take { transitions: 0 });
        assert_eq!(
            decide(Some(&held_by("", 100)), "a", at(100)),
            Step::Take { transitions: 4 }
        );
    }

    #[test]
    fn own_lease_is_renewed_and_a_live_foreign_one_waited_for() {
        assert_eq!(decide(Some(&held_by("a", 100)), "a", at(101)), Step::Renew);
        assert_eq!(decide(Some(&held_by("b", 100)), "a", at(114)), Step::Wait);
    }

    #[test]
    fn lease_that_ran_out_changes_hands() {
        assert_eq!(
            decide(Some(&held_by("b", 100)), "a", at(115)),
            Step::Take { transitions: 4 }
        );
    }
}
