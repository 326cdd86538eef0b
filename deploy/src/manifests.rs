//! The plain install: the same objects as the chart renders with its default values.

use serde_json::{Value, json};

use crate::{
    family::Family,
    roles::{self, Rule},
};

/// Name of the installed objects, as of the chart's release.
pub const NAME: &str = "signet";

/// Namespace of the plain install.
pub const NAMESPACE: &str = "signet-system";

/// Name of the Service of the sealing API, which is where `kubeseal` looks for it.
pub const SEALING_SERVICE: &str = "sealed-secrets-controller";

/// Name of the Service that hands out artifacts.
pub const ARTIFACT_SERVICE: &str = "source-controller";

/// User and group id of the process.
pub const USER: u32 = 1001;

/// What is installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Install {
    /// The families, each once.
    pub families: Vec<Family>,
    /// The namespace of the controller.
    pub namespace: String,
    /// The controller's image.
    pub image: String,
}

impl Install {
    /// Returns an install of the given families with everything else as in the plain manifests.
    pub fn of(families: &[Family]) -> Self {
        Self {
            families: families.to_vec(),
            namespace: NAMESPACE.to_owned(),
            image: format!("signet-controller:{}", env!("CARGO_PKG_VERSION")),
        }
    }

    fn has(&self, family: Family) -> bool {
        self.families.contains(&family)
    }

    /// Returns the ServiceAccount, roles and bindings: the rights the controller runs with.
    pub fn rights(&self) -> Vec<Value> {
        let mut objects = vec![self.namespaced("v1", "ServiceAccount", NAME)];
        for &family in &self.families {
            let name = format!("{NAME}-{family}");
            objects.push(cluster_role(&name, roles::of_family(family)));
            objects.push(self.cluster_role_binding(&name, &name));
        }
        objects.extend(self.role(&format!("{NAME}-leader-election"), roles::OWN_NAMESPACE));
        if self.has(Family::SealedSecrets) {
            objects.extend(self.service_proxier());
        }
        objects.extend(self.people());
        objects
    }

    /// Returns the binding that lets units that name no ServiceAccount apply anything. It is not
    /// part of the install.
    pub fn cluster_admin(&self) -> Value {
        self.cluster_role_binding(&format!("{NAME}-cluster-admin"), "cluster-admin")
    }

    /// Returns the Deployment and its Services.
    pub fn workload(&self) -> Vec<Value> {
        let mut objects = vec![self.deployment()];
        if self.has(Family::SealedSecrets) {
            objects.push(self.service(SEALING_SERVICE, 8080, "http"));
        }
        if self.has(Family::Flux) {
            objects.push(self.service(ARTIFACT_SERVICE, 80, "artifacts"));
        }
        objects.push(self.service(&format!("{NAME}-metrics"), 8081, "metrics"));
        objects
    }

