//! `signet tree`, run in this process against a real API server.

use std::path::Path;
use std::time::{Duration, Instant};

use kubeseal_cli::io::Terminals;
use serde_json::{Value, json};

use crate::cluster::{cluster, kustomization, set_status, user};
use crate::tool::{Outcome, SIGNET, Tool};

fn tree(arguments: &[&str]) -> Outcome {
    tree_with(&SIGNET, cluster().kubeconfig().to_str().unwrap(), arguments)
}

fn tree_with(tool: &Tool, kubeconfig: &str, arguments: &[&str]) -> Outcome {
    let arguments = [&["tree", "--kubeconfig", kubeconfig], arguments].concat();
    tool.run(&arguments, b"", &[], Path::new("/nonexistent"))
}

fn apply(namespace: &str, manifests: &str) {
    let arguments = ["apply", "--server-side", "-n", namespace, "-f", "-"];
    cluster().kubectl(arguments, Some(manifests)).unwrap();
}

/// The line of an object, without the branches before it.
fn line<'a>(text: &'a str, object: &str) -> &'a str {
    let is_it = |line: &&str| line.split_whitespace().any(|word| word == object);
    let found = text.lines().find(is_it);
    assert!(found.is_some(), "no {object} in\n{text}");
    found.unwrap()
}

const REVISION: &str = "main@sha1:0123456789abcdef0123456789abcdef01234567";

fn ready(status: &str, reason: &str, message: &str) -> Value {
    json!({
        "observedGeneration": 1,
        "lastAppliedRevision": REVISION,
        "conditions": [{"type": "Ready", "status": status, "reason": reason, "message": message,
            "lastTransitionTime": "2026-01-01T00:00:00Z"}],
    })
}

const SECRETS: &str = "\
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: db}
spec: {secretStoreRef: {name: vault, kind: ClusterSecretStore}, target: {name: db-login}}
---
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: sealed}
spec: {encryptedData: {k: AgBy}}
---
apiVersion: v1
kind: Secret
metadata: {name: db-login}
stringData: {password: never-in-a-tree}
---
apiVersion: v1
kind: Secret
metadata: {name: plain}
stringData: {password: never-in-a-tree}
";

/// A Secret's line says who makes it, from where, and when it was refreshed last.
#[test]
fn secrets_say_who_makes_them() {
    let namespace = "tree-secrets";
    cluster().create_namespace(namespace).unwrap();
    apply(namespace, SECRETS);
    set_status(
        "externalsecret",
        namespace,
        "db",
        &json!({"refreshTime": "2025-12-31T22:00:00Z", "conditions": [{"type": "Ready",
            "status": "True", "reason": "SecretSynced",
            "lastTransitionTime": "2026-01-01T00:00:00Z"}]}),
    );
    let ids = [
        ("db_external-secrets.io_ExternalSecret", "v1"),
        ("sealed_bitnami.com_SealedSecret", "v1alpha1"),
        ("plain__Secret", "v1"),
    ];
    kustomization(namespace, &json!({}), &ids);
    let text = tree(&["ks/apps", "-n", namespace]).output();
    let made = line(&text, "Secret/tree-secrets/db-login");
    let words = "made by ExternalSecret/tree-secrets/db from ClusterSecretStore/vault, 2h ago";
    assert!(made.ends_with(words), "{text}");
    assert!(
        made.starts_with("│  └─ ") || made.starts_with("   └─ "),
        "{text}"
    );
    let missing = line(&text, "Secret/tree-secrets/sealed");
    assert!(missing.contains("Missing") && missing.contains("SealedSecret/tree-secrets/sealed"));
    let plain = line(&text, "Secret/tree-secrets/plain");
    assert!(
        plain.ends_with("made by Kustomization/tree-secrets/apps"),
        "{text}"
    );
    let listing = tree(&["ks/apps", "-n", namespace, "-o", "json"]).output();
    for text in [&text, &listing] {
        assert!(!text.contains("never-in-a-tree") && !text.contains("bmV2ZXItaW4tYS10cmVl"));
    }
}

