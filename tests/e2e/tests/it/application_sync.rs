//! An Application is compared, synced when it says so, and told in its status.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::applications::{Deployed, resource};
use crate::shared::shared;
use crate::tenant::config_map;

fn edit(deployed: &Deployed<'_>, name: &str, value: &str) {
    let patch = json!({"data": {"key": value}});
    deployed
        .world
        .patch("ConfigMap", &deployed.namespace, name, &patch);
}

/// G-003, G-006, G-011, G-013, G-043, G-045, G-048, G-049, G-050, G-091, G-093, G-099, G-117, G-120,
/// G-123.
#[test]
#[expect(
    clippy::too_many_lines,
    reason = "one walk through the life of an Application"
)]
fn directory_is_synced_healed_and_pruned() {
    let shared = shared();
    let deployed = Deployed::new(
        shared,
        "app-sync",
        &[
            ("web/a.yaml", &config_map("a", "one")),
            ("web/b.yaml", &config_map("b", "one")),
        ],
    );
    let head = deployed.repository.head().expect("there is a commit");
    deployed.app("web", &json!({"project": ""}));
    let app = deployed.synced("web", &head);
    let status = &app["status"];
    assert_eq!(app["spec"]["project"], "");
    assert_eq!(status["health"]["status"], "Healthy");
    assert_eq!(status["sourceType"], "Directory");
    let operation = &status["operationState"];
    assert_eq!(operation["phase"], "Succeeded");
    assert_eq!(operation["operation"]["initiatedBy"]["automated"], true);
    assert_eq!(operation["syncResult"]["revision"], head.as_str());
    let results: Vec<&Value> = operation["syncResult"]["resources"]
        .as_array()
        .map(|all| all.iter().map(|one| &one["message"]).collect())
        .unwrap_or_default();
    assert_eq!(results, ["configmap/a created", "configmap/b created"]);
    let history = &status["history"];
    assert_eq!(history.as_array().map(Vec::len), Some(1), "{history}");
    assert_eq!(history[0]["id"], 0);
    assert_eq!(history[0]["revision"], head.as_str());
    let live = deployed.object("ConfigMap", "a").expect("it is applied");
    assert_eq!(
        live["metadata"]["annotations"]["argocd.argoproj.io/tracking-id"],
        "app-sync-web:/ConfigMap:app-sync/a"
    );
    let annotations = live["metadata"]["annotations"].to_string();
    assert!(!annotations.contains("last-applied"), "{annotations}");
    deployed
        .world
        .event("argocd", "app-sync-web", "OperationCompleted");

    // Drift shows within seconds and stays.
    let drifted = Instant::now();
    edit(&deployed, "a", "drifted");
    let app = deployed.until("web", "shows drift", |app| {
        resource(app, "ConfigMap", "a")["status"] == "OutOfSync"
    });
    assert!(drifted.elapsed() < Duration::from_secs(15));
    assert_eq!(app["status"]["sync"]["status"], "OutOfSync");
    assert_eq!(resource(&app, "ConfigMap", "b")["status"], "Synced");
    let live = deployed.object("ConfigMap", "a").expect("it is there");
    assert_eq!(live["data"]["key"], "drifted");

    // With selfHeal it goes, by a partial sync that makes no history.
    let policy = json!({"spec": {"syncPolicy": {"automated": {"selfHeal": true}}}});
    deployed.patch("web", &policy);
    let app = deployed.synced("web", &head);
    let live = deployed.object("ConfigMap", "a").expect("it is there");
    assert_eq!(live["data"]["key"], "one");
    assert_eq!(app["status"]["history"].as_array().map(Vec::len), Some(1));
    let operation = &app["status"]["operationState"]["operation"]["sync"];
    assert_eq!(operation["autoHealAttemptsCount"], 1, "{operation}");

    // The next commit comes by polling alone; what left Git requires pruning.
    deployed
        .repository
        .remove(&["web/b.yaml"], "less")
        .expect("it is committed");
    let second = deployed
        .repository
        .commit(&[("web/a.yaml", &config_map("a", "two"))], "second")
        .expect("it is committed");
    let app = deployed.until("web", "sees the commit", |app| {
        app["status"]["sync"]["revision"] == second.as_str()
            && app["status"]["history"].as_array().map(Vec::len) == Some(2)
    });
    assert_eq!(resource(&app, "ConfigMap", "b")["requiresPruning"], true);
    assert_eq!(app["status"]["sync"]["status"], "OutOfSync");
    assert_eq!(app["status"]["history"][1]["id"], 1);
    let live = deployed.object("ConfigMap", "a").expect("it is there");
    assert_eq!(live["data"]["key"], "two");
    let prune = json!({"spec": {"syncPolicy": {"automated": {"prune": true}}}});
    deployed.patch("web", &prune);
    deployed.synced("web", &second);
    deployed
        .world
        .disappears("ConfigMap", &deployed.namespace, "b");

    // A refresh that finds nothing new changes nothing but the time.
    let before = deployed.get("web").expect("it is there");
    let after = deployed.refresh("web");
    assert_eq!(after["status"]["history"], before["status"]["history"]);
    assert!(after["status"]["reconciledAt"].as_str() >= before["status"]["reconciledAt"].as_str());
}

