use std::time::Duration;

use pipeline::unit::{HealthChecks, PrunePolicy, flux::SHORTEST_TIMEOUT};
use serde_json::{Value, json};

use super::*;

fn kustomization(spec: &Value) -> Kustomization {
    let mut object = json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": {"name": "apps", "namespace": "flux-system", "generation": 1},
        "spec": {"interval": "5m", "prune": true, "path": "./apps",
            "sourceRef": {"kind": "GitRepository", "name": "infra"}},
    });
    for (key, value) in spec.as_object().unwrap() {
        object["spec"][key] = value.clone();
    }
    serde_json::from_value(object).unwrap()
}

fn refusal(spec: &Value) -> Error {
    parse(&kustomization(spec))
        .err()
        .expect("the object is refused")
}

#[test]
fn defaults_are_those_of_the_field_table() {
    let wanted = parse(&kustomization(&json!({}))).unwrap();
    assert_eq!(wanted.unit.timeout, Duration::from_secs(270));
    assert_eq!(wanted.unit.retry_interval, Duration::from_mins(5));
    assert_eq!(wanted.unit.build.path.as_str(), "apps");
    assert_eq!(wanted.source.namespace.as_deref(), Some("flux-system"));
    assert_eq!(wanted.unit.prune, PrunePolicy::Prune);
    assert_eq!(wanted.unit.health.checks, HealthChecks::Nothing);
}

#[test]
fn short_interval_still_leaves_half_a_minute() {
    let wanted = parse(&kustomization(&json!({"interval": "40s"}))).unwrap();
    assert_eq!(wanted.unit.timeout, SHORTEST_TIMEOUT);
}

#[test]
fn path_out_of_the_artifact_is_refused() {
    let error = refusal(&json!({"path": "../../etc"}));
    assert_eq!(
        (error.category(), error.reason()),
        (Category::Invalid, "BuildFailed")
    );
}

#[test]
fn fields_that_would_change_what_is_applied_are_refused_until_they_work() {
    for (field, value) in [
        ("postBuild", json!({"substitute": {"a": "b"}})),
        ("kubeConfig", json!({"secretRef": {"name": "x"}})),
        ("ignore", json!([{"paths": ["/spec/replicas"]}])),
    ] {
        let error = refusal(&json!({ field: value }));
        assert_eq!(error.reason(), "UnsupportedField");
        assert!(error.to_string().contains(field), "{error}");
    }
}

/// G-188: `wait` looks at everything and wins over the list.
#[test]
fn wait_wins_over_listed_health_checks() {
    let checks = json!([{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}]);
    let listed = parse(&kustomization(&json!({"healthChecks": checks.clone()}))).unwrap();
    let HealthChecks::Listed(found) = listed.unit.health.checks else {
        panic!("not listed")
    };
    assert_eq!(
        found.first().unwrap().id.to_string(),
        "Deployment/flux-system/web"
    );
    let all = parse(&kustomization(
        &json!({"healthChecks": checks, "wait": true}),
    ))
    .unwrap();
    assert_eq!(all.unit.health.checks, HealthChecks::Applied);
}

#[test]
fn revision_is_applied_whole_when_the_status_of_this_generation_says_so() {
    let mut object = kustomization(&json!({}));
    assert_eq!(applied(&object), None);
    let status = |generation: i64, attempted: &str| {
        serde_json::from_value(json!({
            "observedGeneration": generation,
            "lastAppliedRevision": "main@sha1:a", "lastAttemptedRevision": attempted,
            "conditions": [{
                "type": "Ready", "status": "True", "reason": "ReconciliationSucceeded",
                "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z",
                "observedGeneration": generation,
            }],
        }))
        .unwrap()
    };
    object.status = status(1, "main@sha1:a");
    assert_eq!(applied(&object).as_deref(), Some("main@sha1:a"));
    object.status = status(0, "main@sha1:a");
    assert_eq!(applied(&object), None);
    object.status = status(1, "main@sha1:b");
    assert_eq!(applied(&object), None);
}

#[test]
fn request_counts_until_it_is_handled() {
    let mut object = kustomization(&json!({}));
    assert!(!is_requested(&object));
    object
        .annotations_mut()
        .insert(REQUESTED_AT.to_owned(), "now".to_owned());
    assert!(is_requested(&object));
    object.status = serde_json::from_value(json!({"lastHandledReconcileAt": "now"})).unwrap();
    assert!(!is_requested(&object));
}
