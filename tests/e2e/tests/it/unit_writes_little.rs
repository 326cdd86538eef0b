//! What units ask of the API server: on their first sync, after a commit, while nothing happens, and
//! after a restart.

use std::collections::BTreeMap;
use std::time::Duration;

use components::{AuditLog, ControlPlaneOptions, GitServer};
use deploy::family::Family;
use e2e::{Controller, ControllerOptions, World, eventually};
use serde_json::json;

use crate::shared::own_world;
use crate::tenant::{DEADLINE, Tenant, config_map};

type Counts = BTreeMap<String, usize>;

/// Counts what the controller asked for since a place in the audit log, watches and leases left out.
fn asked(world: &World, from: usize) -> Counts {
    let events = world.cluster().audit_events().expect("the log is on");
    let ours = events.into_iter().skip(from).filter(|event| {
        event.user.starts_with("system:serviceaccount:signet")
            && event.resource != "leases"
            && event.resource != "selfsubjectaccessreviews"
            && !matches!(event.verb.as_str(), "watch" | "list")
            && !event.resource.is_empty()
    });
    let mut counts = Counts::new();
    for event in ours {
        let dry_run = if event.is_dry_run() { " (dry run)" } else { "" };
        let subresource = match event.subresource.as_str() {
            "" => String::new(),
            subresource => format!("/{subresource}"),
        };
        let what = format!("{} {}{subresource}{dry_run}", event.verb, event.resource);
        *counts.entry(what).or_default() += 1;
    }
    counts
}

fn here(world: &World) -> usize {
    world.cluster().audit_events().expect("the log is on").len()
}

/// Waits until what was asked for is what is expected, and nothing else.
fn asks(world: &World, from: usize, expected: &[(&str, usize)]) {
    let expected: Counts = expected
        .iter()
        .map(|(what, count)| ((*what).to_owned(), *count))
        .collect();
    eventually("exactly that is asked for", DEADLINE, || {
        let asked = asked(world, from);
        (asked == expected)
            .then_some(())
            .ok_or_else(|| format!("asked for are {asked:#?}"))
    });
}

/// Waits until so many more reconciles of units succeeded.
fn reconciled(controller: &Controller, more: u64) {
    let count = || {
        let text = controller.metrics()?;
        let line = text.lines().find(|line| {
            line.contains("controller=\"kustomization\"") && line.contains("result=\"success\"")
        });
        let count = line.and_then(|line| line.rsplit(' ').next()?.parse::<u64>().ok());
        Ok(count.unwrap_or_default())
    };
    let before = eventually("metrics are served", DEADLINE, count);
    eventually("units are reconciled again", DEADLINE, || {
        let now = count()?;
        (now >= before + more)
            .then_some(())
            .ok_or_else(|| format!("{now} of {}", before + more))
    });
}

/// G-206, G-211, I10: an object costs requests when something is new about it, a unit one status
/// write a revision, and a steady state nothing.
#[test]
fn units_ask_for_what_is_new_and_for_nothing_else() {
    let _place = own_world();
    let mut plane = ControlPlaneOptions::default();
    plane.audit_log = AuditLog::Metadata;
    let world = World::start_with(&plane, &[Family::Flux]);
    let git = GitServer::start().expect("it starts");
    let files = [
        ("one/a.yaml", &config_map("a", "first")),
        ("one/b.yaml", &config_map("b", "first")),
        ("one/c.yaml", &config_map("c", "first")),
        ("two/d.yaml", &config_map("d", "first")),
    ]
    .map(|(path, text)| (path, text.clone()));
    let files = files.each_ref().map(|(path, text)| (*path, text.as_str()));
    let tenant = Tenant::of(&world, &git, "little", &files);
    for unit in ["one", "two"] {
        tenant.unit(unit, &json!({"interval": "2s"}));
    }
    let mut options = ControllerOptions::default();
    options.families = vec![Family::Flux];
    options.data = Some(world.cluster().folder().join("data"));
    let from = here(&world);
    let controller = Controller::start(&world, &options);
    asks(
        &world,
        from,
        &[
            ("patch gitrepositories", 1),
            ("patch gitrepositories/status", 1),
            ("patch kustomizations", 2),
            // The inventory before the first write, and what came of it.
            ("patch kustomizations/status", 4),
            ("patch configmaps (dry run)", 4),
            ("patch configmaps", 4),
            // The source's, and two of each unit.
            ("create events", 5),
        ],
    );

    let from = here(&world);
    let commit = tenant.commit(&[("one/a.yaml", &config_map("a", "second"))]);
    tenant.applied("one", &commit);
    tenant.applied("two", &commit);
    asks(
        &world,
        from,
        &[
            ("patch gitrepositories/status", 1),
            ("patch configmaps (dry run)", 1),
            ("patch configmaps", 1),
            ("patch kustomizations/status", 2),
            ("create events", 3),
        ],
    );

    let from = here(&world);
    reconciled(&controller, 4);
    assert_eq!(asked(&world, from), Counts::new(), "while nothing happens");

    drift_and_requests(&world, &tenant);
    after_a_restart(&world, &tenant, controller, &options);
}

/// What is known is not believed where somebody touched the object, or asks for a run.
fn drift_and_requests(world: &World, tenant: &Tenant<'_>) {
    let from = here(world);
    tenant.reconcile("Kustomization", "one");
    asks(
        world,
        from,
        &[
            ("patch configmaps (dry run)", 3),
            ("patch kustomizations/status", 1),
        ],
    );
    let value = |expected: &str| {
        eventually("the value is as wanted", DEADLINE, || {
            let live = tenant.get("ConfigMap", "b")?;
            (live["data"]["key"] == expected)
                .then_some(())
                .ok_or_else(|| live.to_string())
        });
    };
    let drifted = json!({"data": {"key": "drifted"}});
    world.patch("ConfigMap", &tenant.namespace, "b", &drifted);
    value("first");
    // A foreign field is nobody's drift, and looked at once.
    let foreign = json!({"data": {"other": "theirs"}});
    world.patch("ConfigMap", &tenant.namespace, "b", &foreign);
    value("first");
    world.delete("ConfigMap", &tenant.namespace, "d");
    world.appears("ConfigMap", &tenant.namespace, "d");
}

fn after_a_restart(
    world: &World,
    tenant: &Tenant<'_>,
    controller: Controller,
    options: &ControllerOptions,
) {
    reconciled(&controller, 4);
    assert!(controller.stop());
    drop(controller);
    let from = here(world);
    let controller = Controller::start(world, options);
    reconciled(&controller, 4);
    // The artifact is served on another port.
    asks(world, from, &[("patch gitrepositories/status", 1)]);

    assert!(controller.stop());
    drop(controller);
    let drifted = json!({"data": {"key": "drifted"}});
    world.patch("ConfigMap", &tenant.namespace, "a", &drifted);
    world.delete("ConfigMap", &tenant.namespace, "c");
    let _controller = Controller::start(world, options);
    eventually(
        "what changed meanwhile is corrected",
        Duration::from_secs(20),
        || {
            let live = tenant.get("ConfigMap", "a")?;
            tenant.get("ConfigMap", "c")?;
            (live["data"]["key"] == "second")
                .then_some(())
                .ok_or_else(|| live.to_string())
        },
    );
}
