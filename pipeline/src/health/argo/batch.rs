//! Jobs, cron jobs and autoscalers.

use jiff::Timestamp;
use serde_json::Value;

use super::is;
use crate::health::{Assessment, Fields, Health};

const AUTOSCALER_CONDITIONS: &str = "autoscaling.alpha.kubernetes.io/conditions";

pub(super) fn job(object: &Value) -> Assessment {
    let holds = |kind: &str| {
        object
            .condition(kind)
            .filter(|condition| condition.text("/status") == "True")
    };
    if let Some(failed) = holds("Failed") {
        return is(Health::Degraded, failed.text("/message"));
    }
    if let Some(suspended) = holds("Suspended") {
        return is(Health::Suspended, suspended.text("/message"));
    }
    match holds("Complete") {
        Some(complete) => is(Health::Healthy, complete.text("/message")),
        None => is(Health::Progressing, "waiting to be processed"),
    }
}

pub(super) fn cron_job(object: &Value) -> Assessment {
    if object.flag("/spec/suspend") {
        return is(Health::Healthy, "CronJob is suspended");
    }
    let Some(status) = object.get("status").and_then(Value::as_object) else {
        return is(Health::Progressing, "waiting to be processed");
    };
    if status.is_empty() {
        return is(Health::Progressing, "waiting to be processed");
    }
    let time = |pointer| object.text(pointer).parse::<Timestamp>().ok();
    let Some(scheduled) = time("/status/lastScheduleTime") else {
        return is(Health::Healthy, "CronJob has not been scheduled yet");
    };
    let Some(succeeded) = time("/status/lastSuccessfulTime") else {
        return is(Health::Healthy, "CronJob has not completed yet");
    };
    if object.list("/status/active").is_empty() && succeeded < scheduled {
        return is(Health::Degraded, "the last scheduled job did not succeed");
    }
    is(Health::Healthy, "")
}

pub(super) fn autoscaler(object: &Value, version: &str) -> Assessment {
    if version != "v1" {
        return scaling(object.list("/status/conditions"));
    }
    let conditions = object
        .pointer("/metadata/annotations")
        .and_then(|annotations| annotations.get(AUTOSCALER_CONDITIONS)?.as_str())
        .and_then(|text| serde_json::from_str::<Vec<Value>>(text).ok());
    match conditions {
        Some(conditions) => scaling(&conditions),
        None => is(Health::Progressing, "waiting to autoscale"),
    }
}

fn scaling(conditions: &[Value]) -> Assessment {
    let broken = conditions.iter().find(|condition| {
        matches!(
            (condition.text("/type"), condition.text("/reason")),
            ("AbleToScale", "FailedGetScale" | "FailedUpdateScale")
                | (
                    "ScalingActive",
                    "FailedGetResourceMetric"
                        | "FailedGetObjectMetric"
                        | "FailedGetPodsMetric"
                        | "FailedGetExternalMetric"
                        | "FailedComputeMetricsReplicas"
                        | "InvalidSelector"
                )
        )
    });
    if let Some(condition) = broken {
        return is(Health::Degraded, condition.text("/message"));
    }
    let works = conditions.iter().find(|condition| {
        condition.text("/status") == "True"
            && matches!(condition.text("/type"), "AbleToScale" | "ScalingLimited")
    });
    match works {
        Some(condition) => is(Health::Healthy, condition.text("/message")),
        None => is(Health::Progressing, "waiting to autoscale"),
    }
}
