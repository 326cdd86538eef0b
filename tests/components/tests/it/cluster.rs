use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use components::{
    AuditLog, ControlPlane, ControlPlaneOptions, Kwok, Network, OpenBao, Program,
    SealedSecretsController, StartError,
};
use serde_json::{Value, json};

/// One control plane for all tests of this binary.
pub(crate) fn cluster() -> &'static ControlPlane {
    static CLUSTER: OnceLock<ControlPlane> = OnceLock::new();
    CLUSTER.get_or_init(|| {
        let mut options = ControlPlaneOptions::default();
        options.audit_log = AuditLog::Metadata;
        ControlPlane::start_with(&options).expect("the control plane starts")
    })
}

fn eventually<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(value) = probe() {
            return value;
        }
        assert!(
            started.elapsed() < Duration::from_mins(1),
            "not within a minute: {what}"
        );
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn lists_namespaces() {
    let list = cluster()
        .request("GET", "/api/v1/namespaces", None)
        .expect("an answer");
    let names: Vec<&str> = list["items"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|item| item["metadata"]["name"].as_str())
        .collect();
    assert!(
        names.contains(&"default") && names.contains(&"kube-system"),
        "{names:?}"
    );
    let version = cluster()
        .request("GET", "/version", None)
        .expect("an answer");
    assert_eq!(version["minor"], "36");
}

#[test]
fn service_account_may_do_what_its_role_says() {
    let cluster = cluster();
    cluster.create_namespace("accounts").expect("a namespace");
    let kubeconfig = cluster
        .service_account_kubeconfig("accounts", "default")
        .expect("a kubeconfig");
    let kubeconfig = kubeconfig.display().to_string();
    let list = ["--kubeconfig", &kubeconfig, "get", "configmaps"];
    let refused = cluster.kubectl(list, None).expect_err("no role yet");
    assert!(refused.to_string().contains("Forbidden"), "{refused}");

    let role = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "reader", "namespace": "accounts"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
        "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": "accounts"}],
    });
    cluster
        .apply(&role.to_string())
        .expect("the role binding is applied");
    eventually("the role works", || cluster.kubectl(list, None).ok());
}

#[test]
fn user_of_a_kubeconfig_is_who_it_says() {
    let cluster = cluster();
    let path = cluster
        .kubeconfig_for_user("jane", Some("developers"))
        .expect("a kubeconfig");
    let path = path.display().to_string();
    let who = cluster
        .kubectl(
            [
                "--kubeconfig",
                path.as_str(),
                "auth",
                "whoami",
                "-o",
                "json",
            ],
            None,
        )
        .expect("an answer");
    let who: Value = serde_json::from_str(&who).expect("JSON");
    let user = &who["status"]["userInfo"];
    assert_eq!(user["username"], "jane");
    assert!(
        user["groups"]
            .as_array()
            .expect("a list")
            .contains(&json!("developers"))
    );
}

#[test]
fn audit_log_tells_writes_from_dry_runs() {
    let cluster = cluster();
    cluster.create_namespace("audited").expect("a namespace");
    let path = "/api/v1/namespaces/audited/configmaps/settings?fieldManager=test";
    let settings = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "settings"},
        "data": {"a": "b"},
    });
    cluster
        .request("PATCH", &format!("{path}&dryRun=All"), Some(&settings))
        .expect("a dry run");
    cluster
        .request("PATCH", path, Some(&settings))
        .expect("an apply");
    let events = cluster.audit_events().expect("the log");
    let patches: Vec<bool> = events
        .iter()
        .filter(|event| event.resource == "configmaps" && event.name == "settings")
        .filter(|event| event.namespace == "audited" && event.is_write())
        .map(components::AuditEvent::is_dry_run)
        .collect();
    assert_eq!(patches, [true, false]);
}

#[test]
fn deployment_becomes_available_under_kwok() {
    let cluster = cluster();
    let _kwok = Kwok::start(cluster).expect("kwok starts");
    cluster.create_namespace("workloads").expect("a namespace");
    let deployment = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "workloads"},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {
                    "nodeName": Kwok::NODE,
                    "containers": [{"name": "web", "image": "example.com/web:1"}],
                },
            },
        },
    });
    cluster
        .apply(&deployment.to_string())
        .expect("the deployment is applied");
    eventually("two available replicas", || {
        let path = "/apis/apps/v1/namespaces/workloads/deployments/web";
        let live = cluster.request("GET", path, None).expect("an answer");
        (live["status"]["availableReplicas"] == 2).then_some(())
    });
}

