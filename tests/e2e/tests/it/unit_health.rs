//! A unit is ready when what it applied is healthy, and says after its timeout what is not.

use std::time::Duration;

use components::Kwok;
use e2e::eventually;
use serde_json::json;

use crate::shared::{pods_run, shared};
use crate::tenant::{DEADLINE, Tenant};

/// Returns a Deployment, on a node or waiting for one.
fn deployment(name: &str, node: &str) -> String {
    let node = match node {
        "" => String::new(),
        node => format!("      nodeName: {node}\n"),
    };
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\nspec:\n  replicas: 1\n  \
         selector:\n    matchLabels: {{app: {name}}}\n  template:\n    metadata:\n      \
         labels: {{app: {name}}}\n    spec:\n{node}      containers:\n      - name: main\n        \
         image: example.com/{name}:1\n"
    )
}

/// G-188, G-211: `wait`, `healthChecks` and `timeout`.
#[test]
fn unit_waits_for_health_until_its_timeout() {
    let shared = shared();
    pods_run();
    let tenant = Tenant::new(
        shared,
        "unit-health",
        &[
            ("healthy/d.yaml", &deployment("healthy", Kwok::NODE)),
            ("stuck/d.yaml", &deployment("stuck", "")),
            ("listed/d.yaml", &deployment("listed", "")),
        ],
    );
    tenant.unit("healthy", &json!({"wait": true}));
    tenant.unit("stuck", &json!({"wait": true, "timeout": "4s"}));
    let checks = json!([{
        "apiVersion": "apps/v1", "kind": "Deployment", "name": "healthy",
        "namespace": tenant.namespace,
    }]);
    tenant.unit("listed", &json!({"healthChecks": checks}));

    tenant.ready("healthy");
    let healthy = tenant.world.condition(
        "Kustomization",
        &tenant.namespace,
        "healthy",
        "Healthy",
        "True",
    );
    assert_eq!(healthy["reason"], "Succeeded");
    // What is not listed is not waited for.
    tenant.ready("listed");

    let message = tenant.fails("stuck", "HealthCheckFailed");
    assert!(
        message.starts_with("health check failed after "),
        "{message}"
    );
    let what = "timeout waiting for: [Deployment/unit-health/stuck status: 'InProgress']";
    assert!(message.ends_with(what), "{message}");
    assert_eq!(
        tenant
            .world
            .event(&tenant.namespace, "stuck", "HealthCheckFailed"),
        message
    );
    let stuck = tenant.get("Kustomization", "stuck").expect("it is there");
    assert!(stuck["status"]["lastAppliedRevision"].is_null());

    // A newer revision ends the wait for the older one.
    tenant.unit("stuck", &json!({"wait": true, "timeout": "10m"}));
    eventually("the unit waits again", DEADLINE, || {
        let object = tenant.get("Kustomization", "stuck")?;
        let conditions = object["status"]["conditions"].to_string();
        if conditions.contains("Running health checks") {
            Ok(())
        } else {
            Err(conditions)
        }
    });
    let commit = tenant.commit(&[("stuck/d.yaml", &deployment("stuck", Kwok::NODE))]);
    tenant.applied("stuck", &commit);
    tenant.ready("stuck");
}

/// G-235: a Job that fails is told at once, not after the timeout.
#[test]
fn failed_object_ends_the_wait_early() {
    let shared = shared();
    pods_run();
    let job = "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: hopeless\nspec:\n  \
               activeDeadlineSeconds: 1\n  template:\n    spec:\n      restartPolicy: Never\n      \
               containers:\n      - name: main\n        image: example.com/hopeless:1\n";
    let tenant = Tenant::new(shared, "unit-health-failed", &[("apps/j.yaml", job)]);
    tenant.unit(
        "apps",
        &json!({"wait": true, "timeout": "30m", "retryInterval": "30m"}),
    );
    let message = tenant.fails("apps", "HealthCheckFailed");
    assert!(
        message.contains("failed early") && message.contains("Job/unit-health-failed/hopeless"),
        "{message}"
    );
    assert!(DEADLINE < Duration::from_mins(30));
}
