//! kstatus: is an object current? (§13, G-235)

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{Assessment, Fields, Health};

/// How long a Pod may be unschedulable before that counts as a failure.
const SCHEDULE_WINDOW: SignedDuration = SignedDuration::from_secs(15);

/// kstatus's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// As wanted.
    Current,
    /// On its way.
    InProgress,
    /// It failed.
    Failed,
    /// Being deleted.
    Terminating,
    /// Not there.
    NotFound,
}

impl Status {
    /// Returns the word as messages write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Current => "Current",
            Self::InProgress => "InProgress",
            Self::Failed => "Failed",
            Self::Terminating => "Terminating",
            Self::NotFound => "NotFound",
        }
    }
}

/// A status and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// The status.
    pub status: Status,
    /// Why, possibly empty.
    pub message: String,
}

impl Evaluation {
    /// The evaluation of an object that is not there.
    pub fn not_found() -> Self {
        Self {
            status: Status::NotFound,
            message: String::new(),
        }
    }

    fn new(status: Status, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
        }
    }
}

impl From<Evaluation> for Assessment {
    fn from(evaluation: Evaluation) -> Self {
        let health = match evaluation.status {
            Status::Current => Health::Healthy,
            Status::InProgress | Status::Terminating => Health::Progressing,
            Status::Failed => Health::Degraded,
            Status::NotFound => Health::Missing,
        };
        Self {
            health,
            word: evaluation.status.word(),
            message: evaluation.message,
        }
    }
}

fn current() -> Evaluation {
    Evaluation::new(Status::Current, "")
}

fn in_progress(message: impl Into<String>) -> Evaluation {
    Evaluation::new(Status::InProgress, message)
}

fn failed(message: impl Into<String>) -> Evaluation {
    Evaluation::new(Status::Failed, message)
}

/// Evaluates a live object.
pub fn evaluate(object: &Value, now: Timestamp) -> Evaluation {
    if !object.text("/metadata/deletionTimestamp").is_empty() {
        return Evaluation::new(Status::Terminating, "being deleted");
    }
    if let Some(evaluation) = generic(object) {
        return evaluation;
    }
    if let Some(evaluation) = by_kind(object, now) {
        return evaluation;
    }
    match object.condition("Ready") {
        Some(ready) if ready.text("/status") != "True" => in_progress(reason(ready)),
        _ => current(),
    }
}

/// What holds for every kind: observed generation and the two standard conditions.
fn generic(object: &Value) -> Option<Evaluation> {
    if let (Some(observed), Some(generation)) = (
        object.int("/status/observedGeneration"),
        object.int("/metadata/generation"),
    ) && observed != generation
    {
        return Some(in_progress(format!(
            "generation {generation} is not observed yet"
        )));
    }
    if let Some(reconciling) = is_true(object, "Reconciling") {
        return Some(in_progress(reason(reconciling)));
    }
    is_true(object, "Stalled").map(|stalled| failed(reason(stalled)))
}

/// Kinds with a rule of their own; `None` for all others.
fn by_kind(object: &Value, now: Timestamp) -> Option<Evaluation> {
    let group = object
        .text("/apiVersion")
        .split_once('/')
        .map_or("", |(group, _)| group);
    Some(match (group, object.text("/kind")) {
        ("apps" | "extensions", "Deployment") => deployment(object),
        ("apps" | "extensions", "ReplicaSet") => replica_set(object),
        ("apps", "StatefulSet") => stateful_set(object),
        ("apps" | "extensions", "DaemonSet") => daemon_set(object),
        ("", "PersistentVolumeClaim") => match object.text("/status/phase") {
            "Bound" => current(),
            phase => in_progress(format!("phase is {phase:?}, not \"Bound\"")),
        },
        ("", "Pod") => pod(object, now),
        ("batch", "Job") => job(object),
        ("", "Service") => service(object),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => definition(object),
        ("policy", "PodDisruptionBudget") | ("batch", "CronJob") | ("", "ConfigMap" | "Secret") => {
            current()
        }
        _ => return None,
    })
}

fn wanted_replicas(object: &Value) -> i64 {
    object.int("/spec/replicas").unwrap_or(1)
}

fn count(object: &Value, field: &str) -> i64 {
    object.int(&format!("/status/{field}")).unwrap_or_default()
}

/// Returns the first of the counters that is below what is wanted.
fn short_of(object: &Value, wanted: i64, counters: &[&str]) -> Option<Evaluation> {
    counters.iter().find_map(|counter| {
        let have = count(object, counter);
        (have < wanted).then(|| in_progress(format!("{counter} {have} of {wanted}")))
    })
}

fn surplus(object: &Value, wanted: i64) -> Option<Evaluation> {
    let have = count(object, "replicas");
    (have > wanted).then(|| in_progress(format!("{} to terminate", have - wanted)))
}

