//! What somebody asks of an Application: a rollback, force, and that a sync stops.

use e2e::eventually;
use serde_json::{Value, json};

use crate::applications::Deployed;
use crate::shared::shared;
use crate::tenant::{DEADLINE, config_map};

const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: first\nspec:\n  \
    selector:\n    matchLabels: {app: first}\n  template:\n    metadata:\n      \
    labels: {app: first}\n    spec:\n      containers:\n      - {name: main, image: \"example.com/web:1\"}\n";

/// Asks for a sync and waits until it is over.
fn sync(deployed: &Deployed<'_>, app: &str, request: &Value) -> Value {
    deployed.patch(app, &json!({"operation": {"sync": request}}));
    ended(deployed, app)
}

fn ended(deployed: &Deployed<'_>, app: &str) -> Value {
    let app = deployed.until(app, "ended a sync", |app| {
        let phase = &app["status"]["operationState"]["phase"];
        let is_over = ["Succeeded", "Failed", "Error"]
            .iter()
            .any(|over| phase == over);
        app["operation"].is_null() && is_over
    });
    app["status"]["operationState"].clone()
}

fn value(deployed: &Deployed<'_>, name: &str) -> Value {
    let live = deployed.object("ConfigMap", name).expect("it is there");
    live["data"]["key"].clone()
}

/// G-121: a rollback builds what was the source then, and is refused where the next look would undo
/// it.
#[test]
fn rollback_builds_the_source_of_then() {
    let shared = shared();
    let deployed = Deployed::new(
        shared,
        "app-rollback",
        &[
            ("web/a.yaml", &config_map("a", "one")),
            ("next/a.yaml", &config_map("a", "two")),
        ],
    );
    deployed.app("web", &json!({"syncPolicy": {"automated": null}}));
    sync(&deployed, "web", &json!({}));
    deployed.patch("web", &json!({"spec": {"source": {"path": "next"}}}));
    let state = sync(&deployed, "web", &json!({}));
    assert_eq!(state["syncResult"]["source"]["path"], "next", "{state:#}");
    assert_eq!(value(&deployed, "a"), "two");

    let app = deployed.get("web").expect("it is there");
    let then = &app["status"]["history"][0];
    let rollback = json!({"revision": then["revision"], "source": then["source"]});
    let state = sync(&deployed, "web", &rollback);
    assert_eq!(state["phase"], "Succeeded", "{state:#}");
    assert_eq!(state["syncResult"]["source"]["path"], "web");
    assert_eq!(value(&deployed, "a"), "one");
    let app = deployed.until("web", "is compared with its own source", |app| {
        app["status"]["sync"]["status"] == "OutOfSync"
    });
    let compared = &app["status"]["sync"]["comparedTo"]["source"];
    assert_eq!(compared["path"], "next");

    let automated = json!({"spec": {"syncPolicy": {"automated": {}}}});
    deployed.patch("web", &automated);
    let head = deployed.repository.head().expect("there is a commit");
    deployed.synced("web", &head);
    let state = sync(&deployed, "web", &rollback);
    assert_eq!(state["phase"], "Error");
    assert_eq!(
        state["message"],
        "rollback cannot be initiated when auto-sync is enabled"
    );
    assert_eq!(value(&deployed, "a"), "two");
}

/// G-116: a sync that somebody asks for is of what the repository has now, and a new Application
/// begins with it; what others saw a moment ago does not count.
#[test]
fn request_is_for_what_the_repository_has_now() {
    let shared = shared();
    let deployed = Deployed::new(
        shared,
        "app-newest",
        &[("web/a.yaml", &config_map("a", "one"))],
    );
    deployed.app("web", &json!({"syncPolicy": {"automated": null}}));
    deployed.until("web", "is compared", |app| {
        app["status"]["sync"]["status"] == "OutOfSync"
    });
    let commit = |path: &str, name: &str, value: &str| {
        let manifest = config_map(name, value);
        let commit = deployed.repository.commit(&[(path, &manifest)], "next");
        commit.expect("it is committed")
    };
    let head = commit("web/a.yaml", "a", "two");
    let state = sync(&deployed, "web", &json!({}));
    assert_eq!(state["syncResult"]["revision"], head, "{state:#}");
    assert_eq!(value(&deployed, "a"), "two");

    let head = commit("twin/b.yaml", "b", "one");
    deployed.app("twin", &json!({"syncPolicy": {"automated": null}}));
    let app = deployed.until("twin", "is looked at", |app| {
        app["status"]["sync"].is_object()
    });
    assert_eq!(app["status"]["sync"]["revision"], head, "{app:#}");
}

/// G-063: what cannot be changed is deleted, and made anew when it is gone.
#[test]
fn forced_object_is_made_anew_when_the_old_one_is_gone() {
    let shared = shared();
    let fixed = |value: &str| config_map("seed", value) + "immutable: true\n";
    let deployed = Deployed::new(shared, "app-force", &[("web/a.yaml", &fixed("one"))]);
    deployed.app("web", &json!({"syncPolicy": {"automated": null}}));
    sync(&deployed, "web", &json!({}));
    let old = deployed.object("ConfigMap", "seed").expect("it is there");
    let hold = |finalizers: Value| {
        let patch = json!({"metadata": {"finalizers": finalizers}});
        let world = deployed.world;
        world.patch("ConfigMap", &deployed.namespace, "seed", &patch);
    };
    hold(json!(["example.com/hold"]));
    deployed.commit("web", &[("web/a.yaml", &fixed("two"))]);
    let force = json!({"syncStrategy": {"apply": {"force": true}}});
    deployed.patch("web", &json!({"operation": {"sync": force}}));
    eventually("the old object is deleted", DEADLINE, || {
        let live = deployed.object("ConfigMap", "seed")?;
        let leaves = live["metadata"]["deletionTimestamp"].is_string();
        leaves.then_some(()).ok_or(live.to_string())
    });
    hold(Value::Null);
    let state = ended(&deployed, "web");
    assert_eq!(state["phase"], "Succeeded", "{state:#}");
    let live = deployed.object("ConfigMap", "seed").expect("it is there");
    assert_eq!(live["data"]["key"], "two");
    assert_ne!(live["metadata"]["uid"], old["metadata"]["uid"]);
}

/// G-118: a sync that is on its way does not become one of another folder, and ends when somebody
/// stops it.
#[test]
fn sync_keeps_to_its_source_until_it_is_stopped() {
    let shared = shared();
    let late = config_map("late", "one").replace(
        "  name: late",
        "  name: late\n  annotations: {argocd.argoproj.io/sync-wave: \"1\"}",
    );
    let deployed = Deployed::new(
        shared,
        "app-stop",
        &[
            ("web/a.yaml", DEPLOYMENT),
            ("web/b.yaml", &late),
            ("other/c.yaml", &config_map("c", "one")),
        ],
    );
    let prunes = json!({"syncPolicy": {"automated": {"prune": true}}});
    deployed.app("web", &prunes);
    let waits = |app: &Value| {
        let state = &app["status"]["operationState"];
        let message = state["message"].as_str().unwrap_or_default();
        state["phase"] == "Running" && message.starts_with("waiting for healthy state")
    };
    deployed.until("web", "waits", waits);
    deployed.patch("web", &json!({"spec": {"source": {"path": "other"}}}));
    let app = deployed.refresh("web");
    assert!(waits(&app), "{app:#}");
    let compared = &app["status"]["sync"]["comparedTo"]["source"];
    assert_eq!(compared["path"], "web");
    assert!(deployed.object("Deployment", "first").is_ok());

    // By hand from now on, so that nothing follows.
    deployed.patch("web", &json!({"spec": {"syncPolicy": {"automated": null}}}));
    let stop = json!({"status": {"operationState": {"phase": "Terminating"}}});
    deployed.patch("web", &stop);
    let state = ended(&deployed, "web");
    assert_eq!(state["phase"], "Failed");
    assert_eq!(state["message"], "Operation terminated");
    assert!(deployed.object("ConfigMap", "late").is_err());
    assert!(deployed.object("Deployment", "first").is_ok());
}
