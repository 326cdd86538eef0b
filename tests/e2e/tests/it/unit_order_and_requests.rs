//! Units wait for those they depend on, rest while suspended, and run when asked to.

use e2e::eventually;
use serde_json::json;

use crate::shared::shared;
use crate::tenant::{DEADLINE, Tenant, config_map};

/// G-193: without `readyExpr`.
#[test]
fn dependent_unit_waits_for_its_dependency() {
    let shared = shared();
    let broken = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata: [1]\n";
    let tenant = Tenant::new(
        shared,
        "unit-order",
        &[
            ("base/a.yaml", broken),
            ("apps/b.yaml", &config_map("b", "x")),
        ],
    );
    tenant.unit("apps", &json!({"dependsOn": [{"name": "base"}]}));
    let message = tenant.fails("apps", "DependencyNotReady");
    assert_eq!(message, "dependency 'unit-order/base' not found");
    tenant.unit("base", &json!({}));
    tenant.fails("base", "ReconciliationFailed");
    tenant.reconcile("Kustomization", "apps");
    let message = tenant.fails("apps", "DependencyNotReady");
    assert_eq!(message, "dependency 'unit-order/base' is not ready");
    assert!(tenant.get("ConfigMap", "b").is_err());
    let commit = tenant.commit(&[("base/a.yaml", &config_map("a", "x"))]);
    tenant.applied("base", &commit);
    tenant.applied("apps", &commit);
    assert!(tenant.get("ConfigMap", "b").is_ok());
}

/// G-184, G-185, G-206.
#[test]
fn suspended_objects_rest_and_requests_are_answered() {
    let shared = shared();
    let tenant = Tenant::new(
        shared,
        "unit-requests",
        &[("apps/a.yaml", &config_map("a", "one"))],
    );
    tenant.unit("apps", &json!({}));
    tenant.ready("apps");
    let before = tenant.get("GitRepository", "repo").expect("it is there");
    let unit = tenant.reconcile("Kustomization", "apps");
    let source = tenant.reconcile("GitRepository", "repo");
    assert_eq!(source["status"]["artifact"], before["status"]["artifact"]);
    assert_eq!(unit["status"]["conditions"][0]["status"], "True");

    // A suspended source stays at its commit.
    tenant.source(&json!({"url": tenant.repository.url(), "suspend": true}));
    tenant.commit(&[("apps/a.yaml", &config_map("a", "two"))]);
    tenant.reconcile("Kustomization", "apps");
    let source = tenant.get("GitRepository", "repo").expect("it is there");
    assert_eq!(source["status"]["artifact"], before["status"]["artifact"]);

    // A suspended unit leaves drift alone.
    tenant.unit("apps", &json!({"suspend": true}));
    let drifted = json!({"data": {"key": "drifted"}});
    tenant
        .world
        .patch("ConfigMap", &tenant.namespace, "a", &drifted);
    tenant.source(&json!({"url": tenant.repository.url(), "suspend": false}));
    eventually("the source moved on", DEADLINE, || {
        let source = tenant.get("GitRepository", "repo")?;
        let moved = source["status"]["artifact"] != before["status"]["artifact"];
        moved.then_some(()).ok_or_else(|| source.to_string())
    });
    let live = tenant.get("ConfigMap", "a").expect("it is there");
    assert_eq!(live["data"]["key"], "drifted");
    tenant.unit("apps", &json!({"suspend": false}));
    eventually("the unit goes on", DEADLINE, || {
        let live = tenant.get("ConfigMap", "a")?;
        (live["data"]["key"] == "two")
            .then_some(())
            .ok_or_else(|| live.to_string())
    });
}
