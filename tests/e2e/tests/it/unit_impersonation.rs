//! A unit applies with the rights of the ServiceAccount it names, and no others.

use serde_json::json;

use crate::shared::shared;
use crate::tenant::{Tenant, config_map};

/// G-208.
#[test]
fn unit_has_the_rights_of_its_service_account() {
    let shared = shared();
    let tenant = Tenant::new(
        shared,
        "unit-rights",
        &[
            ("apps/a.yaml", &config_map("a", "x")),
            (
                "out/a.yaml",
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: out, namespace: default}\n",
            ),
        ],
    );
    let world = tenant.world;
    world.create(&json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {"name": "deployer", "namespace": tenant.namespace},
    }));
    tenant.unit("apps", &json!({"serviceAccountName": "deployer"}));
    let message = tenant.fails("apps", "ReconciliationFailed");
    assert!(
        message.starts_with("ConfigMap/unit-rights/a dry-run failed: forbidden: ")
            && message.contains("system:serviceaccount:unit-rights:deployer")
            && message.contains("cannot"),
        "{message}"
    );
    assert!(tenant.get("ConfigMap", "a").is_err());

    world.create(&json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
        "metadata": {"name": "deployer", "namespace": tenant.namespace},
        "rules": [{
            "apiGroups": [""], "resources": ["configmaps"],
            "verbs": ["get", "create", "patch", "delete"],
        }],
    }));
    world.create(&json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": {"name": "deployer", "namespace": tenant.namespace},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "deployer",
        },
        "subjects": [{
            "kind": "ServiceAccount", "name": "deployer", "namespace": tenant.namespace,
        }],
    }));
    tenant.ready("apps");
    assert!(tenant.get("ConfigMap", "a").is_ok());

    // The account's namespace is where its rights end.
    let out = json!({"serviceAccountName": "deployer", "targetNamespace": null});
    tenant.unit("out", &out);
    let message = tenant.fails("out", "ReconciliationFailed");
    assert!(message.contains("ConfigMap/default/out"), "{message}");

    // Prune has them as well.
    tenant
        .repository
        .remove(&["apps/a.yaml"], "gone")
        .expect("it is committed");
    tenant.commit(&[("apps/b.yaml", &config_map("b", "x"))]);
    world.disappears("ConfigMap", &tenant.namespace, "a");

    // An account that is gone must not keep the unit in the cluster for ever.
    world.delete("ServiceAccount", &tenant.namespace, "deployer");
    world.delete("RoleBinding", &tenant.namespace, "deployer");
    world.delete("Kustomization", &tenant.namespace, "apps");
    world.disappears("Kustomization", &tenant.namespace, "apps");
    assert!(tenant.get("ConfigMap", "b").is_ok());
}
