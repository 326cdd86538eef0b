//! Two replicas: one leads and writes, and the other takes over when it goes, however it goes.

use std::time::{Duration, Instant};

use components::{AuditLog, ControlPlaneOptions, Endpoint};
use deploy::family::Family;
use e2e::{Controller, ControllerOptions, World, eventually};

use crate::sealed::{certificate, seal, secret};
use crate::shared::own_world;

const APPS: &str = "apps";

const FAMILIES: [Family; 2] = [Family::SealedSecrets, Family::Flux];

fn replica(world: &World, identity: &str) -> Controller {
    let mut options = ControllerOptions::default();
    options.families = FAMILIES.to_vec();
    identity.clone_into(&mut options.identity);
    Controller::start(world, &options)
}

fn leads(world: &World, identity: &str, within: Duration) {
    eventually(&format!("{identity} leads"), within, || {
        let lease = world.get("Lease", world.namespace(), "signet-controller")?;
        let holder = lease["spec"]["holderIdentity"].clone();
        if holder == identity {
            Ok(())
        } else {
            Err(format!("{holder} does"))
        }
    });
}

fn opens(world: &World, controller: &Controller, name: &str) {
    let certificate = certificate(world, controller);
    world.create(&seal(&certificate, &secret(APPS, name, &[("k", "v")]), &[]));
    world.appears("Secret", APPS, name);
}

/// Returns the status of an answer about an artifact that there is not.
fn artifact(controller: &Controller) -> u16 {
    let reply = Endpoint::local("signet-controller", controller.artifact_port())
        .send("GET", "/gitrepository/apps/none/latest.tar.gz", None)
        .expect("it answers");
    reply.status
}

/// Returns who wrote, in order and without repetition: `(replica, to the lease)`.
fn writers(world: &World) -> Vec<(String, bool)> {
    let account = format!(
        "system:serviceaccount:{}:{}",
        world.namespace(),
        deploy::manifests::NAME
    );
    let events = world.cluster().audit_events().expect("there is a log");
    let mut writers: Vec<(String, bool)> = events
        .iter()
        .filter(|event| event.user == account && event.is_write())
        .filter_map(|event| {
            let (_, replica) = event.user_agent.split_once('(')?;
            let replica = replica.trim_end_matches(')').to_owned();
            Some((replica, event.resource == "leases"))
        })
        .collect();
    writers.sort_by_key(|(_, is_lease)| *is_lease);
    writers.dedup();
    writers
}

/// I10: a stop hands over within two seconds, a crash within twenty, and nobody writes but the
/// leader.
#[test]
fn second_replica_takes_over_and_only_the_leader_writes() {
    let _place = own_world();
    let mut options = ControlPlaneOptions::default();
    options.audit_log = AuditLog::Metadata;
    let world = World::start_with(&options, &FAMILIES);
    world.cluster().create_namespace(APPS).expect("it is made");

    let first = replica(&world, "signet-0");
    leads(&world, "signet-0", Duration::from_secs(10));
    let second = replica(&world, "signet-1");
    opens(&world, &first, "a");
    let waits = second.metrics().expect("it tells");
    assert!(waits.contains("signet_leading 0"), "{waits}");
    // The leader alone knows which artifacts there are; the other says so.
    assert_eq!(artifact(&second), 503);
    eventually("the leader knows", Duration::from_secs(10), || {
        let status = artifact(&first);
        (status == 404)
            .then_some(())
            .ok_or_else(|| status.to_string())
    });
    // Every replica answers for the keys.
    let served = second.get("/v1/cert.pem").expect("it has the key");
    assert_eq!(served, first.get("/v1/cert.pem").expect("it has the key"));

    assert!(first.stop());
    leads(&world, "signet-1", Duration::from_secs(2));
    opens(&world, &second, "b");

    let third = replica(&world, "signet-2");
    second.child().kill();
    let killed = Instant::now();
    leads(&world, "signet-2", Duration::from_secs(20));
    println!("took over {:?} after a crash", killed.elapsed());
    opens(&world, &third, "c");

    let names = ["signet-0", "signet-1", "signet-2"];
    let expected: Vec<(String, bool)> = [false, true]
        .into_iter()
        .flat_map(|is_lease| names.map(|name| (name.to_owned(), is_lease)))
        .collect();
    assert_eq!(writers(&world), expected);
}
