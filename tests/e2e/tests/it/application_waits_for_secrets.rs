//! The workload of an Application waits for its Secret as that of a Kustomization does.

use serde_json::json;

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
