//! A real API server that serves units, for the commands that compare with a cluster and show it.

use std::sync::OnceLock;

use components::{AuditLog, ControlPlane, ControlPlaneOptions};
use serde_json::{Value, json};

/// The API server, with the definitions of units and of what makes Secrets.
pub(crate) fn cluster() -> &'static ControlPlane {
    static CLUSTER: OnceLock<ControlPlane> = OnceLock::new();
    CLUSTER.get_or_init(|| {
        let mut options = ControlPlaneOptions::default();
        options.audit_log = AuditLog::Metadata;
        let cluster = ControlPlane::start_with(&options).unwrap();
        for name in [
            "applications.argoproj.io",
            "appprojects.argoproj.io",
            "externalsecrets.external-secrets.io",
            "gitrepositories.source.toolkit.fluxcd.io",
            "kustomizations.kustomize.toolkit.fluxcd.io",
            "sealedsecrets.bitnami.com",
        ] {
            let crds = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/crds");
            let definition = std::fs::read_to_string(format!("{crds}/{name}.yaml"));
            cluster.apply(&definition.unwrap()).unwrap();
        }
        let arguments = ["wait", "--for=condition=Established", "--all", "crd"];
        cluster.kubectl(arguments, None).unwrap();
        cluster
    })
}

/// Makes a user who may do some things in a namespace, and returns its kubeconfig.
pub(crate) fn user(namespace: &str, name: &str, rules: &str) -> String {
    cluster()
        .apply(&format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\n\
             metadata: {{name: {name}, namespace: {namespace}}}\nrules: {rules}\n---\n\
             apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\n\
             metadata: {{name: {name}, namespace: {namespace}}}\n\
             roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: {name}}}\n\
             subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: User, name: {name}}}]\n"
        ))
        .unwrap();
    let kubeconfig = cluster().kubeconfig_for_user(name, None).unwrap();
    kubeconfig.to_str().unwrap().to_owned()
}

/// Writes the status of an object.
pub(crate) fn set_status(kind: &str, namespace: &str, name: &str, status: &Value) {
    let patch = json!({"status": status}).to_string();
    let arguments = [
        "patch",
        kind,
        name,
        "-n",
        namespace,
        "--type=merge",
        "-p",
        &patch,
    ];
    let subresource = ["--subresource=status"];
    let with_status = if kind == "application" {
        &[][..]
    } else {
        &subresource
    };
    cluster()
        .kubectl([&arguments[..], with_status].concat(), None)
        .unwrap();
}

/// Makes a Kustomization `apps` in a namespace, which applied these objects last: `web__ConfigMap`.
pub(crate) fn kustomization(namespace: &str, spec: &Value, applied: &[(&str, &str)]) {
    let mut object = json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": {"name": "apps", "namespace": namespace},
        "spec": {"interval": "5m", "prune": true, "path": "./apps", "targetNamespace": namespace,
            "sourceRef": {"kind": "GitRepository", "name": "infra"}},
    });
    for (key, value) in spec.as_object().unwrap() {
        object["spec"][key] = value.clone();
    }
    cluster().apply(&object.to_string()).unwrap();
    let entries: Vec<Value> = applied
        .iter()
        .map(|(id, version)| json!({"id": format!("{namespace}_{id}"), "v": version}))
        .collect();
    let status = json!({"inventory": {"entries": entries}});
    set_status("kustomization", namespace, "apps", &status);
}
