//! Where the API server has which kind.

/// Kinds the scenarios use: kind, prefix, plural, whether objects live in namespaces.
const KINDS: [(&str, &str, &str, bool); 26] = [
    ("ConfigMap", "/api/v1", "configmaps", true),
    ("Event", "/api/v1", "events", true),
    ("Namespace", "/api/v1", "namespaces", false),
    ("Node", "/api/v1", "nodes", false),
    ("Pod", "/api/v1", "pods", true),
    ("Secret", "/api/v1", "secrets", true),
    ("Service", "/api/v1", "services", true),
    ("ServiceAccount", "/api/v1", "serviceaccounts", true),
    ("Deployment", "/apis/apps/v1", "deployments", true),
    ("Lease", "/apis/coordination.k8s.io/v1", "leases", true),
    ("ClusterRole", RBAC, "clusterroles", false),
    ("ClusterRoleBinding", RBAC, "clusterrolebindings", false),
    ("Role", RBAC, "roles", true),
    ("RoleBinding", RBAC, "rolebindings", true),
    (
        "CustomResourceDefinition",
        "/apis/apiextensions.k8s.io/v1",
        "customresourcedefinitions",
        false,
    ),
    (
        "SealedSecret",
        "/apis/bitnami.com/v1alpha1",
        "sealedsecrets",
        true,
    ),
    (
        "GitRepository",
        "/apis/source.toolkit.fluxcd.io/v1",
        "gitrepositories",
        true,
    ),
    (
        "Kustomization",
        "/apis/kustomize.toolkit.fluxcd.io/v1",
        "kustomizations",
        true,
    ),
    ("Application", ARGO, "applications", true),
    ("AppProject", ARGO, "appprojects", true),
    ("ExternalSecret", EXTERNAL, "externalsecrets", true),
    ("SecretStore", EXTERNAL, "secretstores", true),
    ("ClusterSecretStore", EXTERNAL, "clustersecretstores", false),
    (
        "PriorityClass",
        "/apis/scheduling.k8s.io/v1",
        "priorityclasses",
        false,
    ),
    (
        "StorageClass",
        "/apis/storage.k8s.io/v1",
        "storageclasses",
        false,
    ),
    ("Job", "/apis/batch/v1", "jobs", true),
];

const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";
const ARGO: &str = "/apis/argoproj.io/v1alpha1";
const EXTERNAL: &str = "/apis/external-secrets.io/v1";

/// Our custom resources, whose statuses must hold no plaintext.
pub(crate) const OURS: [&str; 7] = [
    "SealedSecret",
    "GitRepository",
    "Kustomization",
    "Application",
    "ExternalSecret",
    "SecretStore",
    "ClusterSecretStore",
];

/// Returns the path of a kind's objects in one namespace; all of them when it is empty.
///
/// # Panics
///
/// When the kind is not in the table.
pub(crate) fn collection(kind: &str, namespace: &str) -> String {
    let found = KINDS
        .iter()
        .find(|(name, ..)| name.eq_ignore_ascii_case(kind));
    let (_, prefix, plural, is_namespaced) = found.unwrap_or_else(|| {
        panic!("{kind} is not in the table of kinds");
    });
    if *is_namespaced && !namespace.is_empty() {
        format!("{prefix}/namespaces/{namespace}/{plural}")
    } else {
        format!("{prefix}/{plural}")
    }
}

/// Returns the path of one object.
pub(crate) fn object(kind: &str, namespace: &str, name: &str) -> String {
    format!("{}/{name}", collection(kind, namespace))
}
