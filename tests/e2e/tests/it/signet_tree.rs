//! `signet tree` beside the controller: what it made is shown, and who made it.

use e2e::{program, run};
use serde_json::{Value, json};

use crate::shared::shared;
use crate::tenant::{Tenant, config_map};

fn tree(tenant: &Tenant, arguments: &[&str]) -> String {
    let kubeconfig = tenant.world.cluster().kubeconfig().display().to_string();
    let fixed = ["tree", "--kubeconfig", &kubeconfig, "-n", &tenant.namespace];
    run(&program("signet"), [&fixed, arguments].concat(), &[], "").success()
}

const SECRETS: &str = "\
apiVersion: external-secrets.io/v1
kind: SecretStore
metadata: {name: fake}
spec: {provider: {fake: {data: [{key: login, value: tree-value-1}]}}}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: db}
spec:
  secretStoreRef: {name: fake}
  data: [{secretKey: password, remoteRef: {key: login}}]
";

#[test]
fn tree_shows_what_the_controller_made_and_who_waits_for_what() {
    let shared = shared();
    let tenant = Tenant::new(
        shared,
        "signet-tree",
        &[
            ("apps/a.yaml", &config_map("a", "one")),
            ("apps/secrets.yaml", SECRETS),
            ("broken/a.yaml", "kind: nothing\n"),
        ],
    );
    tenant.unit("apps", &json!({}));
    tenant.unit("broken", &json!({}));
    tenant.ready("apps");
    tenant.fails("broken", "BuildFailed");
    tenant.world.appears("Secret", &tenant.namespace, "db");
    tenant
        .world
        .condition("ExternalSecret", &tenant.namespace, "db", "Ready", "True");

    let text = tree(&tenant, &["kustomization/apps"]);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.first().is_some_and(|line| {
        line.starts_with("Kustomization/signet-tree/apps") && line.contains("main@sha1:")
    }));
    let made = "made by ExternalSecret/signet-tree/db from SecretStore/fake, ";
    assert!(
        text.contains("└─ Secret/signet-tree/db") && text.contains(made),
        "{text}"
    );
    assert!(!text.contains("tree-value-1"));

    let listing: Value = serde_json::from_str(&tree(&tenant, &["-o", "json"])).expect("it is JSON");
    let units = listing["units"].as_array().cloned().unwrap_or_default();
    let names: Vec<&str> = units
        .iter()
        .filter_map(|unit| unit["name"].as_str())
        .collect();
    assert_eq!(names, ["apps", "broken"]);
    let waits = units.last().and_then(|unit| unit["waits"].as_str());
    assert!(
        waits.is_some_and(|text| text.starts_with("BuildFailed: ")),
        "{listing:#}"
    );
    let health = |unit: &Value| unit["health"].clone();
    assert_eq!(units.first().map(health), Some(json!("Healthy")));
}
