//! The workload of an Application waits for its Secret as that of a Kustomization does.

use serde_json::{Value, json};

use crate::applications::Deployed;
use crate::sealed::secret;
use crate::secrets_before_consumers::{external_secret, payments};
use crate::shared::shared;
use crate::tenant::config_map;

#[test]
fn workload_of_an_application_waits_for_its_secret() {
    let shared = shared();
    let namespace = "consumers-app";
    let deployed = Deployed::new(
        shared,
        namespace,
        &[
            ("web/a-payments.yaml", &payments("db", &["user"])),
            ("web/beside.yaml", &config_map("beside", "one")),
            // The store that is named does not exist.
            (
                "web/db.yaml",
                &external_secret("consumers-app/db", &["user"]),
            ),
        ],
    );
    deployed.app("web", &json!({}));
    let text = "Deployment/consumers-app/payments waits for Secret consumers-app/db: \
                ExternalSecret consumers-app/db: SecretSyncedError";
    let waiting = deployed.until("web", "waits", |app| {
        app["status"]["operationState"]["message"] == text
    });
    assert_eq!(waiting["status"]["operationState"]["phase"], "Running");
    assert!(deployed.object("ConfigMap", "beside").is_ok());
    assert!(deployed.object("Deployment", "payments").is_err());

    shared
        .world
        .create(&secret(namespace, "db", &[("user", "app")]));
    deployed.until("web", "has synced", |app| {
        app["status"]["operationState"]["phase"] == "Succeeded"
    });
    assert!(deployed.object("Deployment", "payments").is_ok());
}

/// G-051, G-052: a Secret that comes after the sync gave up has it tried again at once, the next try
/// that is still far away as well as a commit that is not tried any more.
#[test]
fn late_secret_has_the_sync_tried_again() {
    let shared = shared();
    let namespace = "late-app";
    let workload =
        |name: &str| payments("db", &["user"]).replace("\"payments\"", &format!("\"{name}\""));
    let deployed = Deployed::new(
        shared,
        namespace,
        &[
            ("spent/payments.yaml", &workload("spent")),
            ("paused/payments.yaml", &workload("paused")),
            // The store that is named does not exist.
            ("makers/db.yaml", &external_secret("late-app/db", &["user"])),
        ],
    );
    deployed.app("makers", &json!({}));
    deployed.until("makers", "has synced", |app| {
        app["status"]["operationState"]["phase"] == "Succeeded"
    });
    let retry = |limit: i64| json!({"limit": limit, "backoff": {"duration": "3m"}});
    deployed.app("spent", &json!({"syncPolicy": {"retry": retry(0)}}));
    deployed.app("paused", &json!({"syncPolicy": {"retry": retry(1)}}));
    let message = |app: &Value| {
        let message = &app["status"]["operationState"]["message"];
        message.as_str().unwrap_or_default().to_owned()
    };
    for app in ["spent", "paused"] {
        deployed.until(app, "waits", |app| {
            message(app).contains("waits for Secret")
        });
        // As if two minutes had passed: all there is to know about a sync is in its record.
        let began = json!({"status": {"operationState": {"startedAt": "2026-01-01T00:00:00Z"}}});
        deployed.patch(app, &began);
        deployed.until(app, "gives up", |app| {
            message(app).starts_with("gave up after 2m0s: ")
        });
    }
    let text = deployed.condition("spent", "SyncError");
    assert!(text.starts_with("Failed last sync attempt to "), "{text}");
    let paused = deployed.get("paused").expect("it is there");
    assert!(
        message(&paused).contains("Retrying attempt #1"),
        "{paused:#}"
    );
    assert!(deployed.object("Deployment", "spent").is_err());

    shared
        .world
        .create(&secret(namespace, "db", &[("user", "app")]));
    for app in ["spent", "paused"] {
        deployed.until(app, "has synced", |app| {
            app["status"]["operationState"]["phase"] == "Succeeded"
                && app["status"]["conditions"].is_null()
        });
        assert!(deployed.object("Deployment", app).is_ok());
    }
}
