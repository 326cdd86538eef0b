use serde_json::{Value, json};

use super::{aggregate, evaluate, is};
use crate::fixtures::id;
use crate::health::Health;
use crate::health::Health::{Degraded, Healthy, Progressing, Suspended, Unknown};

fn check(api_version: &str, kind: &str, table: &[(&str, Value, Health)]) {
    for (case, rest, expected) in table {
        let mut object = json!({"apiVersion": api_version, "kind": kind});
        for (key, value) in rest.as_object().unwrap() {
            object[key] = value.clone();
        }
        let assessment = evaluate(&object).unwrap();
        assert_eq!(
            assessment.health, *expected,
            "{kind}: {case}: {}",
            assessment.message
        );
    }
}

/// An object of generation 1 with this specification and status.
fn object(spec: &Value, status: &Value) -> Value {
    json!({"metadata": {"generation": 1}, "spec": spec, "status": status})
}

fn with_status(status: &Value) -> Value {
    json!({"status": status})
}

fn phase(name: &str) -> Value {
    with_status(&json!({"phase": name}))
}

fn condition(kind: &str, status: &str, reason: &str) -> Value {
    with_status(
        &json!({"conditions": [{"type": kind, "status": status, "reason": reason, "message": "why"}]}),
    )
}

/// G-101
#[test]
fn deployment() {
    let status = |status: Value| object(&json!({"replicas": 2}), &status);
    check(
        "apps/v1",
        "Deployment",
        &[
            ("paused", json!({"spec": {"paused": true}}), Suspended),
            (
                "not observed",
                status(json!({"observedGeneration": 0})),
                Progressing,
            ),
            (
                "deadline exceeded",
                status(
                    json!({"observedGeneration": 1, "conditions": [{"type": "Progressing", "reason": "ProgressDeadlineExceeded"}]}),
                ),
                Degraded,
            ),
            (
                "not updated",
                status(json!({"observedGeneration": 1, "updatedReplicas": 1})),
                Progressing,
            ),
            (
                "old ones left",
                status(json!({"observedGeneration": 1, "updatedReplicas": 2, "replicas": 3})),
                Progressing,
            ),
            (
                "not available",
                status(
                    json!({"observedGeneration": 1, "updatedReplicas": 2, "replicas": 2, "availableReplicas": 1}),
                ),
                Progressing,
            ),
            (
                "all there",
                status(
                    json!({"observedGeneration": 1, "updatedReplicas": 2, "replicas": 2, "availableReplicas": 2}),
                ),
                Healthy,
            ),
        ],
    );
}

/// G-102
#[test]
fn stateful_set() {
    let set = |strategy: Value, status: Value| {
        object(&json!({"replicas": 3, "updateStrategy": strategy}), &status)
    };
    let ready = |current: &str, updated: i64| {
        json!({"observedGeneration": 1, "readyReplicas": 3, "updatedReplicas": updated,
               "currentRevision": current, "updateRevision": "b"})
    };
    let rolling = json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 1}});
    let plain = json!({"type": "RollingUpdate"});
    check(
        "apps/v1",
        "StatefulSet",
        &[
            ("never observed", set(plain.clone(), json!({})), Progressing),
            (
                "not ready",
                set(
                    plain.clone(),
                    json!({"observedGeneration": 1, "readyReplicas": 2}),
                ),
                Progressing,
            ),
            (
                "partition not done",
                set(rolling.clone(), ready("a", 1)),
                Progressing,
            ),
            ("partition done", set(rolling, ready("a", 2)), Healthy),
            (
                "by hand",
                set(json!({"type": "OnDelete"}), ready("a", 0)),
                Healthy,
            ),
            (
                "other revision",
                set(plain.clone(), ready("a", 3)),
                Progressing,
            ),
            ("all there", set(plain, ready("b", 3)), Healthy),
        ],
    );
}

