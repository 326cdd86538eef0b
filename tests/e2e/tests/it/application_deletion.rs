//! What an Application leaves behind is what its finalizer says, for Applications of Applications too.

use serde_json::json;

use crate::applications::{ARGOCD, Deployed, resource};
use crate::shared::shared;
use crate::tenant::config_map;

const FINALIZER: &str = "resources-finalizer.argocd.argoproj.io";

/// G-126, G-127, G-129.
#[test]
fn finalizer_says_whether_objects_go_with_their_application() {
    let shared = shared();
    let kept = config_map("kept", "x").replace(
        "\ndata:",
        "\n  annotations: {argocd.argoproj.io/sync-options: \"Delete=false\"}\ndata:",
    );
    let deployed = Deployed::new(
        shared,
        "app-deletion",
        &[
            ("cascades/a.yaml", &config_map("cascades", "x")),
            ("cascades/kept.yaml", &kept),
            ("background/a.yaml", &config_map("background", "x")),
            ("orphans/a.yaml", &config_map("orphans", "x")),
        ],
    );
    let head = deployed.repository.head().expect("there is a commit");
    let with = |finalizer: &str| json!({"finalizers": [finalizer]});
    deployed.app_with("cascades", &with(FINALIZER), &json!({}));
    let background = with(&format!("{FINALIZER}/background"));
    deployed.app_with("background", &background, &json!({}));
    deployed.app("orphans", &json!({}));
    for app in ["cascades", "background", "orphans"] {
        deployed.synced(app, &head);
        deployed
            .world
            .delete("Application", ARGOCD, &deployed.name(app));
        deployed
            .world
            .disappears("Application", ARGOCD, &deployed.name(app));
    }
    for name in ["cascades", "background"] {
        deployed
            .world
            .disappears("ConfigMap", &deployed.namespace, name);
    }
    for name in ["orphans", "kept"] {
        assert!(deployed.object("ConfigMap", name).is_ok(), "{name} is gone");
    }
}

/// G-129, M-39: a folder of Applications; what a child deploys goes only where the child says so.
#[test]
fn application_of_applications_makes_and_deletes_its_children() {
    let shared = shared();
    let deployed = Deployed::new(shared, "app-parent", &[("x/a.yaml", &config_map("x", "x"))]);
    let child = |name: &str, finalizer: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: \
             app-parent-{name}\n  namespace: {ARGOCD}\n{finalizer}spec:\n  project: default\n  \
             source: {{repoURL: \"{url}\", targetRevision: main, path: {name}}}\n  \
             destination: {{name: in-cluster, namespace: app-parent}}\n  \
             syncPolicy: {{automated: {{}}}}\n",
            url = deployed.repository.url(),
        )
    };
    let finalizer = format!("  finalizers: [{FINALIZER}]\n");
    let head = deployed
        .repository
        .commit(
            &[
                ("root/one.yaml", &child("one", &finalizer)),
                ("root/two.yaml", &child("two", "")),
                ("one/a.yaml", &config_map("of-one", "x")),
                ("two/a.yaml", &config_map("of-two", "x")),
            ],
            "children",
        )
        .expect("it is committed");
    deployed.app_with(
        "root",
        &json!({"finalizers": [FINALIZER]}),
        &json!({
            "destination": {"namespace": ARGOCD},
            "syncPolicy": {"automated": {"prune": true, "selfHeal": true}},
        }),
    );
    let app = deployed.synced("root", &head);
    assert_eq!(app["status"]["summary"]["isAppOfApps"], true);
    assert_eq!(
        resource(&app, "Application", "app-parent-one")["status"],
        "Synced"
    );
    for child in ["one", "two"] {
        deployed.synced(child, &head);
    }
    // A status that the child writes into itself is no drift of the parent.
    let app = deployed.refresh("root");
    assert_eq!(
        app["status"]["sync"]["status"], "Synced",
        "{:#}",
        app["status"]
    );
    assert_eq!(app["status"]["history"].as_array().map(Vec::len), Some(1));

    deployed
        .world
        .delete("Application", ARGOCD, &deployed.name("root"));
    for app in ["root", "one", "two"] {
        deployed
            .world
            .disappears("Application", ARGOCD, &deployed.name(app));
    }
    deployed
        .world
        .disappears("ConfigMap", &deployed.namespace, "of-one");
    assert!(deployed.object("ConfigMap", "of-two").is_ok());
}
