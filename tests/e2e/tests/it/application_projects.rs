//! What is invalid, or what a project does not permit, is said and not done.

use serde_json::{Value, json};

use crate::applications::{ARGOCD, Deployed, message};
use crate::shared::shared;
use crate::tenant::config_map;

fn project(deployed: &Deployed<'_>, name: &str, spec: &Value) {
    deployed.world.create(&json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject",
        "metadata": {"name": name, "namespace": ARGOCD}, "spec": spec,
    }));
}

/// G-004, G-005, G-131, G-133.
#[test]
fn what_a_project_does_not_permit_is_refused() {
    let shared = shared();
    let deployed = Deployed::new(
        shared,
        "app-projects",
        &[("web/a.yaml", &config_map("a", "one"))],
    );
    let url = deployed.repository.url().to_owned();
    let server = "https://kubernetes.default.svc";
    // A project is seen a moment after it was made, and its Applications are woken then.
    let refused = |app: &str, spec: &Value, why: &str| {
        deployed.app(app, spec);
        let object = deployed.until(app, &format!("says {why:?}"), |object| {
            message(object, "InvalidSpecError").contains(why)
        });
        assert_eq!(object["status"]["sync"]["status"], "Unknown");
    };
    refused(
        "nowhere",
        &json!({"project": "app-projects-none", "source": {"path": "web"}}),
        "Application referencing project app-projects-none which does not exist",
    );
    for (destination, why) in [
        (
            json!({"name": "in-cluster"}),
            "can't have both name and server",
        ),
        (
            json!({"server": null, "name": null}),
            "Destination server missing",
        ),
    ] {
        refused(
            "both",
            &json!({"source": {"path": "web"}, "destination": destination}),
            why,
        );
        deployed
            .world
            .delete("Application", ARGOCD, &deployed.name("both"));
    }

    project(
        &deployed,
        "app-projects",
        &json!({
            "sourceRepos": ["https://git.example.com/*"],
            "destinations": [{"server": server, "namespace": "app-projects"}],
        }),
    );
    refused(
        "foreign",
        &json!({"project": "app-projects", "source": {"path": "web"}}),
        &format!("application repo {url} is not permitted"),
    );
    project(
        &deployed,
        "app-projects",
        &json!({
            "sourceRepos": ["*"],
            "destinations": [{"server": server, "namespace": "app-projects"}],
        }),
    );
    // The project's change wakes it.
    let head = deployed.repository.head().expect("there is a commit");
    let app = deployed.synced("foreign", &head);
    assert_eq!(message(&app, "InvalidSpecError"), "");
    refused(
        "elsewhere",
        &json!({
            "project": "app-projects", "source": {"path": "web"},
            "destination": {"namespace": "kube-system"},
        }),
        "kube-system",
    );
}

/// G-132, G-057: a kind the project does not permit fails the sync before anything is written, and a
/// namespace is made only where the project permits that.
#[test]
fn what_a_project_does_not_permit_is_not_written() {
    let shared = shared();
    let role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  \
                name: app-kinds-wide\n";
    let deployed = Deployed::new(
        shared,
        "app-kinds",
        &[
            ("wide/a.yaml", &config_map("wide", "one")),
            ("wide/b.yaml", role),
            ("web/a.yaml", &config_map("a", "one")),
        ],
    );
    project(
        &deployed,
        "app-kinds",
        &json!({
            "sourceRepos": ["*"],
            "destinations": [{"server": "*", "namespace": "app-kinds*"}],
        }),
    );
    deployed.app(
        "web",
        &json!({
            "project": "app-kinds", "destination": {"namespace": "app-kinds-made"},
            "syncPolicy": {"syncOptions": ["CreateNamespace=true"]},
        }),
    );
    deployed.until("web", "fails", |app| {
        let message = app["status"]["operationState"]["message"].to_string();
        message.contains("Namespace is not permitted in project")
    });
    assert!(
        deployed
            .world
            .get("Namespace", "", "app-kinds-made")
            .is_err()
    );
    deployed.app("wide", &json!({"project": "app-kinds"}));
    let app = deployed.until("wide", "fails", |app| {
        let message = app["status"]["operationState"]["message"].to_string();
        message.contains("is not permitted in project")
    });
    assert!(
        app.to_string().contains("ClusterRole"),
        "{:#}",
        app["status"]
    );
    assert!(deployed.object("ConfigMap", "wide").is_err());
}

/// G-006: the local cluster by its other name; G-011: a tag and a commit.
#[test]
fn the_local_cluster_has_a_name_and_revisions_have_many() {
    let shared = shared();
    let deployed = Deployed::new(
        shared,
        "app-named",
        &[("web/a.yaml", &config_map("a", "one"))],
    );
    let first = deployed.repository.head().expect("there is a commit");
    deployed
        .repository
        .commit(&[("web/a.yaml", &config_map("a", "two"))], "second")
        .expect("it is committed");
    let second = deployed.repository.head().expect("there is a commit");
    deployed.app(
        "web",
        &json!({
            "source": {"targetRevision": first},
            "destination": {"server": null, "name": "in-cluster"},
        }),
    );
    deployed.synced("web", &first);
    let live = deployed.object("ConfigMap", "a").expect("it is applied");
    assert_eq!(live["data"]["key"], "one");
    deployed.patch(
        "web",
        &json!({"spec": {"source": {"targetRevision": "HEAD"}}}),
    );
    deployed.synced("web", &second);
    deployed.patch(
        "web",
        &json!({"spec": {"source": {"targetRevision": "absent"}}}),
    );
    let text = deployed.condition("web", "ComparisonError");
    assert!(text.contains("absent"), "{text}");
    let live = deployed.object("ConfigMap", "a").expect("it stays");
    assert_eq!(live["data"]["key"], "two");
}