/// G-102
#[test]
fn daemon_and_replica_sets() {
    let daemon = |strategy: &str, updated: i64, available: i64| {
        object(
            &json!({"updateStrategy": {"type": strategy}}),
            &json!({"observedGeneration": 1, "desiredNumberScheduled": 2,
                    "updatedNumberScheduled": updated, "numberAvailable": available}),
        )
    };
    check(
        "apps/v1",
        "DaemonSet",
        &[
            (
                "not observed",
                json!({"metadata": {"generation": 1}}),
                Progressing,
            ),
            ("by hand", daemon("OnDelete", 0, 0), Healthy),
            ("not updated", daemon("RollingUpdate", 1, 2), Progressing),
            ("not available", daemon("RollingUpdate", 2, 1), Progressing),
            ("all there", daemon("RollingUpdate", 2, 2), Healthy),
        ],
    );
    let replicas = |available: i64, failed: bool| {
        let conditions = if failed {
            json!([{"type": "ReplicaFailure", "status": "True"}])
        } else {
            json!([])
        };
        object(
            &json!({"replicas": 2}),
            &json!({"observedGeneration": 1, "availableReplicas": available, "conditions": conditions}),
        )
    };
    check(
        "apps/v1",
        "ReplicaSet",
        &[
            (
                "not observed",
                json!({"metadata": {"generation": 1}}),
                Progressing,
            ),
            ("failure", replicas(2, true), Degraded),
            ("not available", replicas(1, false), Progressing),
            ("all there", replicas(2, false), Healthy),
        ],
    );
}

#[test]
fn long_running_pod() {
    let waiting = |reason: &str| {
        json!({"spec": {"restartPolicy": "Always"}, "status": {"phase": "Pending",
            "containerStatuses": [{"name": "a", "state": {"waiting": {"reason": reason, "message": "why"}}}]}})
    };
    let running = |ready: &str, restarted: bool| {
        let last = if restarted {
            json!({"terminated": {"exitCode": 1}})
        } else {
            json!({})
        };
        json!({"spec": {"restartPolicy": "Always"}, "status": {"phase": "Running",
            "conditions": [{"type": "Ready", "status": ready}],
            "containerStatuses": [{"name": "a", "lastState": last}]}})
    };
    check(
        "v1",
        "Pod",
        &[
            ("creating", waiting("ContainerCreating"), Progressing),
            ("image pull", waiting("ErrImagePull"), Degraded),
            ("back-off", waiting("ImagePullBackOff"), Degraded),
            ("error", waiting("CreateContainerConfigError"), Degraded),
            ("ready", running("True", true), Healthy),
            ("restarted", running("False", true), Degraded),
            ("starting", running("False", false), Progressing),
            ("succeeded", phase("Succeeded"), Healthy),
            ("unknown", phase("Unknown"), Unknown),
        ],
    );
}

#[test]
fn pod_to_completion_and_its_failures() {
    let phase = |phase: &str, annotated: bool| {
        let marks = if annotated {
            json!({"argocd.argoproj.io/ignore-restart-policy": "true"})
        } else {
            json!({})
        };
        json!({"metadata": {"annotations": marks}, "spec": {"restartPolicy": "Never"},
               "status": {"phase": phase, "conditions": [{"type": "Ready", "status": "True"}]}})
    };
    check(
        "v1",
        "Pod",
        &[
            ("running", phase("Running", false), Progressing),
            ("treated as long-running", phase("Running", true), Healthy),
            ("succeeded", phase("Succeeded", false), Healthy),
        ],
    );
    let stopped = |state: Value| {
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "spec": {"restartPolicy": "Never"},
            "status": {"phase": "Failed", "containerStatuses": [{"name": "a", "state": {"terminated": state}}]}});
        evaluate(&pod).unwrap().message
    };
    assert_eq!(
        stopped(json!({"message": "said so", "exitCode": 1})),
        "said so"
    );
    assert_eq!(
        stopped(json!({"reason": "OOMKilled", "exitCode": 137})),
        "OOMKilled"
    );
    assert_eq!(
        stopped(json!({"exitCode": 3})),
        "container \"a\" failed with exit code 3"
    );
}

