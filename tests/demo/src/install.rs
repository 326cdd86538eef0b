//! What the demo puts into the cluster before it starts: definitions, namespaces, and the rights of the
//! controller and of what syncs the repository.

use std::time::Duration;

use anyhow::{bail, ensure};
use deploy::family::Family;
use deploy::manifests::Install;
use serde_json::{Value, json};

use crate::cluster::Cluster;

/// The ServiceAccount the repository is applied as.
pub(crate) const DEPLOYER: &str = "deployer";

/// How long the API server may take to serve new definitions and to count new rights in.
const SETTLED: Duration = Duration::from_secs(30);

/// Names of one run.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    /// The controller's namespace.
    pub(crate) system: String,
    /// The namespace the repository is applied to.
    pub(crate) namespace: String,
    /// What sets the names of cluster-wide objects apart, in a cluster that is not the demo's own.
    suffix: Option<String>,
}

impl Names {
    /// Returns the names for a cluster that nobody else uses.
    pub(crate) fn of_own_cluster() -> Self {
        Self {
            system: deploy::manifests::NAMESPACE.to_owned(),
            namespace: "demo".to_owned(),
            suffix: None,
        }
    }

    /// Returns names that collide with nothing.
    pub(crate) fn of_run() -> Self {
        let id = hex::encode(rand::random::<[u8; 3]>());
        Self {
            system: format!("signet-demo-{id}-system"),
            namespace: format!("signet-demo-{id}"),
            suffix: Some(format!("demo-{id}")),
        }
    }
}

/// Returns the objects of the install, in the order they are made.
pub(crate) fn objects(names: &Names) -> anyhow::Result<Vec<Value>> {
    let mut install = Install::of(&Family::ALL);
    install.namespace.clone_from(&names.system);
    let mut objects = Vec::new();
    for family in Family::ALL {
        for definition in family.definitions() {
            objects.push(serde_json::to_value(definition)?);
        }
    }
    objects.push(install.namespace());
    objects.push(json!({
        "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": names.namespace },
    }));
    let mut rights = install.rights();
    if let Some(suffix) = &names.suffix {
        set_apart(&mut rights, suffix);
    }
    objects.extend(rights);
    objects.extend(deployer(&names.namespace));
    Ok(objects)
}

/// Gives cluster-wide roles and their bindings names of this run.
fn set_apart(objects: &mut [Value], suffix: &str) {
    let rename = |name: &mut Value| {
        if let Some(text) = name.as_str() {
            *name = json!(format!("{text}-{suffix}"));
        }
    };
    for object in objects {
        let kind = object["kind"].as_str().unwrap_or_default().to_owned();
        if kind.starts_with("Cluster") {
            rename(&mut object["metadata"]["name"]);
        }
        if kind == "ClusterRoleBinding" {
            rename(&mut object["roleRef"]["name"]);
        }
    }
}

/// Returns who applies the repository: an ordinary administrator of one namespace.
fn deployer(namespace: &str) -> [Value; 2] {
    let account = json!({ "name": DEPLOYER, "namespace": namespace });
    let mut subject = account.clone();
    subject["kind"] = json!("ServiceAccount");
    [
        json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": account }),
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
            "metadata": { "name": DEPLOYER, "namespace": namespace },
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin",
            },
            "subjects": [subject],
        }),
    ]
}

/// Waits until the API server serves the definitions and the deployer may apply our kinds.
///
/// # Errors
///
/// When that does not happen in time.
pub(crate) async fn settled(cluster: &Cluster, names: &Names) -> anyhow::Result<()> {
    let outcome = tokio::time::timeout(SETTLED, async {
        for definition in objects(names)?
            .iter()
            .filter(|object| is_definition(object))
        {
            while !is_established(cluster, definition).await? {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        // The role `admin` takes the rights to our kinds in some time after they are made.
        while !may_deploy(cluster, &names.namespace).await? {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        anyhow::Ok(())
    });
    match outcome.await {
        Ok(settled) => settled,
        Err(_) => bail!("definitions and roles are not in effect after {SETTLED:?}"),
    }
}

pub(crate) fn is_definition(object: &Value) -> bool {
    object["kind"] == "CustomResourceDefinition"
}

async fn is_established(cluster: &Cluster, definition: &Value) -> anyhow::Result<bool> {
    let live = cluster.live(definition).await?;
    let conditions = live.and_then(|live| live.data["status"]["conditions"].as_array().cloned());
    Ok(conditions.is_some_and(|conditions| {
        conditions
            .iter()
            .any(|condition| condition["type"] == "Established" && condition["status"] == "True")
    }))
}

async fn may_deploy(cluster: &Cluster, namespace: &str) -> anyhow::Result<bool> {
    let kinds = [
        ("bitnami.com", "sealedsecrets"),
        ("external-secrets.io", "externalsecrets"),
    ];
    for (group, resource) in kinds {
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
            "metadata": {},
            "spec": {
                "user": format!("system:serviceaccount:{namespace}:{DEPLOYER}"),
                "resourceAttributes": {
                    "verb": "patch", "group": group, "resource": resource, "namespace": namespace,
                },
            },
        });
        let answer = cluster.review(&review).await?;
        ensure!(
            answer["status"].is_object(),
            "the API server decides no access reviews"
        );
        if answer["status"]["allowed"] != true {
            return Ok(false);
        }
    }
    Ok(true)
}
