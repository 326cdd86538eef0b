//! A commit reaches the cluster, drift is corrected, and what leaves Git leaves the cluster.

use std::time::Duration;

use components::Repository;
use e2e::{World, eventually};
use serde_json::json;

use crate::shared::shared;

fn sync(world: &World, namespace: &str, repository: &Repository) {
    world
        .cluster()
        .create_namespace(namespace)
        .expect("the namespace is made");
    world.create(&json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
        "metadata": {"name": "infra", "namespace": namespace},
        "spec": {"url": repository.url(), "interval": "1s", "ref": {"branch": "main"}},
    }));
    world.create(&json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": {"name": "apps", "namespace": namespace},
        "spec": {"interval": "5m", "prune": true, "path": "./apps", "targetNamespace": namespace,
            "sourceRef": {"kind": "GitRepository", "name": "infra"}},
    }));
}

fn config_map(name: &str, value: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  key: {value}\n")
}

/// G-186, G-187, G-206, G-211.
#[test]
fn commit_is_applied_drift_is_corrected_and_removal_is_pruned() {
    let shared = shared();
    let (world, namespace) = (&shared.world, "git-to-cluster");
    let repository = shared
        .git
        .create_repository("git-to-cluster")
        .expect("the repository is made");
    repository
        .commit(
            &[
                ("apps/a.yaml", &config_map("a", "one")),
                ("apps/b.yaml", &config_map("b", "one")),
            ],
            "first",
        )
        .expect("the commit is made");
    sync(world, namespace, &repository);

    let ready = world.condition("Kustomization", namespace, "apps", "Ready", "True");
    assert_eq!(ready["reason"], "ReconciliationSucceeded");
    let applied = world
        .get("ConfigMap", namespace, "a")
        .expect("it is applied");
    assert_eq!(applied["data"]["key"], "one");
    assert_eq!(
        applied["metadata"]["labels"]["kustomize.toolkit.fluxcd.io/name"],
        "apps"
    );
    let unit = world
        .get("Kustomization", namespace, "apps")
        .expect("it is there");
    let ids: Vec<&str> = unit["status"]["inventory"]["entries"]
        .as_array()
        .expect("there is an inventory")
        .iter()
        .filter_map(|entry| entry["id"].as_str())
        .collect();
    assert_eq!(
        ids,
        [
            format!("{namespace}_a__ConfigMap"),
            format!("{namespace}_b__ConfigMap")
        ]
    );

    world
        .cluster()
        .kubectl(
            [
                "patch",
                "configmap",
                "a",
                "-n",
                namespace,
                "-p",
                r#"{"data":{"key":"drifted"}}"#,
            ],
            None,
        )
        .expect("the object is edited");
    eventually("drift is corrected", Duration::from_secs(5), || {
        let object = world.get("ConfigMap", namespace, "a")?;
        if object["data"]["key"] == "one" {
            Ok(())
        } else {
            Err(object["data"].to_string())
        }
    });

    repository
        .remove(&["apps/b.yaml"], "second")
        .expect("the commit is made");
    eventually(
        "the removed object is pruned",
        Duration::from_secs(20),
        || {
            world
                .get("ConfigMap", namespace, "b")
                .map_or(Ok(()), |_| Err("it is still there".to_owned()))
        },
    );
    assert!(world.get("ConfigMap", namespace, "a").is_ok());
}