/// G-104 less the optional endpoint rule.
#[test]
fn service_and_ingress() {
    let address = json!({"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}});
    check(
        "v1",
        "Service",
        &[
            ("internal", json!({"spec": {"type": "ClusterIP"}}), Healthy),
            (
                "no address",
                json!({"spec": {"type": "LoadBalancer"}}),
                Progressing,
            ),
            (
                "address",
                json!({"spec": {"type": "LoadBalancer"}, "status": address}),
                Healthy,
            ),
        ],
    );
    check(
        "networking.k8s.io/v1",
        "Ingress",
        &[
            ("no address", json!({}), Progressing),
            ("address", with_status(&address), Healthy),
        ],
    );
}

#[test]
fn claim_job_and_cron_job() {
    check(
        "v1",
        "PersistentVolumeClaim",
        &[
            ("bound", phase("Bound"), Healthy),
            ("pending", phase("Pending"), Progressing),
            ("lost", phase("Lost"), Degraded),
            ("none", json!({}), Unknown),
        ],
    );
    check(
        "batch/v1",
        "Job",
        &[
            ("no condition", json!({}), Progressing),
            ("failed", condition("Failed", "True", ""), Degraded),
            ("suspended", condition("Suspended", "True", ""), Suspended),
            ("complete", condition("Complete", "True", ""), Healthy),
        ],
    );
    let (early, late) = ("2030-01-01T00:00:00Z", "2030-01-01T01:00:00Z");
    check(
        "batch/v1",
        "CronJob",
        &[
            ("suspended", json!({"spec": {"suspend": true}}), Healthy),
            ("no status", json!({}), Progressing),
            (
                "never scheduled",
                with_status(&json!({"active": []})),
                Healthy,
            ),
            (
                "never succeeded",
                with_status(&json!({"lastScheduleTime": early})),
                Healthy,
            ),
            (
                "running again",
                with_status(
                    &json!({"lastScheduleTime": late, "lastSuccessfulTime": early, "active": [{}]}),
                ),
                Healthy,
            ),
            (
                "last one failed",
                with_status(&json!({"lastScheduleTime": late, "lastSuccessfulTime": early})),
                Degraded,
            ),
            (
                "last one succeeded",
                with_status(&json!({"lastScheduleTime": early, "lastSuccessfulTime": late})),
                Healthy,
            ),
        ],
    );
}

#[test]
fn autoscaler() {
    check(
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        &[
            ("nothing", json!({}), Progressing),
            (
                "works",
                condition("AbleToScale", "True", "ReadyForNewScale"),
                Healthy,
            ),
            (
                "no scale",
                condition("AbleToScale", "False", "FailedGetScale"),
                Degraded,
            ),
            (
                "no metric",
                condition("ScalingActive", "False", "FailedGetPodsMetric"),
                Degraded,
            ),
            (
                "limited",
                condition("ScalingLimited", "True", "TooFewReplicas"),
                Healthy,
            ),
        ],
    );
    let annotated = r#"[{"type":"AbleToScale","status":"True","reason":"SucceededGetScale"}]"#;
    check(
        "autoscaling/v1",
        "HorizontalPodAutoscaler",
        &[
            ("no annotation", json!({}), Progressing),
            (
                "annotation",
                json!({"metadata": {"annotations": {"autoscaling.alpha.kubernetes.io/conditions": annotated}}}),
                Healthy,
            ),
        ],
    );
}

#[test]
fn definition_api_service_and_budget() {
    check(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        &[
            ("no conditions", json!({}), Progressing),
            (
                "terminating",
                condition("Terminating", "True", ""),
                Progressing,
            ),
            (
                "names refused",
                condition("NamesAccepted", "False", ""),
                Degraded,
            ),
            (
                "no structure",
                condition("NonStructuralSchema", "True", ""),
                Degraded,
            ),
            (
                "installing",
                condition("Established", "False", "Installing"),
                Progressing,
            ),
            (
                "not established",
                condition("Established", "False", "Other"),
                Degraded,
            ),
            (
                "names only",
                condition("NamesAccepted", "True", ""),
                Degraded,
            ),
            ("established", condition("Established", "True", ""), Healthy),
        ],
    );
    check(
        "apiregistration.k8s.io/v1",
        "APIService",
        &[
            ("nothing", json!({}), Progressing),
            (
                "not available",
                condition("Available", "False", ""),
                Progressing,
            ),
            ("available", condition("Available", "True", ""), Healthy),
        ],
    );
    check(
        "policy/v1",
        "PodDisruptionBudget",
        &[
            ("nothing", json!({}), Progressing),
            (
                "too few pods",
                condition("DisruptionAllowed", "False", "InsufficientPods"),
                Healthy,
            ),
            (
                "broken",
                condition("DisruptionAllowed", "False", "SyncFailed"),
                Degraded,
            ),
        ],
    );
}

#[test]
fn secret_kinds() {
    check(
        "bitnami.com/v1alpha1",
        "SealedSecret",
        &[
            ("nothing", json!({}), Progressing),
            ("synced", condition("Synced", "True", ""), Healthy),
            ("not synced", condition("Synced", "False", ""), Degraded),
        ],
    );
    check(
        "external-secrets.io/v1",
        "ExternalSecret",
        &[
            ("nothing", json!({}), Progressing),
            ("ready", condition("Ready", "True", ""), Healthy),
        ],
    );
}

#[test]
fn object_being_deleted_is_progressing_unless_a_hook_holds_it() {
    let deleted = |finalizers: Value| {
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {
            "deletionTimestamp": "2030-01-01T00:00:00Z", "finalizers": finalizers}})
    };
    let assessment = evaluate(&deleted(json!([]))).unwrap();
    assert_eq!(
        (assessment.health, assessment.message.as_str()),
        (Progressing, "Pending deletion")
    );
    let held = evaluate(&deleted(json!(["argocd.argoproj.io/hook-finalizer"]))).unwrap();
    assert_eq!(held.health, Healthy);
}