    /// Returns the namespace of the controller.
    pub fn namespace(&self) -> Value {
        json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": { "name": self.namespace, "labels": {
                "app.kubernetes.io/name": NAME,
                "pod-security.kubernetes.io/enforce": "restricted",
            } },
        })
    }

    fn namespaced(&self, api_version: &str, kind: &str, name: &str) -> Value {
        json!({
            "apiVersion": api_version,
            "kind": kind,
            "metadata": { "name": name, "namespace": self.namespace, "labels": labels() },
        })
    }

    fn cluster_role_binding(&self, name: &str, role: &str) -> Value {
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": { "name": name, "labels": labels() },
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role },
            "subjects": [self.account()],
        })
    }

    /// Returns a Role of the controller in its namespace, and its binding.
    fn role(&self, name: &str, rules: &[Rule]) -> [Value; 2] {
        let mut role = self.namespaced("rbac.authorization.k8s.io/v1", "Role", name);
        role["rules"] = rules.iter().map(rule_json).collect();
        [role, self.role_binding(name, json!([self.account()]))]
    }

    fn role_binding(&self, role: &str, subjects: Value) -> Value {
        let mut binding = self.namespaced("rbac.authorization.k8s.io/v1", "RoleBinding", role);
        binding["roleRef"] =
            json!({ "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role });
        binding["subjects"] = subjects;
        binding
    }

    fn account(&self) -> Value {
        json!({ "kind": "ServiceAccount", "name": NAME, "namespace": self.namespace })
    }

    /// Returns the Role that lets anybody who is signed in seal for this cluster.
    fn service_proxier(&self) -> [Value; 2] {
        let name = format!("{NAME}-service-proxier");
        let mut role = self.namespaced("rbac.authorization.k8s.io/v1", "Role", &name);
        role["rules"] = roles::service_proxy(SEALING_SERVICE)
            .into_iter()
            .map(|(resources, names, verbs)| {
                json!({
                    "apiGroups": [""],
                    "resources": resources,
                    "resourceNames": names,
                    "verbs": verbs,
                })
            })
            .collect();
        let everybody = json!([{
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "Group",
            "name": "system:authenticated",
        }]);
        [role, self.role_binding(&name, everybody)]
    }

    /// Returns the roles by which people who may view or edit a namespace may do so with our
    /// kinds.
    fn people(&self) -> Vec<Value> {
        if self
            .families
            .iter()
            .all(|&family| roles::kinds(family).is_empty())
        {
            return Vec::new();
        }
        [(VIEW, VIEW_VERBS), (EDIT, EDIT_VERBS)]
            .into_iter()
            .map(|((suffix, aggregate_to), verbs)| {
                let mut labels = labels();
                for role in aggregate_to {
                    labels[format!("rbac.authorization.k8s.io/aggregate-to-{role}")] =
                        json!("true");
                }
                let rules: Vec<_> = self
                    .families
                    .iter()
                    .flat_map(|&family| roles::kinds(family))
                    .map(|(group, resources)| {
                        json!({ "apiGroups": [group], "resources": resources, "verbs": verbs })
                    })
                    .collect();
                json!({
                    "apiVersion": "rbac.authorization.k8s.io/v1",
                    "kind": "ClusterRole",
                    "metadata": { "name": format!("{NAME}-{suffix}"), "labels": labels },
                    "rules": rules,
                })
            })
            .collect()
    }

    fn service(&self, name: &str, port: u16, target: &str) -> Value {
        let mut service = self.namespaced("v1", "Service", name);
        service["spec"] = json!({
            "type": "ClusterIP",
            "ports": [{ "name": target, "port": port, "targetPort": target, "protocol": "TCP" }],
            "selector": selector(),
        });
        service
    }

    fn deployment(&self) -> Value {
        let mut deployment = self.namespaced("apps/v1", "Deployment", NAME);
        deployment["spec"] = json!({
            "replicas": 1,
            "revisionHistoryLimit": 10,
            "selector": { "matchLabels": selector() },
            "template": {
                "metadata": { "labels": selector() },
                "spec": {
                    "serviceAccountName": NAME,
                    "securityContext": {
                        "fsGroup": 65534,
                        "runAsNonRoot": true,
                        "seccompProfile": { "type": "RuntimeDefault" },
                    },
                    "containers": [self.container()],
                    "volumes": [
                        { "name": "data", "emptyDir": {} },
                        { "name": "tmp", "emptyDir": { "medium": "Memory" } },
                    ],
                },
            },
        });
        deployment
    }

    fn container(&self) -> Value {
        let families: Vec<_> = self.families.iter().map(|family| family.name()).collect();
        let mut arguments = vec![
            format!("--enable={}", families.join(",")),
            "--listen=0.0.0.0:8080".to_owned(),
            "--metrics-listen=0.0.0.0:8081".to_owned(),
            "--log-level=info".to_owned(),
            "--log-format=json".to_owned(),
            "--leader-elect=true".to_owned(),
        ];
        let mut ports = vec![port("http", 8080), port("metrics", 8081)];
        if self.has(Family::SealedSecrets) {
            arguments.push("--key-prefix=sealed-secrets-key".to_owned());
            arguments.push("--key-renew-period=720h".to_owned());
            arguments.push("--key-ttl=87600h".to_owned());
        }
        if self.has(Family::Flux) {
            arguments.push("--artifact-listen=0.0.0.0:9090".to_owned());
            arguments.push(format!(
                "--artifact-host={ARTIFACT_SERVICE}.{}.svc.cluster.local.",
                self.namespace
            ));
            ports.push(port("artifacts", 9090));
        }
        if self.has(Family::Argo) {
            arguments.push("--argo-namespace=argocd".to_owned());
        }
        if self.has(Family::Flux) || self.has(Family::Argo) {
            arguments.push("--data-dir=/data".to_owned());
        }
        let probe = json!({ "httpGet": { "path": "/healthz", "port": "http" } });
        json!({
            "name": "controller",
            "image": self.image,
            "imagePullPolicy": "IfNotPresent",
            "command": ["signet-controller"],
            "args": arguments,
            "env": [
                { "name": "POD_NAMESPACE", "valueFrom": { "fieldRef": { "fieldPath": "metadata.namespace" } } },
                { "name": "POD_NAME", "valueFrom": { "fieldRef": { "fieldPath": "metadata.name" } } },
            ],
            "ports": ports,
            "livenessProbe": probe,
            "readinessProbe": probe,
            "securityContext": {
                "allowPrivilegeEscalation": false,
                "capabilities": { "drop": ["ALL"] },
                "readOnlyRootFilesystem": true,
                "runAsNonRoot": true,
                "runAsUser": USER,
            },
            "volumeMounts": [
                { "name": "data", "mountPath": "/data" },
                { "name": "tmp", "mountPath": "/tmp" },
            ],
        })
    }
}

/// Name and the roles of Kubernetes that take it in.
type PeopleRole = (&'static str, &'static [&'static str]);

const VIEW: PeopleRole = ("view", &["view", "edit", "admin"]);
const EDIT: PeopleRole = ("edit", &["edit", "admin"]);
const VIEW_VERBS: &[&str] = &["get", "list", "watch"];
const EDIT_VERBS: &[&str] = &["create", "delete", "deletecollection", "patch", "update"];

fn port(name: &str, number: u16) -> Value {
    json!({ "name": name, "containerPort": number, "protocol": "TCP" })
}

fn labels() -> Value {
    json!({ "app.kubernetes.io/name": NAME, "app.kubernetes.io/instance": NAME })
}

fn selector() -> Value {
    labels()
}

fn cluster_role(name: &str, rules: &[Rule]) -> Value {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": { "name": name, "labels": labels() },
        "rules": rules.iter().map(rule_json).collect::<Vec<_>>(),
    })
}

/// Returns a rule as the API has it.
pub(crate) fn rule_json(rule: &Rule) -> Value {
    let mut json = json!({ "apiGroups": [rule.group], "resources": rule.resources });
    if !rule.names.is_empty() {
        json["resourceNames"] = json!(rule.names);
    }
    json["verbs"] = json!(rule.verbs);
    json
}
