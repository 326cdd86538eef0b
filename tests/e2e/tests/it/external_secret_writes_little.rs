//! What is written for many ExternalSecrets, what is not, and what a controller finds that takes
//! over from another.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use components::{AuditLog, ControlPlaneOptions};
use deploy::family::Family;
use e2e::{Controller, ControllerOptions, World, eventually};
use serde_json::{Value, json};

use crate::shared::own_world;

const COUNT: usize = 200;
const TEAM: &str = "team";

/// The Secret as the earlier controller left it: `foo: bar` for `default/example`.
fn left_behind(world: &World) {
    let owner = world
        .get("ExternalSecret", "default", "example")
        .expect("it is made");
    let path = "/api/v1/namespaces/default/secrets?fieldManager=\
                externalsecrets.external-secrets.io%2Fexample";
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque", "data": {"foo": "YmFy"},
        "metadata": {"name": "example", "namespace": "default",
            "labels": {
                "reconcile.external-secrets.io/managed": "true",
                "reconcile.external-secrets.io/created-by":
                    "5b1224068cc3cca5aa3071e518838346f821fe1761229559d4959980",
            },
            "annotations": {"reconcile.external-secrets.io/data-hash":
                "f2a604b87eb0cf673761e8cfea850f901fe73a3d1b2f338802107f36"},
            "ownerReferences": [{
                "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret",
                "name": "example", "uid": owner["metadata"]["uid"],
                "controller": true, "blockOwnerDeletion": true,
            }]},
    });
    world
        .cluster()
        .request("POST", path, Some(&secret))
        .expect("it is made");
    let status = json!({"status": {
        "refreshTime": "2020-01-01T00:00:00Z",
        "syncedResourceVersion":
            "1-f47fe3c0b255b6dd8047cdffa772587bb829efe7a1cb70febeda2eb2",
        "binding": {"name": "example"},
        "conditions": [{"type": "Ready", "status": "True", "reason": "SecretSynced",
            "message": "secret synced", "lastTransitionTime": "2020-01-01T00:00:00Z"}],
    }});
    let path = "/apis/external-secrets.io/v1/namespaces/default/externalsecrets/example/status";
    let body = status.to_string();
    let change = Some(("application/merge-patch+json", body.as_bytes()));
    let reply = world.cluster().endpoint().send("PATCH", path, change);
    assert!(reply.expect("the API server answers").is_success());
}

fn store(namespace: &str) -> Value {
    json!({
        "apiVersion": "external-secrets.io/v1", "kind": "SecretStore",
        "metadata": {"name": "values", "namespace": namespace},
        "spec": {"provider": {"fake": {"data": [{"key": "foo", "value": "bar"}]}}},
    })
}

fn external_secret(namespace: &str, name: &str, interval: &str) -> Value {
    json!({
        "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"refreshInterval": interval, "secretStoreRef": {"name": "values"},
            "data": [{"secretKey": "foo", "remoteRef": {"key": "foo"}}]},
    })
}

/// Counts what the controller wrote, by resource and verb.
fn writes(world: &World) -> BTreeMap<String, usize> {
    let events = world.cluster().audit_events().expect("there is a log");
    let mut writes = BTreeMap::new();
    for event in events {
        let is_ours = event.user.starts_with("system:serviceaccount:signet")
            && event.is_write()
            && !event.is_dry_run();
        if is_ours && event.resource != "leases" {
            let resource = match event.subresource.as_str() {
                "" => event.resource,
                subresource => format!("{}/{subresource}", event.resource),
            };
            *writes
                .entry(format!("{} {resource}", event.verb))
                .or_default() += 1;
        }
    }
    writes
}

/// E-031, E-208, E-209: one write for each thing that is new, then none.
#[test]
fn first_sync_writes_each_thing_once_and_then_nothing_is_written() {
    let _place = own_world();
    let mut options = ControlPlaneOptions::default();
    options.audit_log = AuditLog::Metadata;
    let world = World::start_with(&options, &[Family::ExternalSecrets]);
    world.cluster().create_namespace(TEAM).expect("it is made");
    world.create(&store("default"));
    world.create(&store(TEAM));
    // Its last fetch is long ago and its interval longer still.
    world.create(&external_secret("default", "example", "999999h"));
    left_behind(&world);
    let before = world
        .get("Secret", "default", "example")
        .expect("it is there");
    for index in 0..COUNT {
        world.create(&external_secret(TEAM, &format!("secret-{index}"), "1h"));
    }
    let mut options = ControllerOptions::default();
    options.families = vec![Family::ExternalSecrets];
    let _controller = Controller::start(&world, &options);
    let started = Instant::now();
    eventually("all are synced", Duration::from_mins(2), || {
        let objects = world.list("ExternalSecret", TEAM);
        let synced = |object: &&Value| object["status"]["conditions"][0]["status"] == "True";
        let count = objects.iter().filter(synced).count();
        (count == COUNT).then_some(()).ok_or(count.to_string())
    });
    println!(
        "{COUNT} ExternalSecrets {:?} after the start",
        started.elapsed()
    );
    let expected = BTreeMap::from(
        [
            // Each object's finalizer, that of the one taken over included.
            ("patch externalsecrets", COUNT + 1),
            ("create secrets", COUNT),
            ("patch externalsecrets/status", COUNT),
            // That it was created; that each of the two stores is valid.
            ("create events", COUNT + 2),
            ("patch secretstores/status", 2),
        ]
        .map(|(what, count)| (what.to_owned(), count)),
    );
    eventually("all is told", Duration::from_secs(20), || {
        let writes = writes(&world);
        (writes == expected)
            .then_some(())
            .ok_or_else(|| format!("{writes:#?}"))
    });
    // Every Secret that was written has woken its object by now.
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(writes(&world), expected);
    let after = world
        .get("Secret", "default", "example")
        .expect("it is there");
    assert_eq!(
        after["metadata"]["resourceVersion"],
        before["metadata"]["resourceVersion"]
    );
    let object = world
        .get("ExternalSecret", "default", "example")
        .expect("it is there");
    assert_eq!(object["status"]["refreshTime"], "2020-01-01T00:00:00Z");
}
