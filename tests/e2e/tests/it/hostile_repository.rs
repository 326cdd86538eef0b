//! Repositories that mean harm are refused as a whole, and others do not notice (I6).

use components::Repository;
use e2e::eventually;
use serde_json::{Value, json};

use crate::crafted::{blob, set_main, tree, zeros};
use crate::shared::{Shared, shared};
use crate::tenant::{DEADLINE, Tenant, config_map};

/// Waits until the source says what is wrong with its repository, and returns that.
fn refused(tenant: &Tenant<'_>) -> String {
    let condition = tenant.world.condition(
        "GitRepository",
        &tenant.namespace,
        "repo",
        "FetchFailed",
        "True",
    );
    assert_eq!(condition["reason"], "GitOperationFailed");
    condition["message"].as_str().unwrap_or_default().to_owned()
}

fn hostile<'a>(
    shared: &'a Shared,
    namespace: &str,
    craft: impl Fn(&Repository) -> String,
) -> Tenant<'a> {
    let tenant = Tenant::new(
        shared,
        namespace,
        &[("apps/a.yaml", &config_map("a", "good"))],
    );
    tenant.unit("apps", &json!({}));
    tenant.ready("apps");
    let root = craft(&tenant.repository);
    set_main(&tenant.repository, &root);
    tenant.request("GitRepository", "repo");
    tenant
}

/// G-177 and I6: crafted names and a blob of 1 GiB that packs small.
#[test]
fn crafted_trees_and_huge_blobs_are_refused_and_the_old_artifact_stays() {
    let shared = shared();
    let names = [
        ("..", "40000"),
        (".git", "40000"),
        ("/etc/passwd", "100644"),
    ];
    for (index, (name, mode)) in names.into_iter().enumerate() {
        let tenant = hostile(shared, &format!("hostile-name-{index}"), |repository| {
            let content = blob(repository, b"harm: true\n");
            let folder = tree(repository, &[("100644", "config", &content)]);
            let child = if mode == "40000" { &folder } else { &content };
            tree(repository, &[(mode, name, child)])
        });
        let message = refused(&tenant);
        assert!(
            message.contains(&format!("an entry named {name:?}")),
            "{message}"
        );
        unharmed(&tenant);
    }
    let folder = shared.world.cluster().folder();
    let tenant = hostile(shared, "hostile-huge", |repository| {
        let zeros = zeros(repository, folder, 1 << 30);
        tree(repository, &[("100644", "zeros.yaml", &zeros)])
    });
    let message = refused(&tenant);
    assert!(message.contains("1073741824 bytes or more"), "{message}");
    unharmed(&tenant);
}

/// The artifact there was goes on correcting drift.
fn unharmed(tenant: &Tenant<'_>) {
    let drift = json!({"data": {"key": "drifted"}});
    tenant
        .world
        .patch("ConfigMap", &tenant.namespace, "a", &drift);
    eventually("drift is corrected", DEADLINE, || {
        let live = tenant.get("ConfigMap", "a")?;
        (live["data"]["key"] == "good")
            .then_some(())
            .ok_or_else(|| live.to_string())
    });
}

/// I6: a link that leads out of the tree is not followed.
#[test]
fn link_out_of_the_tree_is_not_followed() {
    let shared = shared();
    let tenant = hostile(shared, "hostile-link", |repository| {
        let target = blob(repository, b"../../../../../etc/passwd");
        let list = blob(repository, b"resources: [passwd.yaml]\n");
        let good = blob(repository, config_map("a", "good").as_bytes());
        let linked = tree(
            repository,
            &[
                ("100644", "kustomization.yaml", &list),
                ("120000", "passwd.yaml", &target),
            ],
        );
        let apps = tree(repository, &[("100644", "a.yaml", &good)]);
        tree(
            repository,
            &[("40000", "apps", &apps), ("40000", "linked", &linked)],
        )
    });
    tenant.unit("linked", &json!({}));
    eventually("the unit says that it is a link", DEADLINE, || {
        let unit: Value = tenant.get("Kustomization", "linked")?;
        let conditions = unit["status"]["conditions"].to_string();
        let says = conditions.contains("passwd.yaml") && conditions.contains("BuildFailed");
        says.then_some(()).ok_or(conditions)
    });
    let message = tenant.fails("linked", "BuildFailed");
    assert!(
        message.contains("link") && !message.contains("root:"),
        "{message}"
    );
    unharmed(&tenant);
}