#[test]
fn kinds_without_a_rule_influence_nothing() {
    for kind in ["ConfigMap", "Secret", "Namespace", "ServiceAccount"] {
        assert_eq!(
            evaluate(&json!({"apiVersion": "v1", "kind": kind})),
            None,
            "{kind}"
        );
    }
}

/// G-106
#[test]
fn worst_object_decides_and_up_to_three_are_named() {
    let mut objects: Vec<_> = ["a", "b", "c", "d", "e"]
        .map(|name| (id("Pod", "ns", name), is(Degraded, "")))
        .into_iter()
        .collect();
    objects.push((id("Pod", "ns", "fine"), is(Healthy, "")));
    objects.push((id("Pod", "ns", "gone"), is(Health::Missing, "")));
    let (health, message) = aggregate(objects.iter().map(|(id, it)| (id, it)));
    assert_eq!(health, Degraded);
    assert_eq!(
        message,
        "Caused by /Pod:ns/a, /Pod:ns/b, /Pod:ns/c, … and 2 more"
    );
    let two: Vec<_> = objects.iter().take(2).collect();
    let (_, message) = aggregate(two.iter().map(|(id, it)| (id, it)));
    assert_eq!(message, "Caused by /Pod:ns/a, /Pod:ns/b");
}

/// G-106: missing counts only when nothing is there.
#[test]
fn whole_is_missing_only_when_everything_is() {
    let gone = [(id("Pod", "ns", "a"), is(Health::Missing, ""))];
    assert_eq!(
        aggregate(gone.iter().map(|(id, it)| (id, it))).0,
        Health::Missing
    );
    let mixed = [
        (id("Pod", "ns", "a"), is(Health::Missing, "")),
        (id("Pod", "ns", "b"), is(Healthy, "")),
    ];
    assert_eq!(aggregate(mixed.iter().map(|(id, it)| (id, it))).0, Healthy);
    assert_eq!(aggregate(std::iter::empty()).0, Healthy);
}
