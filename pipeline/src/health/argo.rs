//! Argo CD's health table for the core kinds (§2.15; G-101, G-102, G-104, G-106).

use manifests::ObjectId;
use serde_json::Value;

use super::{Assessment, Fields, Health};

mod batch;
mod pod;
mod workload;

/// An assessment before it has its word, which in this table is the health's own name.
pub(super) fn is(health: Health, message: impl Into<String>) -> Assessment {
    let word = match health {
        Health::Healthy => "Healthy",
        Health::Suspended => "Suspended",
        Health::Progressing => "Progressing",
        Health::Missing => "Missing",
        Health::Degraded => "Degraded",
        Health::Unknown => "Unknown",
    };
    Assessment {
        health,
        word,
        message: message.into(),
    }
}

/// Evaluates a live object; `None` when the table has no rule for its kind.
pub fn evaluate(object: &Value) -> Option<Assessment> {
    let has_hook_finalizer = object
        .list("/metadata/finalizers")
        .iter()
        .any(|it| it.as_str() == Some("argocd.argoproj.io/hook-finalizer"));
    if !object.text("/metadata/deletionTimestamp").is_empty() && !has_hook_finalizer {
        return Some(is(Health::Progressing, "Pending deletion"));
    }
    let (group, version) = match object.text("/apiVersion").split_once('/') {
        Some((group, version)) => (group, version),
        None => ("", object.text("/apiVersion")),
    };
    Some(match (group, object.text("/kind")) {
        ("apps" | "extensions", "Deployment") => workload::deployment(object),
        ("apps", "StatefulSet") => workload::stateful_set(object),
        ("apps" | "extensions", "DaemonSet") => workload::daemon_set(object),
        ("apps" | "extensions", "ReplicaSet") => workload::replica_set(object),
        ("", "Pod") => pod::pod(object),
        ("", "Service") => service(object),
        ("networking.k8s.io" | "extensions", "Ingress") => balanced(object),
        ("", "PersistentVolumeClaim") => claim(object),
        ("batch", "Job") => batch::job(object),
        ("batch", "CronJob") => batch::cron_job(object),
        ("autoscaling", "HorizontalPodAutoscaler") => batch::autoscaler(object, version),
        ("apiregistration.k8s.io", "APIService") => match object.condition("Available") {
            Some(it) if it.text("/status") == "True" => is(Health::Healthy, it.text("/message")),
            Some(it) => is(Health::Progressing, it.text("/message")),
            None => is(Health::Progressing, "waiting to be processed"),
        },
        ("apiextensions.k8s.io", "CustomResourceDefinition") => definition(object),
        ("policy", "PodDisruptionBudget") => budget(object),
        ("bitnami.com", "SealedSecret") => conditioned(object, "Synced"),
        (
            "external-secrets.io",
            "ExternalSecret" | "PushSecret" | "SecretStore" | "ClusterSecretStore",
        ) => conditioned(object, "Ready"),
        _ => return None,
    })
}

/// Returns the worst health of several objects and what caused it (G-106).
///
/// A missing object alone does not make the whole missing: that is so only when all are.
pub fn aggregate<'a>(
    objects: impl IntoIterator<Item = (&'a ObjectId, &'a Assessment)>,
) -> (Health, String) {
    let objects: Vec<_> = objects.into_iter().collect();
    let all_missing =
        !objects.is_empty() && objects.iter().all(|(_, it)| it.health == Health::Missing);
    if all_missing {
        return (Health::Missing, String::new());
    }
    let counted = objects
        .iter()
        .filter(|(_, it)| it.health != Health::Missing);
    let worst = counted
        .map(|(_, it)| it.health)
        .max()
        .unwrap_or(Health::Healthy);
    if worst == Health::Healthy {
        return (worst, String::new());
    }
    let causes: Vec<_> = objects
        .iter()
        .filter(|(_, it)| it.health == worst)
        .map(|(id, _)| {
            let place = id.namespace.as_deref().unwrap_or_default();
            format!(
                "{}/{}:{place}/{}",
                id.group_kind.group, id.group_kind.kind, id.name
            )
        })
        .collect();
    let shown: Vec<_> = causes.iter().take(3).map(String::as_str).collect();
    let more = match causes.len() - shown.len() {
        0 => String::new(),
        more => format!(", … and {more} more"),
    };
    let message = format!("Caused by {}{more}", shown.join(", "));
    (worst, message)
}

fn service(object: &Value) -> Assessment {
    if object.text("/spec/type") == "LoadBalancer" {
        return balanced(object);
    }
    is(Health::Healthy, "")
}

fn balanced(object: &Value) -> Assessment {
    if object.list("/status/loadBalancer/ingress").is_empty() {
        return is(
            Health::Progressing,
            "waiting for an address of the load balancer",
        );
    }
    is(Health::Healthy, "")
}

fn claim(object: &Value) -> Assessment {
    is(
        match object.text("/status/phase") {
            "Bound" => Health::Healthy,
            "Pending" => Health::Progressing,
            "Lost" => Health::Degraded,
            _ => Health::Unknown,
        },
        "",
    )
}

fn definition(object: &Value) -> Assessment {
    let holds = |kind: &str, status: &str| {
        object
            .condition(kind)
            .filter(|condition| condition.text("/status") == status)
    };
    if holds("Terminating", "True").is_some() {
        return is(Health::Progressing, "terminating");
    }
    if object.list("/status/conditions").is_empty() {
        return is(Health::Progressing, "waiting to be established");
    }
    if let Some(refused) =
        holds("NamesAccepted", "False").or_else(|| holds("NonStructuralSchema", "True"))
    {
        return is(Health::Degraded, refused.text("/message"));
    }
    match object.condition("Established") {
        Some(it) if it.text("/status") == "True" => is(Health::Healthy, ""),
        Some(it) if it.text("/reason") == "Installing" => {
            is(Health::Progressing, it.text("/message"))
        }
        Some(it) => is(Health::Degraded, it.text("/message")),
        None => is(Health::Degraded, "not established"),
    }
}

fn budget(object: &Value) -> Assessment {
    let conditions = object.list("/status/conditions");
    if conditions.is_empty() {
        return is(Health::Progressing, "waiting to be processed");
    }
    let broken = conditions
        .iter()
        .find(|it| it.text("/status") == "False" && it.text("/reason") != "InsufficientPods");
    match broken {
        Some(condition) => is(Health::Degraded, condition.text("/message")),
        None => is(Health::Healthy, ""),
    }
}

/// Kinds of which one condition says it all.
fn conditioned(object: &Value, kind: &str) -> Assessment {
    match object.condition(kind) {
        Some(it) if it.text("/status") == "True" => is(Health::Healthy, it.text("/message")),
        Some(it) if it.text("/status") == "False" => is(Health::Degraded, it.text("/message")),
        _ => is(Health::Progressing, "waiting to be processed"),
    }
}

#[cfg(test)]
mod tests;
