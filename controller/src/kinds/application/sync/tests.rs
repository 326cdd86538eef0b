use api::argo::{RetryStrategy, SyncOperation};
use manifests::{GroupKind, ObjectId};
use serde_json::json;

use super::*;

fn app() -> Application {
    let object = json!({
        "metadata": {"name": "web", "namespace": "argocd"},
        "spec": {
            "project": "default", "destination": {},
            "syncPolicy": {"syncOptions": ["PruneLast=true", "CreateNamespace=false", "odd"]},
        },
    });
    serde_json::from_value(object).unwrap()
}

fn now() -> Timestamp {
    "2026-01-01T15:04:05Z".parse().unwrap()
}

#[test]
fn options_of_the_operation_win() {
    let app = app();
    assert!(is_set(&app, None, "PruneLast"));
    assert!(!is_set(&app, None, "CreateNamespace"));
    let operation = Operation {
        sync: Some(SyncOperation {
            sync_options: vec!["CreateNamespace=true".to_owned()],
            ..SyncOperation::default()
        }),
        ..Operation::default()
    };
    assert!(is_set(&app, Some(&operation), "CreateNamespace"));
    assert!(waves(&app, Some(&operation)).prune_last);
}

fn task(kind: &str, name: &str) -> Task {
    Task {
        id: ObjectId::new(GroupKind::new("", kind), Some("apps"), name),
        version: "v1".to_owned(),
        wave: 0,
        rank: 0,
        act: TaskAct::Apply,
    }
}

fn chosen(kind: &str, name: &str, exclude: bool) -> SyncOperationResource {
    SyncOperationResource {
        kind: kind.to_owned(),
        name: name.to_owned(),
        exclude: exclude.then_some(true),
        ..SyncOperationResource::default()
    }
}

#[test]
fn objects_are_chosen_or_left_out() {
    let only = [chosen("ConfigMap", "a", false)];
    assert!(is_chosen(&only, &task("ConfigMap", "a")));
    assert!(!is_chosen(&only, &task("ConfigMap", "b")));
    assert!(!is_chosen(&only, &task("Secret", "a")));
    let but = [chosen("ConfigMap", "a", true)];
    assert!(!is_chosen(&but, &task("ConfigMap", "a")));
    assert!(is_chosen(&but, &task("ConfigMap", "b")));
}

/// G-063: a sync that is asked to use force makes anew what cannot be changed.
#[test]
fn force_is_of_the_strategy_or_an_option() {
    let whole = pipeline::unit::argo::to_delete(&app(), "argocd");
    let of = |sync: serde_json::Value| {
        let operation = serde_json::from_value(json!({"sync": sync})).unwrap();
        unit(&app(), &whole, &operation).immutable
    };
    assert_eq!(of(json!({})), ImmutableChange::Refuse);
    for forced in [
        json!({"syncStrategy": {"apply": {"force": true}}}),
        json!({"syncStrategy": {"hook": {"force": true}}}),
        json!({"syncOptions": ["Force=true"]}),
    ] {
        assert_eq!(of(forced), ImmutableChange::Recreate);
    }
}

/// G-121: the record names the source that is synced, so that it is what goes on after a restart.
#[test]
fn record_names_the_source_of_the_sync() {
    let then = json!({"repoURL": "https://git.example.com/r", "path": "then"});
    let rollback = json!({"sync": {"revisions": ["abc"], "sources": [then]}});
    let operation: Operation = serde_json::from_value(rollback).unwrap();
    let sources = operation.sync.clone().unwrap().sources;
    let result = begun(&app(), operation, "abc", now()).sync_result.unwrap();
    assert_eq!((result.source, result.sources), (None, sources));
    assert_eq!(result.revisions, ["abc"]);
}

/// G-052, G-053: it stays on its way while tries are left, and says when the next one is.
#[test]
fn failed_sync_says_when_it_is_tried_again() {
    let operation = Operation {
        retry: Some(RetryStrategy {
            limit: Some(1),
            ..RetryStrategy::default()
        }),
        ..Operation::default()
    };
    let mut state = begun(&app(), operation, "abc", now());
    failed(&mut state, "no", now());
    assert_eq!(state.phase, OperationPhase::Running);
    assert_eq!(state.retry_count, Some(1));
    assert!(state.finished_at.is_some());
    let message = state.message.clone().unwrap();
    assert_eq!(message, "no. Retrying attempt #1 at 3:04PM.");
    failed(&mut state, "no", now());
    assert_eq!(state.phase, OperationPhase::Failed);
    assert_eq!(state.message.as_deref(), Some("no (retried 1 times)."));
}
