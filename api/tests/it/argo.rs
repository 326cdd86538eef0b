use api::argo::{
    AppProject, Application, ApplicationStatus, DEFAULT_PROJECT, HealthCode, OperationPhase,
    SyncCode,
};
use kube::Resource;
use kube::core::object::HasStatus;
use serde_json::json;

use crate::{assert_keeps, manifest, round_trip};

const PAYMENT_SERVICE: &str =
    include_str!("../fixtures/M-05-application-payment-service-kustomize-twin.yaml");
const PAYMENT_SERVICE_HELM: &str =
    include_str!("../fixtures/M-05-application-payment-service.yaml");
const PRODUCTION_APPS: &str = include_str!("../fixtures/M-06-application-production-apps.yaml");
const SYNC_SETTINGS: &str = include_str!("../fixtures/M-09-application-sync-settings-twin.yaml");
const WITHOUT_PROJECT: &str = include_str!("../fixtures/M-13-application-payment-service.yaml");
const API_SERVER: &str = include_str!("../fixtures/M-21-application-api-server.yaml");
const FRONTEND: &str = include_str!("../fixtures/M-38-application-frontend.yaml");
const ROOT: &str = include_str!("../fixtures/M-39-application-root.yaml");
const FRONTEND_PROJECT: &str = include_str!("../fixtures/M-46-appproject-frontend-twin.yaml");

/// G-001: what users write is kept, whether it is supported or not.
#[test]
fn applications_keep_what_was_written() {
    for text in [
        PAYMENT_SERVICE,
        PAYMENT_SERVICE_HELM,
        PRODUCTION_APPS,
        SYNC_SETTINGS,
        WITHOUT_PROJECT,
        API_SERVER,
        FRONTEND,
        ROOT,
    ] {
        let (application, written) = round_trip::<Application>(text);
        assert_keeps(&written, &manifest(text), "");
        assert_eq!(application.meta().namespace.as_deref(), Some("argocd"));
    }
}

/// G-003: who names no project is in `default`.
#[test]
fn absent_project_is_the_default_one() {
    let (application, written) = round_trip::<Application>(WITHOUT_PROJECT);
    assert_eq!(application.spec.project, DEFAULT_PROJECT);
    assert_eq!(written["spec"]["project"], "default");
}

#[test]
fn empty_blocks_are_not_absent_ones() {
    let (application, _) = round_trip::<Application>(PRODUCTION_APPS);
    let directory = application.spec.source.unwrap().directory.unwrap();
    assert_eq!(directory.recurse, Some(true));
    assert!(directory.jsonnet.is_some());
    let mut user = manifest(ROOT);
    user["spec"]["syncPolicy"] = json!({ "automated": {} });
    let (application, _) = round_trip::<Application>(&user.to_string());
    assert!(application.spec.sync_policy.unwrap().automated.is_some());
}

/// G-001: fields nobody modelled survive at every level.
#[test]
fn unknown_fields_survive() {
    let mut user = manifest(PAYMENT_SERVICE);
    user["spec"]["sourceHydrator"] = json!({ "drySource": { "path": "dry" } });
    user["spec"]["source"]["colour"] = json!("red");
    user["spec"]["source"]["kustomize"]["shape"] = json!(["round"]);
    user["spec"]["syncPolicy"]["automated"]["hours"] = json!(null);
    user["spec"]["source"]["helm"] = json!({ "valuesObject": { "a": [1] }, "skipCrds": true });
    let (application, written) = round_trip::<Application>(&user.to_string());
    assert_keeps(&written, &user, "");
    let names: Vec<_> = application.spec.unmodelled.names().collect();
    assert_eq!(names, ["sourceHydrator"]);
}

/// Statuses that Argo CD left behind are read, words we do not know included.
#[test]
fn statuses_of_earlier_controllers_are_read() {
    let mut user = manifest(ROOT);
    user["status"] = json!({
        "sync": { "status": "Synced", "revision": "abc",
            "comparedTo": { "source": { "repoURL": "https://git.example.com/a" },
                            "destination": { "namespace": "argocd" } } },
        "health": { "status": "Sleeping" },
        "resources": [{ "version": "v1", "kind": "ConfigMap", "namespace": "a", "name": "b",
            "status": "OutOfSync", "requiresPruning": true, "syncWave": -1 }],
        "history": [{ "id": 3, "revision": "abc", "deployedAt": "2026-01-02T03:04:05Z" }],
        "operationState": { "operation": { "sync": { "revision": "abc" },
                "initiatedBy": { "automated": true }, "retry": { "limit": 5 } },
            "phase": "Succeeded", "message": "successfully synced (all tasks run)",
            "startedAt": "2026-01-02T03:04:04Z", "finishedAt": "2026-01-02T03:04:05Z",
            "syncResult": { "revision": "abc", "resources": [{ "group": "", "version": "v1",
                "kind": "ConfigMap", "namespace": "a", "name": "b", "status": "Synced",
                "message": "configured", "hookPhase": "Running", "syncPhase": "Sync" }] } },
        "sourceHydrator": { "currentOperation": {} },
    });
    user["operation"] = json!({ "sync": { "prune": true, "syncStrategy": { "hook": {} } } });
    let (application, written) = round_trip::<Application>(&user.to_string());
    let status: &ApplicationStatus = application.status().unwrap();
    assert_eq!(status.sync.as_ref().unwrap().status, SyncCode::Synced);
    assert_eq!(status.health.as_ref().unwrap().status, HealthCode::Unknown);
    assert_eq!(status.resources[0].status, Some(SyncCode::OutOfSync));
    let state = status.operation_state.as_ref().unwrap();
    assert_eq!(state.phase, OperationPhase::Succeeded);
    assert!(state.phase.is_completed());
    assert_eq!(
        application
            .operation
            .as_ref()
            .unwrap()
            .sync
            .as_ref()
            .unwrap()
            .prune,
        Some(true)
    );
    user["status"]["health"]["status"] = json!("Unknown");
    assert_keeps(&written, &user, "");
    assert_eq!(written["apiVersion"], "argoproj.io/v1alpha1");
    assert_eq!(written["kind"], "Application");
}

#[test]
fn projects_keep_what_was_written() {
    let (project, written) = round_trip::<AppProject>(FRONTEND_PROJECT);
    assert_keeps(&written, &manifest(FRONTEND_PROJECT), "");
    assert_eq!(project.spec.destinations.len(), 2);
    assert_eq!(project.spec.namespace_resource_whitelist, None);
    let mut user = manifest(FRONTEND_PROJECT);
    user["spec"]["namespaceResourceWhitelist"] = json!([]);
    user["spec"]["roles"] = json!([{ "name": "ci", "jwtTokens": [{ "iat": 1 }] }]);
    user["status"] = json!({ "jwtTokensByRole": { "ci": { "items": [{ "iat": 1 }] } } });
    let (project, written) = round_trip::<AppProject>(&user.to_string());
    assert_keeps(&written, &user, "");
    assert_eq!(project.spec.namespace_resource_whitelist, Some(Vec::new()));
}
