use std::collections::BTreeSet;

use api::argo::{Operation, SyncOperation};
use manifests::{GroupKind, ObjectId};
use pipeline::comparison::{Compared, Comparison, InSync};
use pipeline::health::Health;
use serde_json::json;

use super::*;

fn app() -> Application {
    let object = json!({
        "metadata": {"name": "web", "namespace": "argocd"},
        "spec": {
            "project": "default", "revisionHistoryLimit": 2,
            "source": {"repoURL": "https://git.example.com/r", "path": "p"},
            "destination": {"server": "https://kubernetes.default.svc"},
        },
    });
    serde_json::from_value(object).unwrap()
}

fn time(minute: u32) -> Timestamp {
    format!("2026-01-01T00:{minute:02}:00Z").parse().unwrap()
}

fn applied(health: Health, minute: u32) -> Applied {
    Applied {
        revision: "abc".to_owned(),
        source_type: "Directory".to_owned(),
        comparison: Comparison {
            objects: vec![Compared {
                id: ObjectId::new(GroupKind::new("", "ConfigMap"), Some("apps"), "a"),
                version: "v1".to_owned(),
                sync: Some(InSync::Synced),
                requires_pruning: false,
                health: None,
                wave: 0,
            }],
            sync: InSync::Synced,
            health,
            health_message: String::new(),
            claimed: Vec::new(),
            shared: Vec::new(),
            images: BTreeSet::new(),
        },
        operation: None,
        conditions: Vec::new(),
        again: None,
        interval: Duration::from_mins(2),
        notes: Vec::new(),
        began: time(minute),
    }
}

fn succeeded(minute: u32) -> Applied {
    let operation = Operation {
        sync: Some(SyncOperation::default()),
        ..Operation::default()
    };
    let mut state = sync::begun(&app(), operation, "abc", time(minute));
    sync::succeeded(&mut state, "done".to_owned(), time(minute));
    Applied {
        operation: Some(state),
        ..applied(Health::Healthy, minute)
    }
}

/// G-120: the oldest entries go, ids go on.
#[test]
fn history_is_trimmed_and_its_ids_grow() {
    let mut app = app();
    for minute in 0..4 {
        app.status = Some(status(&app, &Ok(succeeded(minute)), time(minute)));
    }
    let history = app.status.unwrap().history;
    let ids: Vec<i64> = history.iter().map(|entry| entry.id).collect();
    assert_eq!(ids, [2, 3]);
    assert_eq!(history[0].revision.as_deref(), Some("abc"));
}

/// G-120, G-121: what a rollback needs is in the history, also where the source stands in a list.
#[test]
fn history_names_the_sources() {
    let mut app = app();
    app.spec.sources.extend(app.spec.source.take());
    let operation = Operation {
        sync: Some(SyncOperation::default()),
        ..Operation::default()
    };
    let mut state = sync::begun(&app, operation, "abc", time(0));
    sync::succeeded(&mut state, "done".to_owned(), time(0));
    let applied = Applied {
        operation: Some(state),
        ..applied(Health::Healthy, 0)
    };
    let status = status(&app, &Ok(applied), time(0));
    assert_eq!(status.history[0].sources, app.spec.sources);
    assert_eq!(status.history[0].revisions, ["abc"]);
    let compared = status.sync.unwrap().compared_to.unwrap();
    assert_eq!(compared.sources, app.spec.sources);
}

/// G-118: what somebody stopped ends also where nothing can be compared.
#[test]
fn stopped_sync_ends_without_the_repository() {
    let mut app = app();
    let mut stopped = succeeded(0).operation.unwrap();
    stopped.phase = OperationPhase::Terminating;
    stopped.finished_at = None;
    app.status = Some(ApplicationStatus {
        operation_state: Some(stopped),
        ..ApplicationStatus::default()
    });
    let away = Error::new(Category::Unavailable, argo::COMPARISON_ERROR, "away");
    let state = status(&app, &Err(away), time(1)).operation_state.unwrap();
    assert_eq!(state.phase, OperationPhase::Failed);
    assert_eq!(state.message.as_deref(), Some("Operation terminated"));
    assert_eq!(state.finished_at, Some(whole_seconds(time(1))));
}

/// G-050: a sync of some objects makes no history.
#[test]
fn partial_sync_makes_no_history() {
    let mut applied = succeeded(0);
    if let Some(state) = &mut applied.operation {
        state.operation.sync = Some(SyncOperation {
            resources: Some(Vec::new()),
            ..SyncOperation::default()
        });
    }
    let status = status(&app(), &Ok(applied), time(0));
    assert!(status.history.is_empty());
    assert_eq!(
        status.operation_state.unwrap().phase,
        OperationPhase::Succeeded
    );
}

