use serde_json::{Value, json};

use super::*;

const NOW: &str = "2026-01-01T00:10:00Z";

/// An Application with a sync policy and what became of its last sync.
fn app(policy: &Value, last: &Value) -> Application {
    let mut object = json!({
        "metadata": {"name": "web", "namespace": "argocd"},
        "spec": {
            "project": "default",
            "source": {"repoURL": "https://git.example.com/r", "path": "p"},
            "destination": {"server": "https://kubernetes.default.svc"},
            "syncPolicy": policy,
        },
    });
    if !last.is_null() {
        let mut last = last.clone();
        last["syncResult"]["source"] = object["spec"]["source"].clone();
        last["startedAt"] = json!("2026-01-01T00:00:00Z");
        object["status"] = json!({"operationState": last});
    }
    serde_json::from_value(object).unwrap()
}

fn resource(name: &str, status: SyncCode, requires_pruning: bool) -> ResourceStatus {
    ResourceStatus {
        version: "v1".to_owned(),
        kind: "ConfigMap".to_owned(),
        name: name.to_owned(),
        status: Some(status),
        requires_pruning,
        ..ResourceStatus::default()
    }
}

fn decision(app: &Application, resources: &[ResourceStatus]) -> Decision {
    decision_once(false, app, resources)
}

fn decision_once(is_freed: bool, app: &Application, resources: &[ResourceStatus]) -> Decision {
    let is_synced = |object: &ResourceStatus| object.status == Some(SyncCode::Synced);
    let sync = if resources.iter().all(is_synced) {
        SyncCode::Synced
    } else {
        SyncCode::OutOfSync
    };
    decide(&Decide {
        app,
        sync,
        resources,
        revision: "abc",
        is_freed,
        now: NOW.parse().unwrap(),
    })
}

fn drifted() -> Vec<ResourceStatus> {
    vec![
        resource("a", SyncCode::Synced, false),
        resource("b", SyncCode::OutOfSync, false),
    ]
}

fn tried(phase: &str, healed: Option<i64>, finished: &str) -> Value {
    json!({
        "phase": phase, "message": "no", "finishedAt": finished,
        "operation": {"sync": {"autoHealAttemptsCount": healed}},
        "syncResult": {"revision": "abc"},
    })
}

/// G-043, G-044, G-047: only an Application that asks for it is synced by itself.
#[test]
fn automation_begins_a_sync_of_everything() {
    let drifted = drifted();
    for policy in [json!({}), json!({"automated": {"enabled": false}})] {
        assert_eq!(
            decision(&app(&policy, &Value::Null), &drifted),
            Decision::Nothing
        );
    }
    let automated = json!({"automated": {}, "syncOptions": ["PruneLast=true"]});
    let app = app(&automated, &Value::Null);
    let Decision::Start(operation) = decision(&app, &drifted) else {
        panic!("it does not begin")
    };
    let sync = operation.sync.unwrap();
    assert_eq!(sync.revision.as_deref(), Some("abc"));
    assert_eq!((sync.prune, sync.resources), (None, None));
    assert_eq!(sync.sync_options, ["PruneLast=true"]);
    assert_eq!(operation.retry.unwrap().limit, Some(5));
    assert_eq!(operation.initiated_by.unwrap().automated, Some(true));
    let synced = [resource("a", SyncCode::Synced, false)];
    assert_eq!(decision(&app, &synced), Decision::Nothing);
}

/// G-043: another path is a new wish at the same commit, also where the only source stands in a list.
#[test]
fn source_that_was_changed_is_synced_at_the_same_commit() {
    let listed = |path: &str| {
        let source = json!({"repoURL": "https://git.example.com/r", "path": path});
        serde_json::from_value(json!([source])).unwrap()
    };
    let done = tried("Succeeded", None, "2026-01-01T00:00:00Z");
    let mut app = app(&json!({"automated": {}}), &done);
    app.spec.source = None;
    app.spec.sources = listed("p");
    let state = app.status.as_mut().unwrap().operation_state.as_mut();
    let result = state.unwrap().sync_result.as_mut().unwrap();
    (result.source, result.sources) = (None, listed("p"));
    assert_eq!(decision(&app, &drifted()), Decision::Nothing);
    app.spec.sources = listed("q");
    let Decision::Start(operation) = decision(&app, &drifted()) else {
        panic!("it does not begin")
    };
    assert_eq!(operation.sync.unwrap().sources, listed("q"));
}

/// G-045: without prune, objects that only require pruning begin nothing.
#[test]
fn pruning_alone_begins_a_sync_only_with_prune() {
    let resources = [
        resource("a", SyncCode::Synced, false),
        resource("b", SyncCode::OutOfSync, true),
    ];
    let without = app(&json!({"automated": {}}), &Value::Null);
    assert_eq!(decision(&without, &resources), Decision::Nothing);
    let with = app(&json!({"automated": {"prune": true}}), &Value::Null);
    assert!(matches!(decision(&with, &resources), Decision::Start(_)));
}