/// Deployment, ReplicaSet and Pod are the controller manager's work: it is a real one.
#[test]
fn workloads_show_what_they_own() {
    let namespace = "tree-workloads";
    cluster().create_namespace(namespace).unwrap();
    apply(
        namespace,
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {selector: \
         {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: \
         [{name: c, image: x}]}}}\n",
    );
    kustomization(namespace, &json!({}), &[("web_apps_Deployment", "v1")]);
    set_status(
        "ks",
        namespace,
        "apps",
        &ready("True", "ReconciliationSucceeded", "Applied"),
    );
    let deadline = Instant::now() + Duration::from_secs(30);
    let found = loop {
        let found = tree(&["-n", namespace, "-o", "json"]).json();
        if found
            .pointer("/units/0/children/0/children/0/children/0")
            .is_some()
        {
            break found;
        }
        assert!(Instant::now() < deadline, "{found:#}");
        std::thread::yield_now();
    };
    let unit = &found["units"][0];
    assert_eq!(unit["kind"], "Kustomization");
    assert_eq!(unit["health"], "Healthy");
    assert_eq!(unit["revision"], REVISION);
    assert!(unit["created"].is_string());
    let deployment = &unit["children"][0];
    assert_eq!(deployment["apiVersion"], "apps/v1");
    assert_eq!(deployment["health"], "Progressing");
    let set = &deployment["children"][0];
    assert_eq!(
        (&set["kind"], &set["children"][0]["kind"]),
        (&json!("ReplicaSet"), &json!("Pod"))
    );
    let text = tree(&["-n", namespace]).output();
    let revision = line(&text, "Kustomization/tree-workloads/apps");
    assert!(revision.ends_with("main@sha1:0123456789ab"), "{text}");
    assert_eq!(text.lines().count(), 4, "{text}");
    for (number, branch) in ["Kust", "└─ Depl", "   └─ Repl", "      └─ Pod"]
        .iter()
        .enumerate()
    {
        assert!(
            text.lines().nth(number).unwrap().starts_with(branch),
            "{text}"
        );
    }
}

#[test]
fn a_unit_that_waits_says_why_and_what_is_missing_is_shown() {
    let namespace = "tree-waits";
    cluster().create_namespace(namespace).unwrap();
    kustomization(namespace, &json!({}), &[("gone__ConfigMap", "v1")]);
    let message = "apps waits for Secret tree-waits/db";
    set_status(
        "ks",
        namespace,
        "apps",
        &ready("Unknown", "Progressing", message),
    );
    let text = tree(&["ks/apps", "-n", namespace]).output();
    let unit = line(&text, "Kustomization/tree-waits/apps");
    assert!(unit.ends_with(&format!("Progressing: {message}")), "{text}");
    let gone = line(&text, "ConfigMap/tree-waits/gone");
    assert!(gone.ends_with("Missing"), "{text}");
    let terminal = Tool {
        terminals: Terminals {
            stdout: true,
            ..Terminals::default()
        },
        ..SIGNET
    };
    let kubeconfig = cluster().kubeconfig().to_str().unwrap();
    let coloured = tree_with(&terminal, kubeconfig, &["ks/apps", "-n", namespace]).output();
    assert!(coloured.contains("\x1b[31mMissing"), "{coloured:?}");
    assert!(!text.contains('\x1b'));
}

/// What one may not read is not dropped.
#[test]
fn what_may_not_be_read_is_shown_as_such() {
    let namespace = "tree-forbidden";
    cluster().create_namespace(namespace).unwrap();
    apply(namespace, SECRETS);
    kustomization(namespace, &json!({}), &[("plain__Secret", "v1")]);
    let rules = "[{apiGroups: [kustomize.toolkit.fluxcd.io], resources: [kustomizations], \
                 verbs: [get]}]";
    let kubeconfig = user(namespace, "tree-reader", rules);
    let text = tree_with(&SIGNET, &kubeconfig, &["ks/apps", "-n", namespace]).output();
    let hidden = line(&text, "Secret/tree-forbidden/plain");
    assert!(
        hidden.contains("Unreadable") && hidden.contains("forbidden: "),
        "{text}"
    );
    assert_eq!(hidden.matches("forbidden: ").count(), 1, "{text}");
}

/// A kind that may not be listed does not hide the other.
#[test]
fn kind_that_may_not_be_listed_is_named_beside_the_other() {
    let namespace = "tree-half";
    cluster().create_namespace(namespace).unwrap();
    kustomization(namespace, &json!({}), &[]);
    let rules = "[{apiGroups: [kustomize.toolkit.fluxcd.io], resources: [kustomizations], \
                 verbs: [get, list]}]";
    let kubeconfig = user(namespace, "tree-half", rules);
    let text = tree_with(&SIGNET, &kubeconfig, &["-n", namespace]).output();
    line(&text, "Kustomization/tree-half/apps");
    let hidden = line(&text, "Application/tree-half/*");
    let words = "applications.argoproj.io is forbidden: User \"tree-half\" cannot list";
    assert!(hidden.contains("Unreadable"), "{text}");
    assert!(hidden.contains(words), "{text}");
    assert_eq!(hidden.matches("forbidden").count(), 1, "{text}");
    let listing = tree_with(&SIGNET, &kubeconfig, &["-n", namespace, "-o", "json"]).json();
    assert_eq!(listing["units"][0]["name"], "apps");
    let hidden = &listing["units"][1];
    assert_eq!(
        (&hidden["kind"], &hidden["name"]),
        (&json!("Application"), &json!("*"))
    );
    assert!(
        hidden["unreadable"]
            .as_str()
            .unwrap()
            .starts_with(words.split(':').next().unwrap())
    );
    let refusal = tree_with(&SIGNET, &kubeconfig, &["-A"]).refusal(1);
    for words in [
        "error: you may not list units: applications.argoproj.io is forbidden: ",
        "; kustomizations.kustomize.toolkit.fluxcd.io is forbidden: ",
        "--namespace",
    ] {
        assert!(refusal.contains(words), "{refusal}");
    }
}

