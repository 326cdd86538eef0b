use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Status, evaluate};

fn status(api_version: &str, kind: &str, rest: &Value) -> Status {
    let mut object = json!({"apiVersion": api_version, "kind": kind});
    for (key, value) in rest.as_object().unwrap() {
        object[key] = value.clone();
    }
    evaluate(
        &object,
        "2030-01-01T00:01:00Z".parse::<Timestamp>().unwrap(),
    )
    .status
}

fn check(api_version: &str, kind: &str, table: &[(&str, Value, Status)]) {
    for (case, object, expected) in table {
        assert_eq!(
            status(api_version, kind, object),
            *expected,
            "{kind}: {case}"
        );
    }
}

/// G-235: what holds for every kind, in this order.
#[test]
fn any_kind() {
    use Status::{Current, Failed, InProgress, Terminating};
    let condition = |kind: &str, status: &str| json!({"type": kind, "status": status});
    check(
        "example.com/v1",
        "Thing",
        &[
            ("nothing known", json!({}), Current),
            (
                "being deleted",
                json!({"metadata": {"deletionTimestamp": "2030-01-01T00:00:00Z"}}),
                Terminating,
            ),
            (
                "generation not observed",
                json!({"metadata": {"generation": 2}, "status": {"observedGeneration": 1, "conditions": [condition("Ready", "True")]}}),
                InProgress,
            ),
            (
                "reconciling",
                json!({"status": {"conditions": [condition("Reconciling", "True"), condition("Ready", "True")]}}),
                InProgress,
            ),
            (
                "stalled",
                json!({"status": {"conditions": [condition("Stalled", "True")]}}),
                Failed,
            ),
            (
                "not stalled",
                json!({"status": {"conditions": [condition("Stalled", "False")]}}),
                Current,
            ),
            (
                "ready",
                json!({"status": {"conditions": [condition("Ready", "True")]}}),
                Current,
            ),
            (
                "not ready",
                json!({"status": {"conditions": [condition("Ready", "False")]}}),
                InProgress,
            ),
            (
                "ready unknown",
                json!({"status": {"conditions": [condition("Ready", "Unknown")]}}),
                InProgress,
            ),
        ],
    );
}

