//! Where tenants share a cluster, nothing of one namespace leads into another (I8).

use components::{ControlPlaneOptions, GitServer};
use deploy::family::Family;
use e2e::{Controller, ControllerOptions, World};
use serde_json::json;

use crate::shared::own_world;
use crate::tenant::{Tenant, config_map};

/// I8: the flag refuses a source and a dependency of another namespace; a unit without an account
/// of its own has the rights of its namespace's and not the controller's.
#[test]
fn strict_tenancy_keeps_every_reference_at_home() {
    let _place = own_world();
    let families = [Family::Flux];
    let world = World::start_with(&ControlPlaneOptions::default(), &families);
    let git = GitServer::start().expect("it starts");
    let mut options = ControllerOptions::default();
    options.families = families.to_vec();
    options.arguments = vec![
        "--no-cross-namespace-refs".to_owned(),
        "--default-service-account=deployer".to_owned(),
    ];
    let _controller = Controller::start(&world, &options);
    let files = config_map("a", "x");
    let files = [("apps/a.yaml", files.as_str())];
    let owner = Tenant::of(&world, &git, "tenancy-owner", &files);
    for object in [
        json!({"apiVersion": "v1", "kind": "ServiceAccount",
            "metadata": {"name": "deployer", "namespace": owner.namespace}}),
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
            "metadata": {"name": "deployer", "namespace": owner.namespace},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
            "subjects": [{"kind": "ServiceAccount", "name": "deployer", "namespace": owner.namespace}]}),
    ] {
        world.create(&object);
    }
    owner.unit("apps", &json!({}));
    owner.ready("apps");
    let thief = Tenant::of(&world, &git, "tenancy-thief", &files);

    let source = json!({"kind": "GitRepository", "name": "repo", "namespace": owner.namespace});
    thief.unit("source", &json!({"path": "./apps", "sourceRef": source}));
    let dependency = json!([{"name": "apps", "namespace": owner.namespace}]);
    thief.unit(
        "dependency",
        &json!({"path": "./apps", "dependsOn": dependency}),
    );
    for unit in ["source", "dependency"] {
        let message = thief.fails(unit, "AccessDenied");
        assert!(message.contains("another namespace"), "{message}");
    }
    // Its own reference is followed, and then its own account counts, which there is none of.
    thief.unit("apps", &json!({"targetNamespace": owner.namespace}));
    let message = thief.fails("apps", "ReconciliationFailed");
    assert!(
        message.contains("system:serviceaccount:tenancy-thief:deployer"),
        "{message}"
    );
    thief.get("ConfigMap", "a").expect_err("nothing is applied");
}