/// G-047, G-055, G-116: nothing happens until somebody asks.
#[test]
fn manual_application_waits_for_an_operation() {
    let shared = shared();
    let deployed = Deployed::new(
        shared,
        "app-manual",
        &[
            ("web/a.yaml", &config_map("a", "one")),
            ("web/b.yaml", &config_map("b", "one")),
        ],
    );
    let head = deployed.repository.head().expect("there is a commit");
    deployed.app(
        "web",
        &json!({
            "destination": {"namespace": "app-manual-made"},
            "syncPolicy": {"automated": null, "syncOptions": ["CreateNamespace=true"]},
        }),
    );
    let app = deployed.until("web", "is compared", |app| {
        app["status"]["sync"]["status"] == "OutOfSync"
    });
    assert!(app["status"]["operationState"].is_null(), "{app:#}");
    assert_eq!(app["status"]["health"]["status"], "Missing");
    assert!(
        deployed
            .world
            .get("Namespace", "", "app-manual-made")
            .is_err()
    );

    let chosen = json!([{"kind": "ConfigMap", "name": "a"}]);
    let done = |count: usize| {
        move |app: &Value| {
            let operation = &app["status"]["operationState"];
            operation["phase"] == "Succeeded"
                && operation["syncResult"]["resources"]
                    .as_array()
                    .map(Vec::len)
                    == Some(count)
        }
    };
    deployed.patch(
        "web",
        &json!({"operation": {"sync": {"revision": head, "resources": chosen}}}),
    );
    let app = deployed.until("web", "is synced in part", done(1));
    assert!(app["operation"].is_null());
    assert_eq!(app["status"]["sync"]["status"], "OutOfSync");
    assert!(app["status"]["history"].is_null());
    let world = deployed.world;
    assert!(world.get("ConfigMap", "app-manual-made", "a").is_ok());
    assert!(world.get("ConfigMap", "app-manual-made", "b").is_err());

    deployed.patch(
        "web",
        &json!({"operation": {"sync": {}, "initiatedBy": {"username": "somebody"}}}),
    );
    deployed.until("web", "is synced", done(2));
    let app = deployed.synced("web", &head);
    let by = &app["status"]["history"][0]["initiatedBy"];
    assert_eq!(by["username"], "somebody", "{app:#}");
    let namespace = world.get("Namespace", "", "app-manual-made");
    let annotations = namespace.expect("it is made")["metadata"]["annotations"].clone();
    assert!(annotations.is_null(), "{annotations}");
}