fn deployment(object: &Value) -> Evaluation {
    let progressing = object.condition("Progressing");
    if progressing.is_some_and(|it| it.text("/reason") == "ProgressDeadlineExceeded") {
        return failed("progress deadline exceeded");
    }
    let wanted = wanted_replicas(object);
    let below = short_of(object, wanted, &["replicas", "updatedReplicas"])
        .or_else(|| surplus(object, wanted))
        .or_else(|| {
            short_of(
                object,
                count(object, "updatedReplicas"),
                &["availableReplicas"],
            )
        })
        .or_else(|| short_of(object, wanted, &["readyReplicas"]));
    if let Some(below) = below {
        return below;
    }
    let has_deadline = object.int("/spec/progressDeadlineSeconds").is_some();
    let rolled_out = progressing.is_some_and(|it| {
        it.text("/status") == "True" && it.text("/reason") == "NewReplicaSetAvailable"
    });
    if has_deadline && !rolled_out {
        return in_progress("new replica set is not available");
    }
    if is_true(object, "Available").is_none() {
        return in_progress("not available");
    }
    current()
}

fn replica_set(object: &Value) -> Evaluation {
    if let Some(failure) = is_true(object, "ReplicaFailure") {
        return in_progress(reason(failure));
    }
    let wanted = wanted_replicas(object);
    short_of(
        object,
        wanted,
        &["fullyLabeledReplicas", "availableReplicas", "readyReplicas"],
    )
    .or_else(|| surplus(object, wanted))
    .unwrap_or_else(current)
}

fn stateful_set(object: &Value) -> Evaluation {
    if object.text("/spec/updateStrategy/type") == "OnDelete" {
        return current();
    }
    let wanted = wanted_replicas(object);
    let below = short_of(object, wanted, &["replicas", "readyReplicas"])
        .or_else(|| surplus(object, wanted));
    if let Some(below) = below {
        return below;
    }
    if let Some(partition) = object
        .int("/spec/updateStrategy/rollingUpdate/partition")
        .filter(|it| *it > 0)
    {
        return short_of(object, wanted - partition, &["updatedReplicas"]).unwrap_or_else(current);
    }
    if let Some(below) = short_of(object, wanted, &["currentReplicas"]) {
        return below;
    }
    if object.text("/status/currentRevision") != object.text("/status/updateRevision") {
        return in_progress("waiting for the update revision");
    }
    current()
}

fn daemon_set(object: &Value) -> Evaluation {
    if object.int("/status/observedGeneration").is_none() {
        return in_progress("generation is not observed yet");
    }
    let Some(wanted) = object.int("/status/desiredNumberScheduled") else {
        return in_progress("number of wanted pods is not known yet");
    };
    let counters = [
        "currentNumberScheduled",
        "updatedNumberScheduled",
        "numberAvailable",
        "numberReady",
    ];
    short_of(object, wanted, &counters).unwrap_or_else(current)
}

fn pod(object: &Value, now: Timestamp) -> Evaluation {
    match object.text("/status/phase") {
        // COMPAT: a failed bare Pod counts as current, as kstatus has it.
        "Succeeded" | "Failed" => current(),
        "Running" => {
            if is_true(object, "Ready").is_some() {
                return current();
            }
            let crashing: Vec<_> = object
                .list("/status/containerStatuses")
                .iter()
                .filter(|it| it.text("/state/waiting/reason") == "CrashLoopBackOff")
                .map(|it| it.text("/name"))
                .collect();
            if crashing.is_empty() {
                in_progress("not ready")
            } else {
                failed(format!(
                    "containers in CrashLoopBackOff: {}",
                    crashing.join(",")
                ))
            }
        }
        "Pending" => match object.condition("PodScheduled") {
            Some(scheduled)
                if scheduled.text("/status") == "False"
                    && scheduled.text("/reason") == "Unschedulable"
                    && older_than(scheduled.text("/lastTransitionTime"), SCHEDULE_WINDOW, now) =>
            {
                failed("cannot be scheduled")
            }
            _ => in_progress("pending"),
        },
        _ => in_progress("phase is not known yet"),
    }
}

/// Whether a time is longer ago than a window; no time at all is.
fn older_than(time: &str, window: SignedDuration, now: Timestamp) -> bool {
    match time.parse::<Timestamp>() {
        Ok(time) => now.duration_since(time) > window,
        Err(_) => true,
    }
}

fn job(object: &Value) -> Evaluation {
    if let Some(failure) = is_true(object, "Failed") {
        return failed(reason(failure));
    }
    // A started job is not done: whoever waits for it wants its result.
    if is_true(object, "Complete").is_some() || is_true(object, "Suspended").is_some() {
        return current();
    }
    if object.flag("/spec/suspend") {
        return current();
    }
    in_progress("not complete")
}

fn service(object: &Value) -> Evaluation {
    if object.text("/spec/type") == "LoadBalancer" && object.text("/spec/clusterIP").is_empty() {
        return in_progress("no cluster IP yet");
    }
    current()
}

fn definition(object: &Value) -> Evaluation {
    let names = object.condition("NamesAccepted");
    if let Some(refused) = names.filter(|it| it.text("/status") == "False") {
        return failed(reason(refused));
    }
    match object.condition("Established") {
        Some(it) if it.text("/status") == "True" => current(),
        Some(it) if it.text("/status") == "False" && it.text("/reason") != "Installing" => {
            failed(reason(it))
        }
        _ => in_progress("not established yet"),
    }
}

fn is_true<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    object
        .condition(kind)
        .filter(|condition| condition.text("/status") == "True")
}

fn reason(condition: &Value) -> String {
    let message = condition.text("/message");
    if message.is_empty() {
        condition.text("/reason")
    } else {
        message
    }
    .to_owned()
}

#[cfg(test)]
mod tests;
