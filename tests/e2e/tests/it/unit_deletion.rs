//! What is pruned, what is protected, and what a deleted unit leaves behind (I3).

use e2e::eventually;
use serde_json::json;

use crate::shared::shared;
use crate::tenant::{DEADLINE, Tenant, config_map};

fn marked(name: &str, value: &str, mark: &str) -> String {
    let annotation = format!("  annotations:\n    kustomize.toolkit.fluxcd.io/{mark}\n");
    config_map(name, value).replace("\ndata:", &format!("\n{annotation}data:"))
}

/// G-187, G-204.
#[test]
fn protected_and_foreign_objects_are_not_pruned() {
    let shared = shared();
    let tenant = Tenant::new(
        shared,
        "unit-prune",
        &[
            ("apps/keep.yaml", &config_map("keep", "x")),
            ("apps/stale.yaml", &config_map("stale", "x")),
            (
                "apps/protected.yaml",
                &marked("protected", "x", "prune: disabled"),
            ),
            ("apps/once.yaml", &marked("once", "x", "ssa: IfNotPresent")),
            ("apps/ignored.yaml", &marked("ignored", "x", "ssa: Ignore")),
            ("apps/handed.yaml", &config_map("handed", "x")),
            ("apps/live.yaml", &config_map("live", "x")),
        ],
    );
    tenant.unit("apps", &json!({}));
    tenant.ready("apps");
    assert!(tenant.get("ConfigMap", "ignored").is_err());
    let world = tenant.world;
    // Somebody protects one on the cluster, and takes another over.
    let protect = json!({"metadata": {"annotations": {
        "kustomize.toolkit.fluxcd.io/prune": "disabled",
    }}});
    world.patch("ConfigMap", &tenant.namespace, "live", &protect);
    // An IfNotPresent object is its user's from then on.
    let own = json!({"data": {"key": "own"}});
    world.patch("ConfigMap", &tenant.namespace, "once", &own);
    tenant.reconcile("Kustomization", "apps");
    let once = tenant.get("ConfigMap", "once").expect("it is there");
    assert_eq!(once["data"]["key"], "own");
    tenant.unit("apps", &json!({"suspend": true}));
    let handed = json!({"metadata": {"labels": {
        "kustomize.toolkit.fluxcd.io/name": "somebody-else",
    }}});
    world.patch("ConfigMap", &tenant.namespace, "handed", &handed);
    let gone = [
        "apps/stale.yaml",
        "apps/protected.yaml",
        "apps/handed.yaml",
        "apps/live.yaml",
    ];
    tenant
        .repository
        .remove(&gone, "gone")
        .expect("it is committed");
    let commit = tenant.repository.head().expect("there is a commit");
    tenant.reconcile("GitRepository", "repo");
    tenant.unit("apps", &json!({}));
    tenant.applied("apps", &commit);
    world.disappears("ConfigMap", &tenant.namespace, "stale");
    for name in ["keep", "protected", "handed", "live", "once"] {
        assert!(tenant.get("ConfigMap", name).is_ok(), "{name} is gone");
    }

    // Without prune nothing is deleted.
    tenant.unit("apps", &json!({"prune": false}));
    let removed = tenant
        .repository
        .remove(&["apps/keep.yaml"], "gone")
        .expect("it is committed");
    tenant.request("GitRepository", "repo");
    tenant.applied("apps", &removed);
    assert!(tenant.get("ConfigMap", "keep").is_ok());
}

/// G-210, G-185.
#[test]
fn deleted_unit_does_what_its_policy_says() {
    let shared = shared();
    let units = [
        ("mirrors", json!({}), false),
        ("keeps", json!({"prune": false}), true),
        (
            "deletes",
            json!({"prune": false, "deletionPolicy": "Delete"}),
            false,
        ),
        (
            "waits",
            json!({"deletionPolicy": "WaitForTermination"}),
            false,
        ),
        ("orphans", json!({"deletionPolicy": "Orphan"}), true),
        ("rests", json!({"suspend": true}), true),
    ];
    let files: Vec<(String, String)> = units
        .iter()
        .map(|(name, ..)| (format!("{name}/a.yaml"), config_map(name, "x")))
        .collect();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let tenant = Tenant::new(shared, "unit-deletion", &files);
    for (name, ..) in &units {
        tenant.unit(name, &json!({}));
    }
    for (name, spec, _) in &units {
        tenant.ready(name);
        tenant.unit(name, spec);
    }
    // The object stays until its user's finalizer goes, and the unit until then.
    let hold = json!({"metadata": {"finalizers": ["example.com/hold"]}});
    tenant
        .world
        .patch("ConfigMap", &tenant.namespace, "waits", &hold);
    for (name, ..) in &units {
        tenant
            .world
            .delete("Kustomization", &tenant.namespace, name);
    }
    for (name, _, stays) in &units {
        if *name == "waits" {
            continue;
        }
        tenant
            .world
            .disappears("Kustomization", &tenant.namespace, name);
        if *stays {
            assert!(tenant.get("ConfigMap", name).is_ok(), "{name} is gone");
        } else {
            tenant
                .world
                .disappears("ConfigMap", &tenant.namespace, name);
        }
    }
    eventually("the held object is being deleted", DEADLINE, || {
        let object = tenant.get("ConfigMap", "waits")?;
        let at = &object["metadata"]["deletionTimestamp"];
        at.is_string()
            .then_some(())
            .ok_or_else(|| object.to_string())
    });
    assert!(tenant.get("Kustomization", "waits").is_ok());
    let free = json!({"metadata": {"finalizers": null}});
    tenant
        .world
        .patch("ConfigMap", &tenant.namespace, "waits", &free);
    tenant
        .world
        .disappears("Kustomization", &tenant.namespace, "waits");
}
