use std::{collections::BTreeMap, path::Path, process::Command};

use components::Program;
use deploy::{
    family::Family,
    manifests::{Install, NAME, NAMESPACE},
};
use serde_json::{Value, json};

use crate::{id, objects};

const CHART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/chart");

/// Renders the chart with further arguments to `helm template`, as the release `signet`.
fn render(arguments: &[&str]) -> Result<Vec<Value>, String> {
    let helm = Program::Helm.path().expect("helm is built");
    let output = Command::new(helm)
        .args(["template", NAME, CHART, "--namespace", NAMESPACE])
        // Without a cluster, helm would take a version from the time it was built.
        .args(["--kube-version", "1.36.0"])
        .args(arguments)
        .output()
        .expect("helm runs");
    if output.status.success() {
        Ok(objects(
            &String::from_utf8(output.stdout).expect("a manifest is text"),
        ))
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// Returns the objects by kind and name, without what only Helm writes.
fn comparable(objects: Vec<Value>) -> BTreeMap<String, Value> {
    let plain = |mut object: Value| {
        let name = id(&object);
        for path in ["/metadata/labels", "/metadata/annotations"] {
            let Some(Value::Object(entries)) = object.pointer_mut(path) else {
                continue;
            };
            entries.retain(|key, _| {
                ![
                    "helm.sh/chart",
                    "helm.sh/resource-policy",
                    "app.kubernetes.io/version",
                    "app.kubernetes.io/managed-by",
                ]
                .contains(&key.as_str())
            });
            if entries.is_empty() {
                let metadata = object["metadata"]
                    .as_object_mut()
                    .expect("an object has metadata");
                metadata.remove(path.rsplit('/').next().expect("a path has an end"));
            }
        }
        (name, object)
    };
    objects.into_iter().map(plain).collect()
}

fn plain_install(families: &[Family]) -> Vec<Value> {
    let install = Install::of(families);
    let mut plain = install.rights();
    plain.extend(install.workload());
    for family in families {
        for definition in family.definitions() {
            plain.push(serde_json::to_value(definition).expect("a definition is JSON"));
        }
    }
    plain
}

fn assert_same_install(chart: Vec<Value>, plain: Vec<Value>) {
    let (chart, plain) = (comparable(chart), comparable(plain));
    assert_eq!(
        chart.keys().collect::<Vec<_>>(),
        plain.keys().collect::<Vec<_>>()
    );
    for (name, object) in &plain {
        assert_eq!(&chart[name], object, "{name}");
    }
}

#[test]
fn chart_with_default_values_is_the_plain_install() {
    assert_same_install(render(&[]).unwrap(), plain_install(&Family::ALL));
}

/// Families can be switched on one by one.
#[test]
fn chart_of_each_single_family_is_its_plain_install() {
    for family in Family::ALL {
        let rendered = render(&["--set", &format!("families={{{family}}}")]).unwrap();
        assert_same_install(rendered, plain_install(&[family]));
    }
}

#[test]
fn committed_manifests_are_the_plain_install() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
    let mut committed = objects(&read("manifests/10-rights.yaml"));
    committed.extend(objects(&read("manifests/20-controller.yaml")));
    for definition in Family::ALL.into_iter().flat_map(Family::definitions) {
        let name = definition.metadata.name.unwrap();
        committed.extend(objects(&read(&format!("crds/{name}.yaml"))));
    }
    assert_same_install(committed, plain_install(&Family::ALL));
}

#[test]
fn cluster_admin_is_bound_only_when_asked_for() {
    let bound = |objects: Vec<Value>| {
        objects
            .into_iter()
            .find(|object| object["roleRef"]["name"] == "cluster-admin")
    };
    assert_eq!(bound(render(&[]).unwrap()), None);
    let rendered = bound(render(&["--set", "rbac.clusterAdmin=true"]).unwrap()).unwrap();
    assert_same_install(
        vec![rendered],
        vec![Install::of(&Family::ALL).cluster_admin()],
    );
}

#[test]
fn unknown_values_and_families_are_refused() {
    for wrong in [
        "familes={flux}",
        "families={argocd}",
        "families={}",
        "logFormat=xml",
    ] {
        let error = render(&["--set", wrong]).unwrap_err();
        assert!(
            error.contains("values don't meet the specifications of the schema"),
            "{error}"
        );
    }
}

#[test]
fn switches_leave_out_what_they_name() {
    let rendered = render(&[
        "--set",
        "installCRDs=false,rbac.create=false,serviceAccount.create=false,serviceAccount.name=mine",
    ])
    .unwrap();
    let kinds: Vec<_> = rendered
        .iter()
        .map(|object| object["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["Service", "Service", "Service", "Deployment"]);
    assert_eq!(
        rendered[3]["spec"]["template"]["spec"]["serviceAccountName"],
        "mine"
    );
}

#[test]
fn settings_reach_the_objects_they_are_for() {
    let values = json!({
        "commonLabels": { "team": "platform" },
        "commonAnnotations": { "owner": "platform" },
        "image": { "registry": "registry.example.com", "tag": "v9", "pullSecrets": ["pull"] },
        "keyrenewperiod": "0",
        "extraArgs": ["--no-cross-namespace-refs"],
        "resources": { "limits": { "memory": "1Gi" } },
        "readinessProbe": { "enabled": true, "periodSeconds": 3 },
        "livenessProbe": { "enabled": false },
        "dataVolume": { "emptyDir": null, "persistentVolumeClaim": { "claimName": "artifacts" } },
        "metrics": { "serviceMonitor": { "enabled": true, "interval": "30s" } },
        "pdb": { "create": true, "maxUnavailable": 1 },
    });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("values.yaml");
    std::fs::write(&file, values.to_string()).unwrap();
    let rendered = render(&["--values", file.to_str().unwrap()]).unwrap();
    let of = |kind: &str| {
        rendered
            .iter()
            .find(|object| object["kind"] == kind)
            .unwrap()
    };
    for object in &rendered {
        if object["kind"] != "CustomResourceDefinition" {
            assert_eq!(
                object["metadata"]["labels"]["team"],
                "platform",
                "{}",
                id(object)
            );
            assert_eq!(
                object["metadata"]["annotations"]["owner"],
                "platform",
                "{}",
                id(object)
            );
        }
    }
    let pod = &of("Deployment")["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    assert_eq!(
        container["image"],
        "registry.example.com/signet-controller:v9"
    );
    assert_eq!(pod["imagePullSecrets"], json!([{ "name": "pull" }]));
    let arguments = container["args"].as_array().unwrap();
    assert!(
        arguments.contains(&json!("--key-renew-period=0")),
        "{arguments:?}"
    );
    assert!(
        arguments.contains(&json!("--no-cross-namespace-refs")),
        "{arguments:?}"
    );
    assert_eq!(container["resources"]["limits"]["memory"], "1Gi");
    assert_eq!(container["readinessProbe"]["periodSeconds"], 3);
    assert_eq!(container["livenessProbe"], Value::Null);
    assert_eq!(
        pod["volumes"][0],
        json!({ "name": "data", "persistentVolumeClaim": { "claimName": "artifacts" } })
    );
    assert_eq!(
        of("ServiceMonitor")["spec"]["endpoints"][0]["interval"],
        "30s"
    );
    assert_eq!(of("PodDisruptionBudget")["spec"]["maxUnavailable"], 1);
}

/// The version of the chart is that of the program it installs.
#[test]
fn chart_has_the_version_of_the_project() {
    let chart = std::fs::read_to_string(Path::new(CHART).join("Chart.yaml")).unwrap();
    let chart = &objects(&chart)[0];
    assert_eq!(chart["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(chart["appVersion"], env!("CARGO_PKG_VERSION"));
}