/// A look at which nothing new was seen changes nothing at all, unless somebody asked for it.
#[test]
fn nothing_new_is_nothing_to_write() {
    let mut app = app();
    app.status = Some(status(&app, &Ok(applied(Health::Healthy, 0)), time(0)));
    let again = status(&app, &Ok(applied(Health::Healthy, 5)), time(5));
    assert_eq!(Some(&again), app.status.as_ref());
    assert_eq!(handled(&app, &Ok(applied(Health::Healthy, 5))), None);
    app.metadata.annotations = Some([(argo::REFRESH.to_owned(), "normal".to_owned())].into());
    let asked = status(&app, &Ok(applied(Health::Healthy, 5)), time(5));
    assert_eq!(asked.reconciled_at, Some(whole_seconds(time(5))));
    let off = handled(&app, &Ok(applied(Health::Healthy, 5))).unwrap();
    assert_eq!(
        off,
        json!({"metadata": {"annotations": {argo::REFRESH: null}}})
    );
}

#[test]
fn health_says_since_when() {
    let mut app = app();
    let since = |status: &ApplicationStatus| {
        let health = status.health.as_ref().unwrap();
        health.last_transition_time.clone().unwrap()
    };
    app.status = Some(status(&app, &Ok(applied(Health::Progressing, 0)), time(0)));
    app.status = Some(status(&app, &Ok(applied(Health::Progressing, 3)), time(3)));
    assert_eq!(since(app.status.as_ref().unwrap()), whole_seconds(time(0)));
    app.status = Some(status(&app, &Ok(applied(Health::Healthy, 4)), time(4)));
    assert_eq!(since(app.status.as_ref().unwrap()), whole_seconds(time(4)));
}

/// G-004, G-125: what is wrong is said under its condition; a server that is away changes nothing
/// else.
#[test]
fn failures_show_in_their_condition() {
    let mut app = app();
    app.status = Some(status(&app, &Ok(applied(Health::Healthy, 0)), time(0)));
    let sync = |status: &ApplicationStatus| status.sync.as_ref().unwrap().status;
    let away = Error::new(Category::Unavailable, argo::COMPARISON_ERROR, "away");
    let held = status(&app, &Err(away), time(1));
    assert_eq!(held.conditions[0].kind, argo::COMPARISON_ERROR);
    assert_eq!(sync(&held), SyncCode::Synced);
    let invalid = Error::new(Category::Invalid, argo::INVALID_SPEC_ERROR, "no project");
    let held = status(&app, &Err(invalid), time(1));
    assert_eq!(held.conditions[0].kind, argo::INVALID_SPEC_ERROR);
    assert_eq!(sync(&held), SyncCode::Unknown);
    assert_eq!(held.health.as_ref().unwrap().status, HealthCode::Unknown);
    app.status = Some(held);
    let healed = status(&app, &Ok(applied(Health::Healthy, 2)), time(2));
    assert!(healed.conditions.is_empty());
}

/// G-116: a request that cannot be fulfilled is answered, not kept for ever.
#[test]
fn operation_of_an_invalid_object_ends_with_an_error() {
    let mut app = app();
    app.operation = Some(Operation::default());
    app.metadata.resource_version = Some("7".to_owned());
    let invalid = || Error::new(Category::Invalid, argo::INVALID_SPEC_ERROR, "no project");
    let held = status(&app, &Err(invalid()), time(1));
    let state = held.operation_state.unwrap();
    assert_eq!(state.phase, OperationPhase::Error);
    assert_eq!(state.message.as_deref(), Some("no project"));
    let off = handled(&app, &Err(invalid())).unwrap();
    let seen = json!({"metadata": {"resourceVersion": "7"}, "operation": null});
    assert_eq!(off, seen, "one that came meanwhile stays");
}

/// What is on its way is looked at soon, what rests when the repository is asked again.
#[test]
fn the_next_look_depends_on_health() {
    let app = app();
    let resting = next(&app, &applied(Health::Healthy, 0));
    assert!(resting >= Duration::from_mins(2) && resting <= Duration::from_mins(3));
    assert_eq!(
        next(&app, &applied(Health::Progressing, 0)),
        Duration::from_secs(1)
    );
    let mut due = applied(Health::Healthy, 0);
    due.again = Some(Duration::from_secs(7));
    assert_eq!(next(&app, &due), Duration::from_secs(7));
}

/// Nobody is woken by the commit that mends what could not be applied: the Application looks itself,
/// as often as all others.
#[test]
fn what_cannot_be_applied_is_looked_at_again() {
    let again = |category| {
        let error = Error::new(category, argo::COMPARISON_ERROR, "app path does not exist");
        let error = error.again_in(Duration::from_secs(20));
        report(&app(), &Err(error)).again
    };
    let mended = again(Category::Invalid).expect("it looks again");
    assert!(mended >= Duration::from_secs(20) && mended <= Duration::from_secs(28));
    let malformed = Error::new(Category::Invalid, argo::INVALID_SPEC_ERROR, "no source");
    let edited = report(&app(), &Err(malformed)).again;
    assert!(edited.is_some_and(|wait| wait >= Duration::from_mins(2)));
    assert_eq!(again(Category::Unavailable), None, "its backoff says when");
}
