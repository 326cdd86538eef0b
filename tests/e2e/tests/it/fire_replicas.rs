//! Two replicas in the middle of a sync: the other one takes over in time and writes nothing again.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use components::{AuditLog, ControlPlaneOptions, GitServer};
use deploy::family::Family;
use e2e::{Controller, ControllerOptions, World, eventually, tell};
use serde_json::json;

use crate::shared::own_world;
use crate::tenant::{Tenant, config_map};

const NAMESPACE: &str = "fire-replicas";
/// How many objects a sync writes.
const MANY: usize = 150;

fn replica(world: &World, identity: &str) -> Controller {
    let mut options = ControllerOptions::default();
    options.families = vec![Family::Flux];
    identity.clone_into(&mut options.identity);
    "info".clone_into(&mut options.log_level);
    Controller::start(world, &options)
}

/// Returns who holds the lease.
fn leader(world: &World) -> Result<String, String> {
    let lease = world.get("Lease", world.namespace(), "signet-controller")?;
    let holder = lease["spec"]["holderIdentity"].as_str();
    holder.map(str::to_owned).ok_or_else(|| lease.to_string())
}

fn leads(world: &World, identity: &str, within: Duration) {
    eventually(&format!("{identity} leads"), within, || {
        let leader = leader(world)?;
        (leader == identity).then_some(()).ok_or(leader)
    });
}

/// Commits a round of objects and returns as soon as a part of them is written.
fn begin(tenant: &Tenant<'_>, round: &str) -> String {
    let files: Vec<(String, String)> = (0..MANY)
        .map(|number| {
            let name = format!("map-{number}");
            (format!("apps/{name}.yaml"), config_map(&name, round))
        })
        .collect();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let commit = tenant.commit(&files);
    eventually("the sync has begun", Duration::from_secs(40), || {
        let maps = tenant.world.list("ConfigMap", NAMESPACE);
        let written = maps
            .iter()
            .filter(|map| map["data"]["key"] == round)
            .count();
        (written > 0)
            .then_some(())
            .ok_or_else(|| "nothing yet".to_owned())
    });
    commit
}

/// Returns how often each object was written with success since a place in the audit log, and by how
/// many replicas objects were. A write that a crash cut off may have been carried out or not: it
/// counts as none here.
fn writes(world: &World, from: usize) -> (BTreeMap<String, usize>, usize) {
    let mut writes = BTreeMap::new();
    let mut replicas = Vec::new();
    let events = world.cluster().audit_events().expect("there is a log");
    for event in events.iter().skip(from) {
        let is_ours = event.user_agent.starts_with("signet-controller/");
        let is_map = event.resource == "configmaps" && event.name.starts_with("map-");
        if is_ours && is_map && event.is_write() && !event.is_dry_run() {
            let is_done = (200..300).contains(&event.code);
            *writes.entry(event.name.clone()).or_default() += usize::from(is_done);
            replicas.push(event.user_agent.clone());
        }
    }
    replicas.sort();
    replicas.dedup();
    (writes, replicas.len())
}

fn assert_written_once(world: &World, from: usize) {
    let (writes, replicas) = writes(world, from);
    assert_eq!(writes.len(), MANY);
    let twice: Vec<_> = writes.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "written twice: {twice:?}");
    tell(format_args!(
        "{MANY} objects written once each, by {replicas} replicas"
    ));
}

fn audited(world: &World) -> usize {
    let events = world.cluster().audit_events().expect("there is a log");
    events.len()
}

/// I10: a crash in the middle of a sync is taken over within 15 seconds, an orderly stop within two,
/// and every object is written once.
#[test]
fn sync_goes_on_with_the_other_replica_and_nothing_is_written_twice() {
    let _place = own_world();
    let mut options = ControlPlaneOptions::default();
    options.audit_log = AuditLog::Metadata;
    let world = World::start_with(&options, &[Family::Flux]);
    let git = GitServer::start().expect("it starts");
    let first = replica(&world, "signet-0");
    leads(&world, "signet-0", Duration::from_secs(10));
    let second = replica(&world, "signet-1");
    let tenant = Tenant::of(
        &world,
        &git,
        NAMESPACE,
        &[("apps/a.yaml", &config_map("a", "x"))],
    );
    tenant.unit("apps", &json!({}));
    tenant.ready("apps");

    let from = audited(&world);
    let commit = begin(&tenant, "crash");
    first.child().kill();
    let killed = Instant::now();
    leads(&world, "signet-1", Duration::from_secs(20));
    let took = killed.elapsed();
    tell(format_args!("took over {took:?} after a crash"));
    assert!(took < Duration::from_secs(15), "{took:?}");
    tenant.applied("apps", &commit);
    assert_written_once(&world, from);

    let third = replica(&world, "signet-2");
    let from = audited(&world);
    let commit = begin(&tenant, "stop");
    let took = std::thread::scope(|scope| {
        let stopped = Instant::now();
        scope.spawn(|| assert!(second.stop(), "{}", second.log()));
        leads(&world, "signet-2", Duration::from_secs(10));
        stopped.elapsed()
    });
    tell(format_args!("took over {took:?} after a stop"));
    assert!(took < Duration::from_secs(2), "{took:?}");
    tenant.applied("apps", &commit);
    assert_written_once(&world, from);
    assert!(third.stop());
}
