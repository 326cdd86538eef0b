use serde_json::{Value, json};

use super::secret_references;
use crate::Manifest;

fn workload(api_version: &str, kind: &str, rest: &Value) -> Manifest {
    let mut object = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}});
    for (key, value) in rest.as_object().unwrap() {
        object[key] = value.clone();
    }
    Manifest::new(object, None).unwrap()
}

fn names(manifest: &Manifest) -> Vec<String> {
    secret_references(manifest)
        .into_iter()
        .map(|it| {
            let key = it.key.map(|key| format!("[{key}]")).unwrap_or_default();
            format!("{}{key}{}", it.name, if it.optional { "?" } else { "" })
        })
        .collect()
}

#[test]
fn every_way_to_read_a_secret_is_found() {
    let spec = json!({
        "containers": [{
            "env": [
                {"name": "A", "valueFrom": {"secretKeyRef": {"name": "one", "key": "k"}}},
                {"name": "B", "valueFrom": {"configMapKeyRef": {"name": "not", "key": "k"}}},
                {"name": "C", "value": "plain"},
            ],
            "envFrom": [{"secretRef": {"name": "two", "optional": true}}, {"configMapRef": {"name": "not"}}],
        }],
        "initContainers": [{"envFrom": [{"secretRef": {"name": "three"}}]}],
        "volumes": [
            {"name": "a", "secret": {"secretName": "four", "optional": true}},
            {"name": "b", "projected": {"sources": [{"secret": {"name": "five"}}, {"configMap": {"name": "not"}}]}},
            {"name": "c", "csi": {"driver": "x", "nodePublishSecretRef": {"name": "six"}}},
            {"name": "d", "emptyDir": {}},
            {"name": "e", "secret": {"secretName": "eight", "items": [{"key": "x", "path": "x"}, {"key": "y", "path": "y"}]}},
            {"name": "f", "azureFile": {"secretName": "nine", "shareName": "s"}},
            {"name": "g", "rbd": {"secretRef": {"name": "ten"}}},
        ],
        "imagePullSecrets": [{"name": "seven"}],
    });
    let pod = workload("v1", "Pod", &json!({"spec": spec}));
    assert_eq!(
        names(&pod),
        [
            "eight[x]", "eight[y]", "five", "four?", "nine", "one[k]", "seven", "six", "ten",
            "three", "two?"
        ]
    );
}

#[test]
fn pods_are_found_in_every_kind_of_workload() {
    let pod = json!({"spec": {"imagePullSecrets": [{"name": "s"}]}});
    for (api_version, kind, rest) in [
        ("apps/v1", "Deployment", json!({"spec": {"template": pod}})),
        ("apps/v1", "StatefulSet", json!({"spec": {"template": pod}})),
        ("apps/v1", "DaemonSet", json!({"spec": {"template": pod}})),
        ("batch/v1", "Job", json!({"spec": {"template": pod}})),
        (
            "batch/v1",
            "CronJob",
            json!({"spec": {"jobTemplate": {"spec": {"template": pod}}}}),
        ),
        (
            "argoproj.io/v1alpha1",
            "Rollout",
            json!({"spec": {"template": pod}}),
        ),
    ] {
        assert_eq!(names(&workload(api_version, kind, &rest)), ["s"], "{kind}");
    }
    let service = workload("v1", "Service", &json!({"spec": {"template": pod}}));
    assert!(names(&service).is_empty());
}

#[test]
fn malformed_workloads_have_no_references() {
    for spec in [
        json!(null),
        json!([]),
        json!({"containers": "x", "volumes": [1, null]}),
    ] {
        assert!(names(&workload("v1", "Pod", &json!({"spec": spec}))).is_empty());
    }
}
