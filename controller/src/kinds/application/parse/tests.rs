use serde_json::{Value, json};

use super::*;

fn age(metadata: &Value, operation: &Value, running: bool, now: &str) -> Duration {
    let mut object = json!({
        "metadata": {
            "name": "web", "namespace": "argocd", "creationTimestamp": "2026-01-01T00:00:00Z",
        },
        "spec": {
            "project": "default", "destination": {"namespace": "prod"},
            "source": {"repoURL": "https://git.example.com/r", "path": "p"},
        },
        "operation": operation,
    });
    if running {
        object["status"] = json!({"operationState": {
            "phase": "Running", "operation": {"sync": {}}, "startedAt": "2026-01-01T00:01:00Z",
        }});
    }
    object["metadata"]["annotations"] = metadata.clone();
    let wanted = parse(&serde_json::from_value(object).unwrap()).unwrap();
    wanted.answer_age(now.parse().unwrap())
}

/// G-116, G-123: who asks for something is not answered with what the repository had before.
#[test]
fn request_is_not_answered_with_what_was_there_before() {
    let later = "2026-01-01T00:10:00Z";
    let none = Value::Null;
    let asked = json!({"sync": {}});
    assert_eq!(age(&none, &none, false, later), FRESH);
    assert_eq!(age(&none, &asked, false, later), Duration::ZERO);
    assert_eq!(
        age(&none, &asked, true, later),
        FRESH,
        "the one on its way comes first"
    );
    let refresh = json!({argo::REFRESH: "normal"});
    assert_eq!(age(&refresh, &none, false, later), Duration::ZERO);
}

#[test]
fn first_look_is_not_older_than_the_application() {
    let age = |now| age(&Value::Null, &Value::Null, false, now);
    assert_eq!(age("2025-12-31T23:59:59Z"), Duration::ZERO, "clocks differ");
    assert_eq!(age("2026-01-01T00:00:00.9Z"), Duration::ZERO);
    assert_eq!(age("2026-01-01T00:00:04Z"), Duration::from_secs(3));
    assert_eq!(age("2026-01-01T00:00:30Z"), FRESH);
}
