use serde_json::{Value, json};

use super::*;

/// An Application of one source, with more fields of the object laid over it.
fn app(with: &Value) -> Application {
    let mut object = json!({
        "metadata": {"name": "web", "namespace": "argocd"},
        "spec": {
            "project": "default", "source": place("now"),
            "destination": {"server": "https://kubernetes.default.svc"},
        },
    });
    for (path, value) in with.as_object().unwrap() {
        match path.as_str() {
            "automated" => object["spec"]["syncPolicy"]["automated"] = value.clone(),
            key => object[key] = value.clone(),
        }
    }
    serde_json::from_value(object).unwrap()
}

fn place(path: &str) -> Value {
    json!({"repoURL": "https://git.example.com/r", "path": path, "targetRevision": "main"})
}

fn asked(sync: &Value) -> Operation {
    serde_json::from_value(json!({"sync": sync})).unwrap()
}

fn running(phase: &str, result: &Value) -> Value {
    json!({"operationState": {
        "phase": phase, "operation": {"sync": {}}, "startedAt": "2026-01-01T00:00:00Z",
        "syncResult": result,
    }})
}

fn path(app: &Application) -> String {
    let app = with_source_of_sync(app);
    source(&app).unwrap().path.as_str().to_owned()
}

/// G-121: a rollback is of the source that it names, at the revision that it names.
#[test]
fn request_may_name_another_source() {
    let sync = json!({"revision": "abc", "source": place("then")});
    let rollback = app(&json!({"operation": {"sync": sync}}));
    assert_eq!(path(&rollback), "then");
    assert_eq!(revision_of(&rollback), Some("abc"));
    let sync = json!({"revisions": ["abc"], "sources": [place("then")]});
    let rollback = app(&json!({"operation": {"sync": sync}}));
    assert_eq!(path(&rollback), "then");
    assert_eq!(revision_of(&rollback), Some("abc"));
    let plain = app(&json!({"operation": {"sync": {}}}));
    assert_eq!((path(&plain).as_str(), revision_of(&plain)), ("now", None));
}

/// A sync keeps to what it began with; what comes after it, and what is stopped, does not.
#[test]
fn sync_keeps_to_its_source() {
    let result = json!({"revision": "abc", "source": place("then")});
    let later = json!({"sync": {"revision": "def", "source": place("later")}});
    let begun = running("Running", &result);
    let syncing = app(&json!({"status": begun, "operation": later}));
    assert_eq!(path(&syncing), "then");
    assert_eq!(revision_of(&syncing), Some("abc"));
    let done = app(&json!({"status": running("Failed", &result)}));
    assert_eq!((path(&done).as_str(), revision_of(&done)), ("now", None));
    let stopped = running("Terminating", &result);
    let stopped = app(&json!({"status": stopped, "operation": later}));
    assert_eq!(path(&stopped), "now");
    assert_eq!(revision_of(&stopped), None);
    let old = app(&json!({"status": running("Running", &json!({"revision": "abc"}))}));
    assert_eq!(path(&old), "now", "a record without a source");
}

/// G-121: nothing is rolled back that would be synced forth again at once.
#[test]
fn automated_application_stays_where_its_source_is() {
    let automated = app(&json!({"automated": {}}));
    let rollback = json!({"revision": "main", "source": place("then")});
    assert_eq!(
        refusal(&automated, &asked(&rollback)).as_deref(),
        Some("rollback cannot be initiated when auto-sync is enabled")
    );
    let elsewhere = json!({"revision": "abc"});
    assert_eq!(
        refusal(&automated, &asked(&elsewhere)).as_deref(),
        Some("Cannot sync to abc: auto-sync currently set to main")
    );
    for fine in [
        json!({}),
        json!({"revision": ""}),
        json!({"revision": "main", "source": place("now")}),
        json!({"revision": "abc", "dryRun": true}),
    ] {
        assert_eq!(refusal(&automated, &asked(&fine)), None, "{fine}");
    }
    for by_hand in [json!({}), json!({"automated": {"enabled": false}})] {
        let by_hand = app(&by_hand);
        assert_eq!(refusal(&by_hand, &asked(&rollback)), None);
        assert_eq!(refusal(&by_hand, &asked(&elsewhere)), None);
    }
}

/// A request that cannot be carried out as it stands is not carried out as another.
#[test]
fn request_that_is_not_understood_is_refused() {
    let app = app(&json!({}));
    let two = json!([place("a"), place("b")]);
    for (sync, named) in [
        (json!({"manifests": ["{}"]}), "operation.sync.manifests"),
        (json!({"sources": two}), "operation.sync.sources"),
        (json!({"revisions": ["a", "b"]}), "operation.sync.revisions"),
    ] {
        let text = refusal(&app, &asked(&sync)).unwrap();
        assert!(text.contains(named), "{text}");
    }
    let nothing = refusal(&app, &Operation::default()).unwrap();
    assert!(nothing.starts_with("operation.sync is missing"));
}

#[test]
fn refused_request_changes_nothing_that_is_compared() {
    let sync = json!({"revision": "abc", "source": place("then"), "manifests": ["{}"]});
    let refused = app(&json!({"operation": {"sync": sync}}));
    assert_eq!(path(&refused), "now");
    assert_eq!(revision_of(&refused), None);
}
