//! What does not count as a difference, what guards against losing everything, and what is tried again.

use serde_json::{Value, json};

use crate::applications::{Deployed, resource};
use crate::shared::shared;
use crate::tenant::config_map;

const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  \
    replicas: 1\n  selector:\n    matchLabels: {app: web}\n  template:\n    metadata:\n      \
    labels: {app: web}\n    spec:\n      containers:\n      - {name: main, image: \"example.com/web:1\"}\n";
const SECRET: &str = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n  \
    user: from-git\n";

/// Writes an object as another field manager.
fn apply_as(deployed: &Deployed<'_>, manager: &str, path: &str, object: &Value) {
    let path = format!("{path}?fieldManager={manager}&force=true");
    let applied = deployed
        .world
        .cluster()
        .request("PATCH", &path, Some(object));
    applied.expect("it is applied");
}

/// G-087, G-088: fields behind pointers and fields of a manager; all others count.
#[test]
fn ignored_fields_are_no_drift() {
    let shared = shared();
    let deployed = Deployed::new(
        shared,
        "app-ignores",
        &[("web/a.yaml", DEPLOYMENT), ("web/b.yaml", SECRET)],
    );
    let head = deployed.repository.head().expect("there is a commit");
    deployed.app(
        "web",
        &json!({"ignoreDifferences": [
            {"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]},
            {"group": "", "kind": "Secret", "managedFieldsManagers": ["external-secrets"]},
        ]}),
    );
    deployed.synced("web", &head);
    let scaled = json!({"spec": {"replicas": 4}});
    deployed
        .world
        .patch("Deployment", &deployed.namespace, "web", &scaled);
    apply_as(
        &deployed,
        "external-secrets",
        "/api/v1/namespaces/app-ignores/secrets/db",
        &json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": "db", "namespace": "app-ignores"},
            "data": {"user": "dGhlaXJz", "more": "dGhlaXJz"},
        }),
    );
    let app = deployed.refresh("web");
    assert_eq!(
        app["status"]["sync"]["status"], "Synced",
        "{:#}",
        app["status"]
    );
    let image = json!({"spec": {"template": {"spec": {"containers": [
        {"name": "main", "image": "example.com/web:2"},
    ]}}}});
    deployed
        .world
        .patch("Deployment", &deployed.namespace, "web", &image);
    deployed.until("web", "shows the other field", |app| {
        resource(app, "Deployment", "web")["status"] == "OutOfSync"
    });
}

/// G-046: an empty folder deletes nothing; I2.
#[test]
fn empty_source_wipes_nothing_out() {
    let shared = shared();
    let deployed = Deployed::new(
        shared,
        "app-wipe",
        &[
            ("web/a.yaml", &config_map("a", "one")),
            ("web/keep.txt", "no manifest"),
        ],
    );
    let head = deployed.repository.head().expect("there is a commit");
    let prunes = json!({"syncPolicy": {"automated": {"prune": true, "selfHeal": true}}});
    deployed.app("web", &prunes);
    deployed.synced("web", &head);
    let empty = deployed
        .repository
        .remove(&["web/a.yaml"], "empty")
        .expect("it is committed");
    deployed.refresh("web");
    let text = deployed.condition("web", "SyncError");
    assert!(
        text.contains("auto-sync will wipe out all resources"),
        "{text}"
    );
    assert!(deployed.object("ConfigMap", "a").is_ok());
    let allow = json!({"spec": {"syncPolicy": {"automated": {"allowEmpty": true}}}});
    deployed.patch("web", &allow);
    deployed.synced("web", &empty);
    deployed
        .world
        .disappears("ConfigMap", &deployed.namespace, "a");
}

/// G-051, G-052, G-117: a sync that fails is tried again, then given up until the next commit.
#[test]
fn failed_sync_is_tried_again_and_then_given_up() {
    let shared = shared();
    let bad = "apiVersion: v1\nkind: Service\nmetadata:\n  name: bad\nspec:\n  ports:\n  - port: 123456\n";
    let deployed = Deployed::new(
        shared,
        "app-retry",
        &[("web/a.yaml", &config_map("a", "one")), ("web/b.yaml", bad)],
    );
    let head = deployed.repository.head().expect("there is a commit");
    deployed.app(
        "web",
        &json!({"syncPolicy": {"retry": {"limit": 2, "backoff": {
            "duration": "1s", "factor": 2, "maxDuration": "5s",
        }}}}),
    );
    let app = deployed.until("web", "gives up", |app| {
        app["status"]["operationState"]["phase"] == "Failed"
    });
    let operation = &app["status"]["operationState"];
    assert_eq!(operation["retryCount"], 2);
    let text = operation["message"].as_str().unwrap_or_default();
    assert!(text.contains("failed to apply (dry run)"), "{text}");
    let results = operation["syncResult"]["resources"].to_string();
    assert!(
        results.contains("SyncFailed") && results.contains("spec.ports[0].port"),
        "{results}"
    );
    assert!(deployed.object("ConfigMap", "a").is_err());
    let text = deployed.condition("web", "SyncError");
    let expected = format!("Failed last sync attempt to {head}");
    assert!(text.starts_with(&expected), "{text}");

    let good = deployed.commit("web", &[("web/b.yaml", &config_map("b", "one"))]);
    let app = deployed.synced("web", &good);
    assert!(app["status"]["conditions"].is_null(), "{:#}", app["status"]);
}
