//! A restart, orderly or not, goes on where it was: nothing is written that does not differ (I10).

use std::fmt::Write as _;
use std::time::Duration;

use components::{AuditEvent, AuditLog, ControlPlaneOptions, GitServer};
use deploy::family::Family;
use e2e::{Controller, ControllerOptions, World, eventually};
use serde_json::json;

use crate::sealed::{certificate, seal, secret, synced};
use crate::shared::own_world;
use crate::tenant::{DEADLINE, Tenant, config_map};

/// Returns the controller's writes, those to its lease left out, from a place in the audit log on.
fn writes(world: &World, from: usize) -> Vec<AuditEvent> {
    events(world)
        .into_iter()
        .skip(from)
        .filter(|event| event.user.contains("serviceaccount") && event.user.contains("signet"))
        .filter(|event| event.is_write() && !event.is_dry_run() && event.resource != "leases")
        .filter(|event| event.resource != "selfsubjectaccessreviews")
        .collect()
}

fn events(world: &World) -> Vec<AuditEvent> {
    world.cluster().audit_events().expect("the log is on")
}

/// Waits until the lease was renewed twice: several runs of the unit, in which anything else would
/// have shown.
fn settles(world: &World) {
    let from = events(world).len();
    eventually("the lease is renewed twice", DEADLINE, || {
        let renewals = events(world)
            .into_iter()
            .skip(from)
            .filter(|event| event.resource == "leases" && event.verb == "update")
            .count();
        (renewals >= 2)
            .then_some(())
            .ok_or_else(|| format!("{renewals} times"))
    });
}

/// I10, I2, G-177: a restart writes nothing, the artifact survives it also while the source is
/// down, and a kill in the middle of a sync ends in the same state.
#[test]
fn restart_goes_on_where_it_was() {
    let _place = own_world();
    let mut plane = ControlPlaneOptions::default();
    plane.audit_log = AuditLog::Metadata;
    let world = World::start_with(&plane, &Family::ALL);
    let git = GitServer::start().expect("it starts");
    let mut options = ControllerOptions::default();
    options.data = Some(world.cluster().folder().join("data"));
    let controller = Controller::start(&world, &options);
    let certificate = certificate(&world, &controller);
    let sealed = seal(
        &certificate,
        &secret("restart", "db", &[("k", "va\"lue/1 that stays")]),
        &[],
    );
    let tenant = Tenant::of(
        &world,
        &git,
        "restart",
        &[
            ("apps/a.yaml", &config_map("a", "one")),
            ("apps/s.json", &sealed.to_string()),
        ],
    );
    // A plain folder has no JSON resources, so the sealed one is listed.
    tenant
        .repository
        .commit(
            &[("apps/kustomization.yaml", "resources: [a.yaml, s.json]\n")],
            "listed",
        )
        .expect("it is committed");
    tenant.unit("apps", &json!({"interval": "1s"}));
    tenant.request("GitRepository", "repo");
    tenant.ready("apps");
    synced(&world, "restart", "db", "True");
    settles(&world);
    let from = events(&world).len();
    settles(&world);
    assert_eq!(writes(&world, from), [], "in the steady state");

    let artifact = tenant.get("GitRepository", "repo").expect("it is there")["status"].clone();
    assert!(controller.stop());
    let from = events(&world).len();
    let controller = Controller::start(&world, &options);
    settles(&world);
    // The artifact is served on another port now, and nothing else is new.
    let written: Vec<String> = writes(&world, from)
        .into_iter()
        .map(|event| format!("{}/{}", event.resource, event.subresource))
        .collect();
    assert_eq!(written, ["gitrepositories/status"], "after a restart");

    // A source that hangs is given up as soon as its time is over.
    let limit = json!({"spec": {"timeout": "4s"}});
    world.patch("GitRepository", "restart", "repo", &limit);
    git.pause();
    assert!(controller.stop());
    let controller = Controller::start(&world, &options);
    tenant.request("GitRepository", "repo");
    let failed = world.condition("GitRepository", "restart", "repo", "FetchFailed", "True");
    assert_eq!(failed["reason"], "GitOperationFailed");
    let kept = tenant.get("GitRepository", "repo").expect("it is there")["status"].clone();
    assert_eq!(kept["artifact"]["digest"], artifact["artifact"]["digest"]);
    world.delete("ConfigMap", "restart", "a");
    eventually("the old artifact is applied", DEADLINE, || {
        tenant.get("ConfigMap", "a")
    });
    git.resume();
    world.condition("GitRepository", "restart", "repo", "Ready", "True");

    killed_in_the_middle(&world, &tenant, &controller, &options);
}

fn killed_in_the_middle(
    world: &World,
    tenant: &Tenant<'_>,
    controller: &Controller,
    options: &ControllerOptions,
) {
    const MANY: usize = 150;
    let files: Vec<(String, String)> = (0..MANY)
        .map(|index| {
            let name = format!("many-{index:03}");
            (format!("apps/{name}.yaml"), config_map(&name, "x"))
        })
        .collect();
    let mut list = "resources:\n- s.json\n".to_owned();
    for index in 0..MANY {
        writeln!(list, "- many-{index:03}.yaml").expect("a String takes it");
    }
    let mut commit: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    commit.push(("apps/kustomization.yaml", &list));
    let commit = tenant.commit(&commit);
    let count = || {
        let maps = world.list("ConfigMap", "restart").into_iter();
        maps.filter(|map| map["metadata"]["name"].to_string().contains("many-"))
            .count()
    };
    eventually("the sync has begun", Duration::from_secs(20), || {
        let made = count();
        (made > 0)
            .then_some(())
            .ok_or_else(|| "nothing yet".to_owned())
    });
    controller.child().kill();
    let controller = Controller::start(world, options);
    tenant.applied("apps", &commit);
    assert_eq!(count(), MANY);
    world.disappears("ConfigMap", "restart", "a");
    let unit = tenant.get("Kustomization", "apps").expect("it is there");
    let entries = unit["status"]["inventory"]["entries"]
        .as_array()
        .map(Vec::len);
    assert_eq!(entries, Some(MANY + 1));
    synced(world, "restart", "db", "True");
    assert!(controller.stop());
}