/// G-235
#[test]
fn deployment() {
    use Status::{Current, Failed, InProgress};
    let with = |changes: Value| {
        let mut object = json!({
            "spec": {"replicas": 2, "progressDeadlineSeconds": 600},
            "status": {"replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2,
                "conditions": [
                    {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"},
                    {"type": "Available", "status": "True"}]}});
        for (key, value) in changes.as_object().unwrap() {
            let part = if key == "replicas wanted" {
                "spec"
            } else {
                "status"
            };
            object[part][key.split(' ').next().unwrap()] = value.clone();
        }
        object
    };
    let mut without_deadline =
        with(json!({"conditions": [{"type": "Available", "status": "True"}]}));
    let unfinished = without_deadline.clone();
    without_deadline["spec"]
        .as_object_mut()
        .unwrap()
        .remove("progressDeadlineSeconds");
    check(
        "apps/v1",
        "Deployment",
        &[
            ("all there", with(json!({})), Current),
            ("too few", with(json!({"replicas": 1})), InProgress),
            (
                "not updated",
                with(json!({"updatedReplicas": 1})),
                InProgress,
            ),
            ("not ready", with(json!({"readyReplicas": 1})), InProgress),
            (
                "not available",
                with(json!({"availableReplicas": 1})),
                InProgress,
            ),
            ("too many", with(json!({"replicas": 3})), InProgress),
            ("not rolled out", unfinished, InProgress),
            ("no deadline", without_deadline, Current),
            (
                "not Available",
                with(
                    json!({"conditions": [{"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}]}),
                ),
                InProgress,
            ),
            (
                "deadline exceeded",
                with(
                    json!({"conditions": [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]}),
                ),
                Failed,
            ),
            (
                "one by default",
                json!({"spec": {}, "status": {}}),
                InProgress,
            ),
        ],
    );
}

/// G-235
#[test]
fn stateful_set() {
    use Status::{Current, InProgress};
    let set = |strategy: Value, status: Value| json!({"spec": {"replicas": 3, "updateStrategy": strategy}, "status": status});
    let rolling = || json!({"type": "RollingUpdate"});
    let all = |current: &str, update: &str, at: i64| {
        json!({"replicas": 3, "readyReplicas": 3, "currentReplicas": at, "updatedReplicas": at,
               "currentRevision": current, "updateRevision": update})
    };
    let partition = json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 2}});
    check(
        "apps/v1",
        "StatefulSet",
        &[
            ("all there", set(rolling(), all("a", "a", 3)), Current),
            (
                "other revision",
                set(rolling(), all("a", "b", 3)),
                InProgress,
            ),
            ("not current", set(rolling(), all("a", "a", 2)), InProgress),
            (
                "too few",
                set(rolling(), json!({"replicas": 2, "readyReplicas": 2})),
                InProgress,
            ),
            (
                "not ready",
                set(rolling(), json!({"replicas": 3, "readyReplicas": 2})),
                InProgress,
            ),
            (
                "too many",
                set(rolling(), json!({"replicas": 4, "readyReplicas": 3})),
                InProgress,
            ),
            (
                "partition done",
                set(partition.clone(), all("a", "b", 1)),
                Current,
            ),
            (
                "partition not done",
                set(partition, all("a", "b", 0)),
                InProgress,
            ),
            (
                "by hand",
                set(json!({"type": "OnDelete"}), json!({})),
                Current,
            ),
        ],
    );
}

/// G-235
#[test]
fn daemon_and_replica_sets() {
    use Status::{Current, InProgress};
    let daemon = |available: i64| {
        json!({"status": {"observedGeneration": 1, "desiredNumberScheduled": 2,
            "currentNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": available, "numberReady": 2}})
    };
    check(
        "apps/v1",
        "DaemonSet",
        &[
            ("all there", daemon(2), Current),
            ("not available", daemon(1), InProgress),
            (
                "not observed",
                json!({"status": {"desiredNumberScheduled": 0}}),
                InProgress,
            ),
            (
                "number unknown",
                json!({"status": {"observedGeneration": 1}}),
                InProgress,
            ),
        ],
    );
    let replicas = |ready: i64, all: i64| {
        json!({"spec": {"replicas": 2}, "status": {"replicas": all, "fullyLabeledReplicas": 2,
            "availableReplicas": 2, "readyReplicas": ready}})
    };
    check(
        "apps/v1",
        "ReplicaSet",
        &[
            ("all there", replicas(2, 2), Current),
            ("not ready", replicas(1, 2), InProgress),
            ("too many", replicas(2, 3), InProgress),
            (
                "failure",
                json!({"spec": {"replicas": 0}, "status": {"conditions": [{"type": "ReplicaFailure", "status": "True"}]}}),
                InProgress,
            ),
        ],
    );
}

/// G-235
#[test]
fn pod() {
    use Status::{Current, Failed, InProgress};
    let phase = |phase: &str| json!({"status": {"phase": phase}});
    let unschedulable = |since: &str| {
        json!({"status": {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False",
            "reason": "Unschedulable", "lastTransitionTime": since}]}})
    };
    check(
        "v1",
        "Pod",
        &[
            ("no phase", json!({}), InProgress),
            ("pending", phase("Pending"), InProgress),
            (
                "unschedulable for 15 s",
                unschedulable("2030-01-01T00:00:45Z"),
                InProgress,
            ),
            (
                "unschedulable for longer",
                unschedulable("2030-01-01T00:00:44Z"),
                Failed,
            ),
            ("running", phase("Running"), InProgress),
            (
                "ready",
                json!({"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}),
                Current,
            ),
            (
                "crash loop",
                json!({"status": {"phase": "Running", "containerStatuses": [{"name": "a",
                    "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]}}),
                Failed,
            ),
            ("succeeded", phase("Succeeded"), Current),
            ("failed", phase("Failed"), Current),
        ],
    );
}

/// G-235
#[test]
fn job_service_and_claim() {
    use Status::{Current, Failed, InProgress};
    let condition =
        |kind: &str| json!({"status": {"conditions": [{"type": kind, "status": "True"}]}});
    check(
        "batch/v1",
        "Job",
        &[
            ("not started", json!({}), InProgress),
            (
                "started",
                json!({"status": {"startTime": "2030-01-01T00:00:00Z", "active": 1}}),
                InProgress,
            ),
            ("complete", condition("Complete"), Current),
            ("failed", condition("Failed"), Failed),
            ("suspended", condition("Suspended"), Current),
            (
                "to be suspended",
                json!({"spec": {"suspend": true}}),
                Current,
            ),
        ],
    );
    check(
        "v1",
        "Service",
        &[
            ("internal", json!({"spec": {"type": "ClusterIP"}}), Current),
            (
                "no address yet",
                json!({"spec": {"type": "LoadBalancer"}}),
                InProgress,
            ),
            (
                "cluster address",
                json!({"spec": {"type": "LoadBalancer", "clusterIP": "10.0.0.1"}}),
                Current,
            ),
        ],
    );
    check(
        "v1",
        "PersistentVolumeClaim",
        &[
            ("bound", json!({"status": {"phase": "Bound"}}), Current),
            (
                "pending",
                json!({"status": {"phase": "Pending"}}),
                InProgress,
            ),
            ("nothing", json!({}), InProgress),
        ],
    );
}

/// G-235
#[test]
fn definition_and_kinds_that_are_always_current() {
    use Status::{Current, Failed, InProgress};
    let conditions = |list: Value| json!({"status": {"conditions": list}});
    check(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        &[
            ("nothing", json!({}), InProgress),
            (
                "names refused",
                conditions(json!([{"type": "NamesAccepted", "status": "False"}])),
                Failed,
            ),
            (
                "established",
                conditions(json!([{"type": "Established", "status": "True"}])),
                Current,
            ),
            (
                "installing",
                conditions(
                    json!([{"type": "Established", "status": "False", "reason": "Installing"}]),
                ),
                InProgress,
            ),
            (
                "not established",
                conditions(
                    json!([{"type": "Established", "status": "False", "reason": "NotAccepted"}]),
                ),
                Failed,
            ),
        ],
    );
    for (api_version, kind) in [
        ("policy/v1", "PodDisruptionBudget"),
        ("v1", "Secret"),
        ("v1", "ConfigMap"),
        ("batch/v1", "CronJob"),
    ] {
        assert_eq!(
            status(api_version, kind, &json!({"status": {}})),
            Current,
            "{kind}"
        );
    }
}
