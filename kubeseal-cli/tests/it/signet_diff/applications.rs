use serde_json::{Value, json};

use super::{Place, config_map};
use crate::cluster::{cluster, set_status};

/// Makes an Application `web` in the namespace, which is its destination too and holds its project.
fn application(place: &Place, spec: &Value, owns: &[&str]) {
    let namespace = place.namespace;
    let mut object = json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {
            "project": "default",
            "source": {"repoURL": "https://git.example.com/team/app.git", "path": "app"},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": namespace},
            "syncPolicy": {"automated": {"prune": true}},
        },
    });
    for (key, value) in spec.as_object().unwrap() {
        object["spec"][key] = value.clone();
    }
    cluster().apply(&object.to_string()).unwrap();
    let resources: Vec<Value> = owns
        .iter()
        .map(|name| {
            json!({"version": "v1", "kind": "ConfigMap", "namespace": namespace, "name": name})
        })
        .collect();
    set_status(
        "application",
        namespace,
        "web",
        &json!({"resources": resources}),
    );
}

/// An object as the Application applied it.
fn owned(place: &Place, name: &str, value: &str) {
    let namespace = place.namespace;
    let annotation = format!(
        "\n  annotations: {{argocd.argoproj.io/tracking-id: 'web:/ConfigMap:{namespace}/{name}'}}\n\
         data:\n"
    );
    let text = config_map(name, value).replace("\ndata:\n", &annotation);
    let arguments = [
        "apply",
        "--server-side",
        "--field-manager=argocd-controller",
        "-n",
    ];
    let arguments = [&arguments[..], &[namespace, "-f", "-"]].concat();
    cluster().kubectl(arguments, Some(&text)).unwrap();
}

/// G-087: what does not count is no difference; S6: the rest is shown, and what would be pruned.
#[test]
fn an_application_is_compared_as_it_asks() {
    let place = Place::new("diff-application");
    let ignored = json!([{"kind": "ConfigMap", "name": "b", "jsonPointers": ["/data/key"]}]);
    application(
        &place,
        &json!({"ignoreDifferences": ignored}),
        &["a", "b", "old"],
    );
    for name in ["a", "b", "old"] {
        owned(&place, name, "one");
    }
    place.folder.write("app/a.yaml", &config_map("a", "two"));
    place.folder.write("app/b.yaml", &config_map("b", "two"));
    let arguments = [
        "application/web",
        "--source",
        ".",
        "--argo-namespace",
        place.namespace,
    ];
    let outcome = place.diff(&arguments);
    assert!(
        outcome
            .stderr
            .ends_with("1 configured, 1 deleted, 1 unchanged\n"),
        "{}",
        outcome.stderr
    );
    let text = outcome.difference();
    assert!(
        text.starts_with("ConfigMap/diff-application/a configured\n"),
        "{text}"
    );
    assert!(text.contains("\n-  key: one\n+  key: two\n"), "{text}");
    assert!(
        text.ends_with("ConfigMap/diff-application/old deleted: it is no longer wanted\n"),
        "{text}"
    );
    assert!(!text.contains("\n+    argocd.argoproj.io"), "{text}");
}

/// G-131, G-132: what the project does not permit is refused as the controller refuses it.
#[test]
fn a_project_is_kept_to() {
    let place = Place::new("diff-project");
    let namespace = place.namespace;
    let project = |spec: &Value| {
        let object = json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject",
            "metadata": {"name": "team", "namespace": namespace}, "spec": spec,
        });
        place.apply(&object.to_string());
    };
    application(&place, &json!({"project": "team"}), &[]);
    place.folder.write("app/a.yaml", &config_map("a", "two"));
    let arguments = [
        "application/web",
        "--source",
        ".",
        "--argo-namespace",
        namespace,
    ];
    let refusal = place.diff(&arguments).refusal(2);
    assert!(
        refusal.contains("project team does not exist in namespace \"diff-project\""),
        "{refusal}"
    );

    let destinations = json!([{"server": "*", "namespace": "*"}]);
    project(
        &json!({"sourceRepos": ["https://elsewhere.example.com/*"], "destinations": destinations}),
    );
    let refusal = place.diff(&arguments).refusal(2);
    assert!(
        refusal.contains("is not permitted in project 'team'"),
        "{refusal}"
    );

    let denied = json!([{"group": "", "kind": "ConfigMap"}]);
    project(&json!({"sourceRepos": ["*"], "destinations": destinations,
        "namespaceResourceBlacklist": denied}));
    let refusal = place.diff(&arguments).refusal(2);
    let expected = "error: ConfigMap/diff-project/a is not compared: resource :ConfigMap is not \
                    permitted in project team";
    assert!(refusal.contains(expected), "{refusal}");
}

#[test]
fn a_namespace_that_the_sync_makes_is_no_hindrance() {
    let place = Place::new("diff-makes");
    let spec = json!({
        "destination": {"server": "https://kubernetes.default.svc", "namespace": "diff-made-later"},
        "syncPolicy": {"syncOptions": ["CreateNamespace=true"]},
    });
    application(&place, &spec, &[]);
    place.folder.write("app/a.yaml", &config_map("a", "one"));
    let arguments = [
        "application/web",
        "--source",
        ".",
        "--argo-namespace",
        place.namespace,
    ];
    let text = place.diff(&arguments).difference();
    assert!(
        text.starts_with("ConfigMap/diff-made-later/a created\n"),
        "{text}"
    );
}
