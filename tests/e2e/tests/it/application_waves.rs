//! Objects are applied wave by wave, and a wave waits for the health of the one before.

use components::Kwok;
use e2e::eventually;
use serde_json::{Value, json};

use crate::applications::Deployed;
use crate::shared::{pods_run, shared};
use crate::tenant::{DEADLINE, config_map};

fn in_wave(text: &str, wave: i64) -> String {
    let annotation = format!("\n  annotations: {{argocd.argoproj.io/sync-wave: \"{wave}\"}}\n");
    text.replacen("\nmetadata:\n", &format!("\nmetadata:{annotation}"), 1)
}

fn deployment(name: &str, node: &str) -> String {
    let node = match node {
        "" => String::new(),
        node => format!("      nodeName: {node}\n"),
    };
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\nspec:\n  replicas: 1\n  \
         selector:\n    matchLabels: {{app: {name}}}\n  template:\n    metadata:\n      \
         labels: {{app: {name}}}\n    spec:\n{node}      containers:\n      - name: main\n        \
         image: example.com/{name}:1\n"
    )
}

const DEFINITION: &str = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n\
    metadata:\n  name: gadgets.waves.example.com\nspec:\n  group: waves.example.com\n  \
    scope: Namespaced\n  names: {kind: Gadget, plural: gadgets, singular: gadget}\n  versions:\n  \
    - name: v1\n    served: true\n    storage: true\n    schema:\n      openAPIV3Schema: \
    {type: object, x-kubernetes-preserve-unknown-fields: true}\n";

const GADGET: &str =
    "apiVersion: waves.example.com/v1\nkind: Gadget\nmetadata:\n  name: first\nspec: {size: 3}\n";

fn created(object: &Value) -> String {
    let at = object["metadata"]["creationTimestamp"].as_str();
    at.unwrap_or_default().to_owned()
}

/// G-072, G-073, G-074, G-076: a Deployment that is not healthy holds back what comes after it.
#[test]
fn wave_waits_for_the_health_of_the_one_before() {
    let shared = shared();
    pods_run();
    let deployed = Deployed::new(
        shared,
        "app-waves",
        &[
            ("web/a.yaml", &in_wave(&config_map("settings", "x"), -1)),
            ("web/b.yaml", &in_wave(&deployment("web", ""), 2)),
            ("web/c.yaml", &in_wave(&config_map("late", "x"), 3)),
        ],
    );
    deployed.app("web", &json!({}));
    let waiting = "waiting for healthy state of apps/Deployment/web";
    let app = deployed.until("web", "waits", |app| {
        app["status"]["operationState"]["message"] == waiting
    });
    assert_eq!(app["status"]["operationState"]["phase"], "Running");
    assert!(deployed.object("ConfigMap", "late").is_err());
    // The Pods get a node, and the sync goes on.
    for pod in deployed.world.list("Pod", &deployed.namespace) {
        let name = pod["metadata"]["name"].as_str().unwrap_or_default();
        let path = format!("/api/v1/namespaces/app-waves/pods/{name}/binding");
        let binding = json!({
            "apiVersion": "v1", "kind": "Binding", "metadata": {"name": name},
            "target": {"apiVersion": "v1", "kind": "Node", "name": Kwok::NODE},
        });
        let bound = deployed
            .world
            .cluster()
            .request("POST", &path, Some(&binding));
        bound.expect("the Pod is bound");
    }
    let head = deployed.repository.head().expect("there is a commit");
    let app = deployed.synced("web", &head);
    let app = if app["status"]["operationState"]["phase"] == "Succeeded" {
        app
    } else {
        deployed.until("web", "ends its sync", |app| {
            app["status"]["operationState"]["phase"] == "Succeeded"
        })
    };
    assert_eq!(app["status"]["health"]["status"], "Healthy");
    let at = |kind: &str, name: &str| created(&deployed.object(kind, name).expect("it is there"));
    let order = [
        at("ConfigMap", "settings"),
        at("Deployment", "web"),
        at("ConfigMap", "late"),
    ];
    let [settings, web, late] = &order;
    assert!(settings < web && web < late, "{order:?}");
}

/// G-078, G-098, G-075: a definition and its objects, a namespace and what is in it, in one sync of
/// one wave, which does not wait for health.
#[test]
fn definitions_and_namespaces_come_first() {
    let shared = shared();
    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: app-first-made\n";
    let inner = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: inner\n  \
                 namespace: app-first-made\n";
    let deployed = Deployed::new(
        shared,
        "app-first",
        &[
            ("web/a.yaml", GADGET),
            ("web/b.yaml", inner),
            ("web/c.yaml", DEFINITION),
            ("web/d.yaml", namespace),
            ("web/e.yaml", &deployment("never", "")),
        ],
    );
    deployed.app("web", &json!({}));
    let head = deployed.repository.head().expect("there is a commit");
    let app = deployed.synced("web", &head);
    assert_eq!(app["status"]["operationState"]["phase"], "Succeeded");
    // The definition is usable a moment later, the Deployment never is.
    let app = deployed.until("web", "is not healthy", |app| {
        app["status"]["health"]["message"] == "Caused by apps/Deployment:app-first/never"
    });
    assert_eq!(app["status"]["health"]["status"], "Progressing");
    let path = "/apis/waves.example.com/v1/namespaces/app-first/gadgets/first";
    let gadget = eventually("the Gadget is there", DEADLINE, || {
        let found = deployed.world.cluster().request("GET", path, None);
        found.map_err(|error| error.to_string())
    });
    assert_eq!(gadget["spec"]["size"], 3);
    let definition =
        deployed
            .world
            .get("CustomResourceDefinition", "", "gadgets.waves.example.com");
    let definition = definition.expect("it is applied");
    assert!(
        definition["metadata"]["annotations"].is_null(),
        "{definition}"
    );
}