/// G-046: an empty source deletes nothing unless that is said to be right.
#[test]
fn everything_is_never_pruned_by_accident() {
    let resources = [resource("a", SyncCode::OutOfSync, true)];
    let guarded = app(&json!({"automated": {"prune": true}}), &Value::Null);
    let Decision::Blocked(text) = decision(&guarded, &resources) else {
        panic!("it is not blocked")
    };
    assert!(
        text.contains("auto-sync will wipe out all resources"),
        "{text}"
    );
    assert!(text.contains("allowEmpty"), "{text}");
    let allowed = json!({"automated": {"prune": true, "allowEmpty": true}});
    let allowed = app(&allowed, &Value::Null);
    assert!(matches!(decision(&allowed, &resources), Decision::Start(_)));
}

/// G-051: a commit that failed is not tried for ever; the next commit is.
#[test]
fn failed_commit_blocks_until_the_next() {
    let policy = json!({"automated": {"selfHeal": true}});
    let mut failed = tried("Failed", None, "2026-01-01T00:00:00Z");
    let app_of = |last: &Value| app(&policy, last);
    assert_eq!(
        decision(&app_of(&failed), &drifted()),
        Decision::Blocked("Failed last sync attempt to abc: no".to_owned())
    );
    failed["syncResult"]["revision"] = json!("older");
    assert!(matches!(
        decision(&app_of(&failed), &drifted()),
        Decision::Start(_)
    ));
}

/// G-051: that a Secret came too late was not the commit's fault: it is synced when it is there.
#[test]
fn late_secret_frees_the_commit_that_waited_for_it() {
    let policy = json!({"automated": {}});
    let failed = app(&policy, &tried("Failed", None, "2026-01-01T00:00:00Z"));
    assert!(matches!(
        decision(&failed, &drifted()),
        Decision::Blocked(_)
    ));
    let Decision::Start(operation) = decision_once(true, &failed, &drifted()) else {
        panic!("it does not begin")
    };
    assert_eq!(operation.sync.unwrap().resources, None, "all of it");
    let by_hand = app(&json!({}), &tried("Failed", None, "2026-01-01T00:00:00Z"));
    assert_eq!(decision_once(true, &by_hand, &drifted()), Decision::Nothing);
    let running = app(&policy, &tried("Running", None, "2026-01-01T00:00:00Z"));
    assert_eq!(decision_once(true, &running, &drifted()), Decision::Nothing);
}

/// G-049: drift stays without selfHeal. G-050: with it, only what drifted is synced.
#[test]
fn drift_is_healed_only_where_that_is_asked_for() {
    let done = tried("Succeeded", None, "2026-01-01T00:00:00Z");
    let stays = app(&json!({"automated": {}}), &done);
    assert_eq!(decision(&stays, &drifted()), Decision::Nothing);
    let heals = app(&json!({"automated": {"selfHeal": true}}), &done);
    let Decision::Start(operation) = decision(&heals, &drifted()) else {
        panic!("it does not heal")
    };
    let sync = operation.sync.unwrap();
    let names: Vec<String> = sync
        .resources
        .unwrap()
        .into_iter()
        .map(|it| it.name)
        .collect();
    assert_eq!(names, ["b"]);
    assert_eq!(sync.auto_heal_attempts_count, Some(1));
}

/// G-048: 0, 2, 6, 18, 54, 162, then 300 s after the end of the last sync.
#[test]
fn healing_again_and_again_slows_down() {
    let policy = json!({"automated": {"selfHeal": true}});
    let waits: Vec<u64> = (0..9)
        .map(|healed| {
            let last = tried("Succeeded", Some(healed), NOW);
            match decision(&app(&policy, &last), &drifted()) {
                Decision::Start(_) => 0,
                Decision::Later(wait) => wait.as_secs(),
                other => panic!("{other:?}"),
            }
        })
        .collect();
    assert_eq!(waits, [0, 2, 6, 18, 54, 162, 300, 300, 300]);
}

fn waits(strategy: &Value) -> Vec<u64> {
    let operation: Operation = serde_json::from_value(json!({"retry": strategy})).unwrap();
    (0..8)
        .map_while(|tries| retry(&operation, tries))
        .map(|wait| wait.as_secs())
        .collect()
}

/// G-052, G-053: the seeds' values, the cap, none and for ever.
#[test]
fn waits_between_tries_grow_to_their_limit() {
    let of = |limit: i64, first: &str, longest: &str| json!({"limit": limit, "backoff": {"duration": first, "factor": 2, "maxDuration": longest}});
    assert_eq!(waits(&of(5, "5s", "3m")), [5, 10, 20, 40, 80]);
    assert_eq!(waits(&of(3, "10s", "1m")), [10, 20, 40]);
    assert_eq!(waits(&of(-1, "30", "1m")), [30, 60, 60, 60, 60, 60, 60, 60]);
    assert_eq!(waits(&of(0, "5s", "3m")), [0_u64; 0]);
    assert_eq!(waits(&json!({"limit": 2})), [5, 10]);
    let none = Operation::default();
    assert_eq!(retry(&none, 0), None);
    let huge =
        json!({"limit": -1, "backoff": {"duration": "5s", "factor": 100, "maxDuration": "3m"}});
    let operation: Operation = serde_json::from_value(json!({"retry": huge})).unwrap();
    assert_eq!(retry(&operation, i64::MAX), Some(Duration::from_mins(3)));
}
