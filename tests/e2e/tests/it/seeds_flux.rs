//! The Flux manifests that users have today work as they are, with another URL.

use std::path::Path;

use components::{Credentials, GitServer, Kwok, ServerOptions};
use e2e::{World, eventually};
use serde_json::{Value, json};

use crate::shared::{pods_run, shared};
use crate::tenant::DEADLINE;

const M_24: &str = include_str!("../../../vectors/seeds/M-24-gitrepository-infrastructure.yaml");
const M_25: &str = include_str!("../../../vectors/seeds/M-25-kustomization-api-server.yaml");
const M_32: &str = include_str!("../../../vectors/seeds/M-32-kustomization-api-server.yaml");
const M_32_TWIN: &str =
    include_str!("../../../vectors/seeds/M-32-kustomization-api-server-twin.yaml");
const M_41: &str = include_str!("../../../vectors/seeds/M-41-gitrepository-k8s-config.yaml");
const M_42: &str = include_str!("../../../vectors/seeds/M-42-kustomization-frontend.yaml");

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("the folder is made");
    for entry in std::fs::read_dir(from)
        .expect("the folder is there")
        .flatten()
    {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("the file is copied");
        }
    }
}

/// Does what a scheduler would, which this cluster has not.
fn schedule(world: &World) {
    for pod in world.list("Pod", "production") {
        let name = pod["metadata"]["name"].as_str().unwrap_or_default();
        if pod["spec"]["nodeName"].is_null() {
            let path = format!("/api/v1/namespaces/production/pods/{name}/binding");
            let binding = json!({
                "apiVersion": "v1", "kind": "Binding", "metadata": {"name": name},
                "target": {"apiVersion": "v1", "kind": "Node", "name": Kwok::NODE},
            });
            // It may be gone or bound meanwhile.
            let _ = world.cluster().request("POST", &path, Some(&binding));
        }
    }
}

fn ready(world: &World, unit: &str) -> String {
    eventually(&format!("{unit} is ready"), DEADLINE, || {
        schedule(world);
        let unit: Value = world.get("Kustomization", "flux-system", unit)?;
        let conditions = unit["status"]["conditions"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        conditions
            .iter()
            .find(|found| found["type"] == "Ready" && found["status"] == "True")
            .and_then(|found| found["message"].as_str().map(str::to_owned))
            .ok_or_else(|| format!("{conditions:#?}"))
    })
}

/// M-24, M-25, M-32, M-41, M-42; G-174, G-186, G-187, G-188, G-190.
#[test]
#[expect(clippy::too_many_lines, reason = "one walk, in the order of the table")]
fn manifests_of_the_seeds_work() {
    let shared = shared();
    pods_run();
    let world = &shared.world;
    for namespace in ["flux-system", "production"] {
        world
            .cluster()
            .create_namespace(namespace)
            .expect("it is made");
    }
    let mut options = ServerOptions::default();
    options.credentials = Some(Credentials {
        user: "flux".to_owned(),
        password: "fixture".to_owned(),
    });
    let git = GitServer::start_with(&options).expect("it starts");
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/seeds/repos");
    let serve = |folder: &str, name: &str| {
        let repository = git.create_repository(name).expect("it is made");
        copy(&seeds.join(folder), repository.work_tree());
        repository
            .commit_all("as the seeds have it")
            .expect("it is committed");
        repository
    };
    let infrastructure = serve("001-infrastructure", "infrastructure");
    let config = serve("002-k8s-config", "k8s-config");
    let cluster = world.cluster();

    // A fragment alone is refused by the API server, which names what is missing (M-32, D-08).
    let refusal = cluster.apply(&M_32.replace(
        "name: api-server",
        "name: api-server\n  namespace: flux-system",
    ));
    let refusal = format!("{:?}", refusal.expect_err("two fields are missing"));
    for field in [
        "spec.prune: Required value",
        "spec.sourceRef: Required value",
    ] {
        assert!(refusal.contains(field), "{refusal}");
    }

    let url = "https://github.com/myorg/infrastructure.git";
    cluster
        .apply(&M_24.replace(url, infrastructure.url()))
        .expect("M-24 is applied");
    cluster.apply(M_25).expect("M-25 is applied");
    let missing = world.condition(
        "GitRepository",
        "flux-system",
        "infrastructure",
        "Ready",
        "False",
    );
    assert_eq!(missing["reason"], "AuthenticationFailed");
    world.create(&json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "git-credentials", "namespace": "flux-system"},
        "stringData": {"username": "flux", "password": "fixture"},
    }));
    let url = "https://github.com/myorg/k8s-config.git";
    cluster
        .apply(&M_41.replace(url, config.url()))
        .expect("M-41 is applied");
    cluster.apply(M_42).expect("M-42 is applied");
    let again = json!({"metadata": {"annotations": {"reconcile.fluxcd.io/requestedAt": "now"}}});
    world.patch("GitRepository", "flux-system", "infrastructure", &again);
    world.condition(
        "GitRepository",
        "flux-system",
        "infrastructure",
        "Ready",
        "True",
    );

    let head = infrastructure.head().expect("there is a commit");
    artifact(world, shared.controller.artifact_port(), &head);
    assert_eq!(
        ready(world, "api-server"),
        format!("Applied revision: main@sha1:{head}")
    );
    let head = config.head().expect("there is a commit");
    assert_eq!(
        ready(world, "frontend"),
        format!("Applied revision: main@sha1:{head}")
    );
    let frontend = world
        .get("Deployment", "production", "frontend")
        .expect("it is applied");
    assert_eq!(frontend["spec"]["replicas"], 3);
    assert_eq!(
        frontend["spec"]["template"]["spec"]["containers"][0]["image"],
        "frontend:1.0.1"
    );

    // With the fragment merged in it works (M-32), and what leaves Git is pruned (M-25).
    cluster.apply(M_32_TWIN).expect("the twin is applied");
    infrastructure
        .commit(&[("base/api-server/kustomization.yaml",
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n  - deployment.yaml\n")],
            "without the Service")
        .expect("it is committed");
    let again = json!({"metadata": {"annotations": {"reconcile.fluxcd.io/requestedAt": "then"}}});
    world.patch("GitRepository", "flux-system", "infrastructure", &again);
    world.disappears("Service", "production", "api-server");
    assert!(world.get("Deployment", "production", "api-server").is_ok());
    ready(world, "api-server");
}

fn artifact(world: &World, port: u16, head: &str) {
    let source = world
        .get("GitRepository", "flux-system", "infrastructure")
        .expect("it is there");
    let artifact = &source["status"]["artifact"];
    assert_eq!(artifact["revision"], format!("main@sha1:{head}"));
    let path = format!("gitrepository/flux-system/infrastructure/{head}.tar.gz");
    assert_eq!(artifact["path"], path);
    assert_eq!(artifact["url"], format!("http://127.0.0.1:{port}/{path}"));
    let digest = artifact["digest"].as_str().unwrap_or_default();
    assert!(
        digest.starts_with("sha256:") && digest.len() == 71,
        "{digest}"
    );
    let endpoint = components::Endpoint::local("artifacts", port);
    let reply = endpoint
        .send("GET", &format!("/{path}"), None)
        .expect("it answers");
    assert_eq!(Some(reply.body.len() as u64), artifact["size"].as_u64());
    let latest = endpoint.send(
        "GET",
        "/gitrepository/flux-system/infrastructure/latest.tar.gz",
        None,
    );
    assert_eq!(latest.expect("it answers").body, reply.body);
}