#[test]
fn openbao_lets_service_accounts_in() {
    let cluster = cluster();
    cluster
        .create_namespace("vault-clients")
        .expect("a namespace");
    let delegator = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "vault-clients"},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "ClusterRole",
            "name": "system:auth-delegator",
        },
        "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": "vault-clients"}],
    });
    cluster
        .apply(&delegator.to_string())
        .expect("the binding is applied");
    let bao = OpenBao::start().expect("OpenBao starts");
    bao.enable_kubernetes_auth("kubernetes", cluster)
        .expect("the method is mounted");
    bao.create_kubernetes_role(
        "kubernetes",
        "app",
        "vault-clients",
        "default",
        &["default"],
    )
    .expect("a role");
    let token = cluster
        .service_account_token("vault-clients", "default")
        .expect("a token");
    let login = eventually("the login works", || {
        let body = json!({"role": "app", "jwt": token});
        bao.request("POST", "auth/kubernetes/login", Some(&body))
            .ok()
    });
    assert!(login["auth"]["client_token"].is_string(), "{login}");
}

#[test]
fn service_proxy_reaches_a_program_in_the_namespace() {
    let mut options = ControlPlaneOptions::default();
    options.network = Network::Namespace;
    let cluster = match ControlPlane::start_with(&options) {
        Ok(cluster) => cluster,
        Err(error @ StartError::Namespace { .. }) if !is_root() => {
            // Only root can make a namespace; what the machine cannot do is said, not passed over in silence.
            eprintln!("not tested here: {error:?}");
            return;
        }
        Err(error) => panic!("{error:?}"),
    };
    let page = tempfile::tempdir().expect("a temporary folder");
    fs::write(page.path().join("hello"), "from inside").expect("a file");
    let server = cluster
        .launch("server", "python3")
        .arguments([
            "-m",
            "http.server",
            "--bind",
            cluster.address(),
            "8080",
            "--directory",
        ])
        .arguments([page.path()])
        .start()
        .expect("the server starts");
    cluster
        .expose("default", "web", 8080)
        .expect("the service is accepted");
    let path = "/api/v1/namespaces/default/services/web:http/proxy/hello";
    let reply = server
        .wait_until_ready(Duration::from_secs(30), || {
            let reply = cluster
                .endpoint()
                .send("GET", path, None)
                .map_err(|e| e.to_string())?;
            if reply.is_success() {
                Ok(reply)
            } else {
                Err(reply.text())
            }
        })
        .expect("the proxy answers");
    assert_eq!(reply.text(), "from inside");
}

fn is_root() -> bool {
    fs::read_to_string("/proc/self/status")
        .is_ok_and(|status| status.lines().any(|line| line.starts_with("Uid:\t0\t")))
}

#[test]
fn upstream_controller_unseals_what_upstream_kubeseal_sealed() {
    let cluster = cluster();
    let controller = match SealedSecretsController::start(cluster, &["--key-size=2048"]) {
        Ok(controller) => controller,
        Err(error) if !is_root() => {
            eprintln!("not tested here: {error:?}");
            return;
        }
        Err(error) => panic!("{error:?}"),
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let certificate = folder.path().join("cert.pem");
    fs::write(
        &certificate,
        controller.certificate_pem().expect("a certificate"),
    )
    .expect("a file");
    cluster.create_namespace("sealed").expect("a namespace");
    let secret = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "db", "namespace": "sealed"},
        "data": {"password": "aHVudGVyMg=="},
    });
    let input = folder.path().join("secret.json");
    fs::write(&input, secret.to_string()).expect("a file");
    let sealed = Command::new(Program::Kubeseal.path().expect("kubeseal"))
        .arg("--cert")
        .arg(&certificate)
        .arg("--secret-file")
        .arg(&input)
        .output()
        .expect("kubeseal runs");
    assert!(
        sealed.status.success(),
        "{}",
        String::from_utf8_lossy(&sealed.stderr)
    );
    cluster
        .apply(&String::from_utf8_lossy(&sealed.stdout))
        .expect("the sealed secret is applied");
    eventually("the secret", || {
        let path = "/api/v1/namespaces/sealed/secrets/db";
        let secret = cluster.request("GET", path, None).ok()?;
        (secret["data"]["password"] == "aHVudGVyMg==").then_some(())
    });
}

#[test]
fn dropped_control_plane_leaves_nothing() {
    let own = ControlPlane::start().expect("the control plane starts");
    let folder = own.folder().to_owned();
    let processes = own.process_ids();
    assert!(own.audit_events().expect("no log is no error").is_empty());
    drop(own);
    for process in processes {
        assert!(
            !Path::new(&format!("/proc/{process}")).exists(),
            "{process} still runs"
        );
    }
    assert!(fs::metadata(&folder).is_err(), "{folder:?} is still there");
}