#[test]
fn failure_to_reach_a_cluster_names_it() {
    let arguments = ["--server", "https://somebody:hunter2@127.0.0.1:1", "-A"];
    let refusal = tree(&arguments).refusal(1);
    let expected = "error: the API server https://127.0.0.1:1 cannot be reached: ";
    assert!(refusal.starts_with(expected), "{refusal}");
    assert!(!refusal.contains("hunter2"), "{refusal}");
    let refusal = tree_with(&SIGNET, "/nonexistent/kubeconfig", &["-A"]).refusal(1);
    assert!(refusal.contains("/nonexistent/kubeconfig"), "{refusal}");
}

#[test]
fn applications_are_units_too() {
    let namespace = "tree-application";
    cluster().create_namespace(namespace).unwrap();
    apply(
        namespace,
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: web}\n\
         spec: {project: default, source: {repoURL: 'https://git.example.com/a'}, \
         destination: {server: 'https://kubernetes.default.svc'}}\n---\n\
         apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
    );
    let resource =
        json!({"version": "v1", "kind": "ConfigMap", "namespace": namespace, "name": "a"});
    let status = json!({
        "resources": [resource],
        "sync": {"status": "OutOfSync", "revision": "0123456789abcdef0123"},
        "health": {"status": "Degraded"},
        "conditions": [{"type": "ComparisonError", "message": "no such path"}],
    });
    set_status("application", namespace, "web", &status);
    let text = tree(&["application/web", "-n", namespace]).output();
    let unit = line(&text, "Application/tree-application/web");
    assert!(unit.contains("Degraded"), "{text}");
    assert!(
        unit.ends_with("0123456789ab; ComparisonError: no such path"),
        "{text}"
    );
    assert!(
        text.ends_with("\n└─ ConfigMap/tree-application/a\n")
            || text.contains("└─ ConfigMap/tree-application/a ")
    );
    let all = tree(&["-A"]).output();
    assert!(all.contains("Application/tree-application/web"));
}

/// An Application that is not well says what its sync came to, before what is only worth a look, and
/// whether it is on its way out.
#[test]
fn application_says_why_its_sync_failed_and_that_it_is_being_deleted() {
    let namespace = "tree-failed";
    cluster().create_namespace(namespace).unwrap();
    apply(
        namespace,
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\n\
         metadata: {name: web, finalizers: [resources-finalizer.argocd.argoproj.io]}\n\
         spec: {project: default, source: {repoURL: 'https://git.example.com/a'}, \
         destination: {server: 'https://kubernetes.default.svc'}}\n",
    );
    let mut status = json!({
        "sync": {"status": "OutOfSync"},
        "health": {"status": "Missing"},
        "conditions": [{"type": "UnsupportedField", "message": "spec.bogus"}],
        "operationState": {"phase": "Failed", "message": "Service a: port is taken",
            "operation": {}, "startedAt": "2026-01-01T00:00:00Z",
            "finishedAt": "2026-01-01T00:00:01Z"},
    });
    let shown = || tree(&["application/web", "-n", namespace]).output();
    set_status("application", namespace, "web", &status);
    assert!(
        shown().ends_with("sync failed: Service a: port is taken\n"),
        "{}",
        shown()
    );
    assert!(!shown().contains("being deleted"));
    status["conditions"][0] = json!({"type": "DeletionError", "message": "no project"});
    set_status("application", namespace, "web", &status);
    let delete = [
        "delete",
        "application",
        "web",
        "-n",
        namespace,
        "--wait=false",
    ];
    cluster().kubectl(delete, None).unwrap();
    let text = shown();
    assert!(text.contains("being deleted for "), "{text}");
    assert!(text.ends_with("; DeletionError: no project\n"), "{text}");
    let listing = tree(&["application/web", "-n", namespace, "-o", "json"]).json();
    assert!(listing["units"][0]["deleted"].is_string(), "{listing:#}");
}

#[test]
fn wrong_requests_say_what_to_do() {
    let namespace = "tree-nothing";
    cluster().create_namespace(namespace).unwrap();
    for (arguments, status, expected) in [
        (
            &["ks/none"][..],
            1,
            "Kustomization/tree-nothing/none is not there",
        ),
        (&["deployment/web"], 2, "names no unit"),
        (&[], 1, "there are no units in namespace \"tree-nothing\""),
    ] {
        let arguments = [arguments, &["-n", namespace]].concat();
        let refusal = tree(&arguments).refusal(status);
        assert!(refusal.contains(expected), "{refusal}");
    }
}
