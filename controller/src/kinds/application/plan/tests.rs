use serde_json::{Value, json};

use super::super::parse::parse;
use super::*;

fn place(path: &str) -> Value {
    json!({"repoURL": "https://git.example.com/r", "path": path, "targetRevision": "main"})
}

fn wanted(policy: &Value, state: &Value, operation: &Value) -> Wanted {
    let mut object = json!({
        "metadata": {"name": "web", "namespace": "argocd"},
        "spec": {
            "project": "default", "destination": {"namespace": "prod"},
            "source": place("now"), "syncPolicy": policy,
        },
    });
    if !state.is_null() {
        object["status"] = json!({"operationState": state});
    }
    if !operation.is_null() {
        object["operation"] = operation.clone();
    }
    parse(&serde_json::from_value(object).unwrap()).unwrap()
}

fn state(phase: &str) -> Value {
    json!({
        "phase": phase, "startedAt": "2026-01-01T00:00:00Z",
        "operation": {"sync": {}, "initiatedBy": {"automated": true}},
        "syncResult": {"revision": "abc", "source": place("then")},
    })
}

fn decided(wanted: &Wanted) -> Next {
    decided_once(false, wanted)
}

fn decided_once(is_freed: bool, wanted: &Wanted) -> Next {
    let now = "2026-01-01T00:01:00Z".parse().unwrap();
    next(wanted, || Next::Nothing, is_freed, now)
}

/// G-118: what somebody stopped ends, and neither goes on nor keeps all others away for ever.
#[test]
fn stopped_sync_ends() {
    let asked = json!({"sync": {}});
    let stopped = wanted(&json!({}), &state("Terminating"), &asked);
    assert!(matches!(decided(&stopped), Next::Stop(_)));
    let ended = wanted(&json!({}), &state("Failed"), &asked);
    assert!(matches!(decided(&ended), Next::Begin(_)));
    let running = wanted(&json!({}), &state("Running"), &asked);
    assert!(matches!(decided(&running), Next::Continue(_)));
}

/// An edit of the source does not turn a sync that is on its way into one of something else.
#[test]
fn sync_on_its_way_is_built_from_its_own_source() {
    let running = wanted(&json!({}), &state("Running"), &Value::Null);
    assert_eq!(running.source.path.as_str(), "then");
    assert_eq!(running.revision(), "abc");
    assert!(running.is_elsewhere);
    let ended = wanted(&json!({}), &state("Succeeded"), &Value::Null);
    assert_eq!(ended.source.path.as_str(), "now");
    assert_eq!(ended.revision(), "main");
    assert!(!ended.is_elsewhere);
}

/// G-121: a rollback is of the source in the request; where the Application is synced by itself it
/// is refused, and what is compared stays what it was.
#[test]
fn rollback_is_of_its_own_source_or_refused() {
    let rollback = json!({"sync": {"revision": "abc", "source": place("then")}});
    let asked = wanted(&json!({}), &Value::Null, &rollback);
    assert_eq!(asked.source.path.as_str(), "then");
    assert_eq!(asked.revision(), "abc");
    assert!(asked.is_elsewhere);
    assert!(matches!(decided(&asked), Next::Begin(_)));
    let refused = wanted(&json!({"automated": {}}), &Value::Null, &rollback);
    assert_eq!(refused.source.path.as_str(), "now");
    assert_eq!(refused.revision(), "main");
    let Next::Refuse(_, message) = decided(&refused) else {
        panic!("it begins")
    };
    assert_eq!(
        message,
        "rollback cannot be initiated when auto-sync is enabled"
    );
}

/// G-052: a try has all of its time, and begins at once when what was waited for in vain has come.
#[test]
fn try_has_its_own_time_and_comes_early_when_the_secret_does() {
    let mut failed = state("Running");
    failed["finishedAt"] = json!("2026-01-01T00:00:58Z");
    failed["retryCount"] = json!(1);
    failed["operation"]["retry"] = json!({"limit": 1, "backoff": {"duration": "1m"}});
    let waiting = wanted(&json!({}), &failed, &Value::Null);
    let Next::Later(left) = decided(&waiting) else {
        panic!("it does not wait")
    };
    assert_eq!(left, Duration::from_secs(58));
    failed["operation"]["retry"]["backoff"]["duration"] = json!("1s");
    let due = wanted(&json!({}), &failed, &Value::Null);
    for next in [decided(&due), decided_once(true, &waiting)] {
        let Next::Continue(state) = next else {
            panic!("it does not go on")
        };
        assert_eq!(state.started_at.0, "2026-01-01T00:01:00Z".parse().unwrap());
        assert_eq!((state.finished_at, state.retry_count), (None, Some(1)));
    }
}
