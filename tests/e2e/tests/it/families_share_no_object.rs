//! One object that a Kustomization and an Application both want belongs to the first of them, until
//! somebody hands it over.

use e2e::eventually;
use serde_json::json;

use crate::applications::{Deployed, resource};
use crate::shared::shared;
use crate::tenant::{DEADLINE, Tenant, config_map};

/// D-18, G-250: the second unit says so and writes nothing, whichever family it is of; an annotation
/// on the object hands it over; the unit that had it lets go and deletes nothing.
#[test]
fn second_family_leaves_an_object_alone_until_it_is_handed_over() {
    let shared = shared();
    let app = Deployed::new(
        shared,
        "families-app",
        &[
            ("web/shared.yaml", &config_map("shared", "argo")),
            ("web/own.yaml", &config_map("own", "argo")),
        ],
    );
    let unit = Tenant::new(
        shared,
        "families-unit",
        &[("web/shared.yaml", &config_map("shared", "flux"))],
    );
    let world = &shared.world;
    let value = || {
        let live = app.object("ConfigMap", "shared")?;
        Ok::<_, String>(live["data"]["key"].clone())
    };
    unit.unit("web", &json!({"targetNamespace": app.namespace}));
    unit.ready("web");
    assert_eq!(value(), Ok(json!("flux")));

    // The Application applies the rest and is in sync with what is its own.
    let heals = json!({"syncPolicy": {"automated": {"selfHeal": true}}});
    app.app("web", &heals);
    let head = app.repository.head().expect("there is a commit");
    let object = app.synced("web", &head);
    let conflict = app.condition("web", "OwnershipConflict");
    let what = "ConfigMap/families-app/shared belongs to flux:families-unit/web";
    assert!(conflict.starts_with(what), "{conflict}");
    assert!(resource(&object, "ConfigMap", "shared")["status"].is_null());
    assert!(app.object("ConfigMap", "own").is_ok());
    assert_eq!(value(), Ok(json!("flux")));

    // Handed over, it is the Application's, and the unit is the one that says so.
    let adopt = json!({"metadata": {"annotations": {
        "signet.dev/adopt-by": format!("argo:argocd/{}", app.name("web")),
    }}});
    world.patch("ConfigMap", &app.namespace, "shared", &adopt);
    app.refresh("web");
    eventually("the Application applies it", DEADLINE, || {
        let value = value()?;
        (value == "argo").then_some(()).ok_or(value.to_string())
    });
    unit.reconcile("Kustomization", "web");
    let conflict = world.condition(
        "Kustomization",
        &unit.namespace,
        "web",
        "OwnershipConflict",
        "True",
    );
    let conflict = conflict["message"].as_str().unwrap_or_default();
    assert!(conflict.contains("belongs to argo:argocd/"), "{conflict}");
    assert_eq!(value(), Ok(json!("argo")));

    // The unit goes, with everything that is its own: this is not.
    world.delete("Kustomization", &unit.namespace, "web");
    world.disappears("Kustomization", &unit.namespace, "web");
    assert_eq!(value(), Ok(json!("argo")));
}
