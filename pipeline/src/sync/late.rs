//! A sync that waited for Secrets as long as it may, and what is remembered of it.
//!
//! Its message in the status is the only record, so that a restart forgets nothing: the text is
//! written and read here.

use api::argo::{Application, OperationPhase, OperationState};
use manifests::ObjectId;

/// How the message begins.
const GAVE_UP: &str = "gave up after ";

/// Says that workloads waited in vain; `waits` tells each as [`crate::consumers::Held`] is displayed.
pub fn gave_up(limit: &str, waits: &str) -> String {
    format!("{GAVE_UP}{limit}: {waits}")
}

/// Returns the last sync, if all it failed for, for now or for good, is that workloads waited for
/// Secrets in vain.
pub fn gave_up_waiting(app: &Application) -> Option<&OperationState> {
    let state = app.status.as_ref()?.operation_state.as_ref()?;
    let has_failed = match state.phase {
        OperationPhase::Failed => true,
        // Until the next try.
        OperationPhase::Running => state.finished_at.is_some(),
        _ => false,
    };
    let message = state.message.as_deref()?;
    (has_failed && message.starts_with(GAVE_UP)).then_some(state)
}

/// Whether a workload is one of those that the sync waited with.
pub fn waited_with(state: &OperationState, workload: &ObjectId) -> bool {
    let told = format!(" {workload} waits for ");
    let message = state.message.as_deref();
    message.is_some_and(|message| message.contains(&told))
}

#[cfg(test)]
mod tests {
    use manifests::GroupKind;
    use serde_json::{Value, json};

    use super::*;

    fn app(phase: &str, finished: &Value, message: &str) -> Application {
        let object = json!({
            "metadata": {"name": "web", "namespace": "argocd"},
            "spec": {"project": "default", "destination": {}},
            "status": {"operationState": {
                "phase": phase, "message": message, "operation": {},
                "startedAt": "2026-01-01T00:00:00Z", "finishedAt": finished,
            }},
        });
        serde_json::from_value(object).unwrap()
    }

    #[test]
    fn record_tells_who_waited_in_vain() {
        let waits = "Deployment/prod/web waits for Secret prod/db: ExternalSecret prod/db: no; \
                     StatefulSet/prod/db waits for Secret prod/db: ExternalSecret prod/db: no";
        let text = gave_up("2m0s", waits) + ". Retrying attempt #1 at 3:04PM.";
        let over = json!("2026-01-01T00:02:00Z");
        for (phase, finished, expected) in [
            ("Failed", &over, true),
            ("Running", &over, true),
            ("Running", &Value::Null, false),
            ("Succeeded", &over, false),
            ("Terminating", &over, false),
        ] {
            let app = app(phase, finished, &text);
            assert_eq!(gave_up_waiting(&app).is_some(), expected, "{phase}");
        }
        let other = app("Failed", &over, "one or more objects failed to apply");
        assert!(gave_up_waiting(&other).is_none());
        let app = app("Failed", &over, &text);
        let state = gave_up_waiting(&app).unwrap();
        let waited = |kind: &str, name: &str| {
            let kind = GroupKind::new("apps", kind);
            waited_with(state, &ObjectId::new(kind, Some("prod"), name))
        };
        assert!(waited("Deployment", "web") && waited("StatefulSet", "db"));
        assert!(!waited("Deployment", "db") && !waited("Set", "db"));
    }
}
