//! Deployment, StatefulSet, DaemonSet, ReplicaSet.

use serde_json::Value;

use super::is;
use crate::health::{Assessment, Fields, Health};

pub(super) fn deployment(object: &Value) -> Assessment {
    if object.flag("/spec/paused") {
        return is(Health::Suspended, "Deployment is paused");
    }
    if is_unobserved(object) {
        return is(
            Health::Progressing,
            "waiting for the new generation to be observed",
        );
    }
    let deadline = object
        .condition("Progressing")
        .filter(|it| it.text("/reason") == "ProgressDeadlineExceeded");
    if deadline.is_some() {
        return is(Health::Degraded, "progress deadline exceeded");
    }
    let updated = count(object, "updatedReplicas");
    if let Some(wanted) = object.int("/spec/replicas")
        && updated < wanted
    {
        return is(
            Health::Progressing,
            format!("{updated} of {wanted} new replicas are updated"),
        );
    }
    let old = count(object, "replicas") - updated;
    if old > 0 {
        return is(
            Health::Progressing,
            format!("{old} old replicas are pending termination"),
        );
    }
    let available = count(object, "availableReplicas");
    if available < updated {
        let message = format!("{available} of {updated} updated replicas are available");
        return is(Health::Progressing, message);
    }
    is(Health::Healthy, "")
}

pub(super) fn stateful_set(object: &Value) -> Assessment {
    if count(object, "observedGeneration") == 0 || is_unobserved(object) {
        return is(
            Health::Progressing,
            "waiting for the new generation to be observed",
        );
    }
    let wanted = object.int("/spec/replicas");
    let ready = count(object, "readyReplicas");
    if let Some(wanted) = wanted
        && ready < wanted
    {
        return is(
            Health::Progressing,
            format!("{ready} of {wanted} replicas are ready"),
        );
    }
    let strategy = object.text("/spec/updateStrategy/type");
    if strategy == "RollingUpdate"
        && let Some(rolling) = object.pointer("/spec/updateStrategy/rollingUpdate")
        && rolling.is_object()
    {
        let target = wanted.unwrap_or_default() - rolling.int("/partition").unwrap_or_default();
        let updated = count(object, "updatedReplicas");
        if updated < target {
            return is(
                Health::Progressing,
                format!("{updated} of {target} replicas are updated"),
            );
        }
        return is(Health::Healthy, "");
    }
    if strategy == "OnDelete" {
        return is(Health::Healthy, "");
    }
    if object.text("/status/updateRevision") != object.text("/status/currentRevision") {
        return is(Health::Progressing, "waiting for the update revision");
    }
    is(Health::Healthy, "")
}

pub(super) fn daemon_set(object: &Value) -> Assessment {
    if is_unobserved(object) {
        return is(
            Health::Progressing,
            "waiting for the new generation to be observed",
        );
    }
    if object.text("/spec/updateStrategy/type") == "OnDelete" {
        return is(Health::Healthy, "");
    }
    let wanted = count(object, "desiredNumberScheduled");
    for counter in ["updatedNumberScheduled", "numberAvailable"] {
        let have = count(object, counter);
        if have < wanted {
            return is(Health::Progressing, format!("{counter} {have} of {wanted}"));
        }
    }
    is(Health::Healthy, "")
}

pub(super) fn replica_set(object: &Value) -> Assessment {
    if is_unobserved(object) {
        return is(
            Health::Progressing,
            "waiting for the new generation to be observed",
        );
    }
    if let Some(failure) = object
        .condition("ReplicaFailure")
        .filter(|it| it.text("/status") == "True")
    {
        return is(Health::Degraded, failure.text("/message"));
    }
    let available = count(object, "availableReplicas");
    if let Some(wanted) = object.int("/spec/replicas")
        && available < wanted
    {
        return is(
            Health::Progressing,
            format!("{available} of {wanted} replicas are available"),
        );
    }
    is(Health::Healthy, "")
}

fn count(object: &Value, field: &str) -> i64 {
    object.int(&format!("/status/{field}")).unwrap_or_default()
}

fn is_unobserved(object: &Value) -> bool {
    object.int("/metadata/generation").unwrap_or_default() > count(object, "observedGeneration")
}
