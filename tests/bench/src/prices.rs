//! What single kinds of requests cost the API server, one kind after the other: a rate of mixed
//! requests is to be read beside it.

use std::sync::Arc;

use deploy::family::Family;
use futures::{StreamExt, TryStreamExt};
use http::Request;
use serde_json::{Value, json};

use crate::figure::Figure;
use crate::flags::{Flags, Part};
use crate::measured::{Reading, Step};
use crate::rig::{IN_FLIGHT, NAMESPACE, Rig};

const FAMILIES: &[Family] = &[Family::Flux];

/// One kind of request.
struct Price {
    what: &'static str,
    method: &'static str,
    content: &'static str,
    accept: &'static str,
    path: fn(usize) -> String,
    body: fn(usize) -> Value,
}

const APPLY: &str = "application/apply-patch+yaml";
const MERGE: &str = "application/merge-patch+json";
const JSON: &str = "application/json";
const METADATA: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

const PRICES: &[Price] = &[
    Price {
        what: "apply a new ConfigMap",
        method: "PATCH",
        content: APPLY,
        accept: JSON,
        path: |index| format!("{}?{MANAGER}", config_map_path(index)),
        body: |index| config_map(index, "first"),
    },
    Price {
        what: "apply a changed ConfigMap as a dry run",
        method: "PATCH",
        content: APPLY,
        accept: JSON,
        path: |index| format!("{}?{MANAGER}&dryRun=All", config_map_path(index)),
        body: |index| config_map(index, "second"),
    },
    Price {
        what: "apply a changed ConfigMap",
        method: "PATCH",
        content: APPLY,
        accept: JSON,
        path: |index| format!("{}?{MANAGER}", config_map_path(index)),
        body: |index| config_map(index, "second"),
    },
    Price {
        what: "apply an unchanged ConfigMap",
        method: "PATCH",
        content: APPLY,
        accept: JSON,
        path: |index| format!("{}?{MANAGER}", config_map_path(index)),
        body: |index| config_map(index, "second"),
    },
    Price {
        what: "read a ConfigMap",
        method: "GET",
        content: JSON,
        accept: JSON,
        path: config_map_path,
        body: |_| Value::Null,
    },
    Price {
        what: "create a Secret",
        method: "POST",
        content: JSON,
        accept: JSON,
        path: |_| format!("/api/v1/namespaces/{NAMESPACE}/secrets"),
        body: |index| {
            json!({
                "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
                "metadata": { "name": name(index) }, "data": { "key": "dmFsdWU=" },
            })
        },
    },
    Price {
        what: "create an event",
        method: "POST",
        content: JSON,
        accept: JSON,
        path: |_| format!("/api/v1/namespaces/{NAMESPACE}/events"),
        body: event,
    },
    Price {
        what: "create a Kustomization",
        method: "PATCH",
        content: APPLY,
        accept: JSON,
        path: |index| format!("{}?{MANAGER}", unit_path(index)),
        body: unit,
    },
    Price {
        what: "patch a Kustomization's first status",
        method: "PATCH",
        content: MERGE,
        accept: JSON,
        path: |index| format!("{}/status", unit_path(index)),
        body: |index| json!({ "status": status(index, "first") }),
    },
    Price {
        what: "patch a Kustomization's status",
        method: "PATCH",
        content: MERGE,
        accept: JSON,
        path: |index| format!("{}/status", unit_path(index)),
        body: |index| json!({ "status": status(index, "second") }),
    },
    Price {
        what: "patch a Kustomization's status, metadata answered",
        method: "PATCH",
        content: MERGE,
        accept: METADATA,
        path: |index| format!("{}/status", unit_path(index)),
        body: |index| json!({ "status": status(index, "third") }),
    },
    Price {
        what: "patch a Kustomization's status without validation of fields",
        method: "PATCH",
        content: MERGE,
        accept: JSON,
        path: |index| format!("{}/status?fieldValidation=Ignore", unit_path(index)),
        body: |index| json!({ "status": status(index, "fourth") }),
    },
];

const MANAGER: &str = "fieldManager=bench&force=true";

/// Measures each kind.
///
/// # Errors
///
/// When the cluster does not start or refuses.
pub(crate) async fn run(flags: &Flags) -> anyhow::Result<Vec<Figure>> {
    let rig = Arc::new(Rig::start(FAMILIES).await?);
    let mut figures = Vec::new();
    for price in PRICES {
        let before = Reading::take(&rig, &[]).await?;
        futures::stream::iter(0..flags.applies)
            .map(|index| send(&rig, price, index))
            .buffer_unordered(IN_FLIGHT)
            .try_collect::<()>()
            .await?;
        let step = Step {
            part: Part::Prices,
            name: price.what,
            who: "bare requests",
            what: &format!("{} requests, {IN_FLIGHT} in flight", flags.applies),
            wanted: flags.applies,
        };
        figures.push(before.done(step, flags.applies, &rig, &[]).await?);
    }
    Ok(figures)
}

async fn send(rig: &Rig, price: &Price, index: usize) -> anyhow::Result<()> {
    let body = match (price.body)(index) {
        Value::Null => Vec::new(),
        body => serde_json::to_vec(&body)?,
    };
    let request = Request::builder()
        .method(price.method)
        .uri((price.path)(index))
        .header("content-type", price.content)
        .header("accept", price.accept)
        .body(body)?;
    rig.client().request_text(request).await?;
    Ok(())
}

fn name(index: usize) -> String {
    format!("price-{index:05}")
}

fn config_map_path(index: usize) -> String {
    format!("/api/v1/namespaces/{NAMESPACE}/configmaps/{}", name(index))
}

fn unit_path(index: usize) -> String {
    let group = "kustomize.toolkit.fluxcd.io/v1";
    format!(
        "/apis/{group}/namespaces/{NAMESPACE}/kustomizations/{}",
        name(index)
    )
}

fn config_map(index: usize, value: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": name(index), "namespace": NAMESPACE, "labels": { "app": "bench" } },
        "data": { "key": value },
    })
}

fn event(index: usize) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Event",
        "metadata": { "name": name(index), "namespace": NAMESPACE },
        "involvedObject": {
            "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
            "name": name(index), "namespace": NAMESPACE,
        },
        "type": "Normal", "reason": "Progressing", "count": 1,
        "message": "ConfigMap/bench/a configured\nConfigMap/bench/b configured",
        "source": { "component": "bench" },
    })
}

fn unit(index: usize) -> Value {
    json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": { "name": name(index), "namespace": NAMESPACE },
        "spec": {
            "interval": "10h", "prune": true, "path": "./shared",
            "sourceRef": { "kind": "GitRepository", "name": "team" },
        },
    })
}

fn status(index: usize, revision: &str) -> Value {
    let entries: Vec<_> = (0..4)
        .map(|entry| json!({ "id": format!("{NAMESPACE}_{index}-{entry}__ConfigMap"), "v": "v1" }))
        .collect();
    json!({
        "observedGeneration": 1,
        "lastAppliedRevision": revision, "lastAttemptedRevision": revision,
        "inventory": { "entries": entries },
        "conditions": [{
            "type": "Ready", "status": "True", "reason": "ReconciliationSucceeded",
            "message": format!("Applied revision: {revision}"),
            "lastTransitionTime": "2026-01-01T00:00:00Z", "observedGeneration": 1,
        }],
    })
}
