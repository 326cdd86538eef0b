//! Pods, long-running and to completion.

use serde_json::Value;

use super::is;
use crate::health::{Assessment, Fields, Health};

const IGNORE_RESTART_POLICY: &str = "argocd.argoproj.io/ignore-restart-policy";

pub(super) fn pod(object: &Value) -> Assessment {
    let marks = object.pointer("/metadata/annotations");
    let marked = marks.and_then(|marks| marks.get(IGNORE_RESTART_POLICY)?.as_str()) == Some("true");
    let long_running = marked || matches!(object.text("/spec/restartPolicy"), "" | "Always");
    if long_running && let Some(message) = waiting_trouble(object) {
        return is(Health::Degraded, message);
    }
    match object.text("/status/phase") {
        "Pending" => is(Health::Progressing, object.text("/status/message")),
        "Running" if !long_running => is(Health::Progressing, object.text("/status/message")),
        "Running" => running(object),
        "Succeeded" => is(Health::Healthy, object.text("/status/message")),
        "Failed" => is(Health::Degraded, failure(object)),
        _ => is(Health::Unknown, object.text("/status/message")),
    }
}

/// Joins what containers say that wait because something is wrong.
fn waiting_trouble(object: &Value) -> Option<String> {
    let messages: Vec<_> = containers(object)
        .map(|container| (container.text("/state/waiting/reason"), container))
        .filter(|(reason, _)| {
            reason.starts_with("Err") || reason.ends_with("Error") || reason.ends_with("BackOff")
        })
        .map(
            |(reason, container)| match container.text("/state/waiting/message") {
                "" => reason,
                message => message,
            },
        )
        .collect();
    (!messages.is_empty()).then(|| messages.join(", "))
}

fn running(object: &Value) -> Assessment {
    let is_ready = object
        .condition("Ready")
        .is_some_and(|it| it.text("/status") == "True");
    if is_ready {
        return is(Health::Healthy, object.text("/status/message"));
    }
    let stopped = containers(object).any(|it| it.pointer("/lastState/terminated").is_some());
    is(
        if stopped {
            Health::Degraded
        } else {
            Health::Progressing
        },
        object.text("/status/message"),
    )
}

/// Says why a Pod failed: its own message, else that of the first container that did.
fn failure(object: &Value) -> String {
    let message = object.text("/status/message");
    if !message.is_empty() {
        return message.to_owned();
    }
    containers(object)
        .find_map(|container| {
            let stopped = container.pointer("/state/terminated")?;
            let message = stopped.text("/message");
            if !message.is_empty() {
                return Some(message.to_owned());
            }
            if stopped.text("/reason") == "OOMKilled" {
                return Some("OOMKilled".to_owned());
            }
            let code = stopped.int("/exitCode").filter(|code| *code != 0)?;
            Some(format!(
                "container {:?} failed with exit code {code}",
                container.text("/name")
            ))
        })
        .unwrap_or_default()
}

fn containers(object: &Value) -> impl Iterator<Item = &Value> {
    object
        .list("/status/initContainerStatuses")
        .iter()
        .chain(object.list("/status/containerStatuses"))
}
