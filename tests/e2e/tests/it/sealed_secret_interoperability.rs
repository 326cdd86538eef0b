//! Keys and files change hands with the upstream tools, in both directions.

use std::path::Path;
use std::time::Duration;

use components::{Child, ControlPlaneOptions, Program};
use deploy::family::Family;
use e2e::{Canary, Controller, ControllerOptions, World, eventually, program};
use serde_json::{Value, json};

use crate::sealed::{certificate, certificate_file, seal, seal_with, secret, synced, value};
use crate::shared::own_world;
use crate::tenant::DEADLINE;

const APPS: &str = "apps";
const UPSTREAM: &str = "upstream";
const LABEL: &str = "sealedsecrets.bitnami.com/sealed-secrets-key";
const VALUES: [&str; 4] = [
    "upstream seals, ours opens \"/1",
    "ours seals, upstream opens \"/2",
    "upstream seals, upstream opens \"/3",
    "recovered by hand \"/4",
];

/// Copies the active sealing keys of one namespace into another, as a backup is restored.
fn copy_keys(world: &World, from: &str, to: &str) {
    let keys = world.list("Secret", from).into_iter();
    for mut key in keys.filter(|key| key["metadata"]["labels"][LABEL] == "active") {
        let name = key["metadata"]["name"].clone();
        let labels = key["metadata"]["labels"].clone();
        key["apiVersion"] = json!("v1");
        key["kind"] = json!("Secret");
        key["metadata"] = json!({"name": name, "namespace": to, "labels": labels});
        world.create(&key);
    }
}

/// Starts the upstream controller beside ours: one that makes a key of its own and uses all there
/// are.
fn start_upstream(world: &World) -> (Child, String) {
    world.create(&json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": {"name": UPSTREAM},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin",
        },
        "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": UPSTREAM}],
    }));
    let (port, metrics) = (port(), port());
    let controller = Program::SealedSecretsController.path().expect("it builds");
    let child = world
        .cluster()
        .launch_as_pod("upstream-sealed-secrets", controller, UPSTREAM, "default")
        .expect("this is root")
        .arguments([
            format!("--listen-addr=127.0.0.1:{port}"),
            format!("--listen-metrics-addr=127.0.0.1:{metrics}"),
            // Newer than any key: it makes one of its own.
            "--key-cutoff-time=Fri, 01 Jan 2100 00:00:00 +0000".to_owned(),
        ])
        .start()
        .expect("it starts");
    let endpoint = components::Endpoint::local("upstream", port);
    let pem = child
        .wait_until_ready(Duration::from_mins(1), || {
            let reply = endpoint.send("GET", "/v1/cert.pem", None);
            let reply = reply.map_err(|error| error.to_string())?;
            let text = reply.text();
            if text.contains("BEGIN CERTIFICATE") {
                Ok(text)
            } else {
                Err(text)
            }
        })
        .expect("it has a key");
    (child, pem)
}

fn port() -> u16 {
    components::free_port().expect("there is a free port")
}

fn options() -> ControllerOptions {
    let mut options = ControllerOptions::default();
    options.families = vec![Family::SealedSecrets];
    options
}

fn seals(world: &World, kubeseal: &Path, certificate: &Path, name: &str, text: &str) -> Value {
    let sealed = seal_with(
        kubeseal,
        certificate,
        &secret(APPS, name, &[("k", text)]),
        &[],
    );
    world.create(&sealed);
    sealed
}

fn opened(world: &World, name: &str, text: &str) {
    let made = world.appears("Secret", APPS, name);
    assert_eq!(value(&made, "k"), text);
}

/// K-001, K-002, K-003, K-022, K-033, K-034, K-039.
#[test]
fn keys_and_files_change_hands_with_upstream() {
    let _place = own_world();
    let families = [Family::SealedSecrets];
    let world = World::start_with(&ControlPlaneOptions::default(), &families);
    for namespace in [APPS, UPSTREAM] {
        world
            .cluster()
            .create_namespace(namespace)
            .expect("it is made");
    }
    let (ours, theirs) = (
        program("kubeseal"),
        Program::Kubeseal.path().expect("it builds"),
    );
    let controller = Controller::start(&world, &options());
    let own = certificate(&world, &controller);
    seals(&world, &theirs, &own, "a", VALUES[0]);
    opened(&world, "a", VALUES[0]);
    assert!(controller.stop());

    // Our key Secret in upstream's namespace: it opens what was sealed for us.
    copy_keys(&world, world.namespace(), UPSTREAM);
    let (upstream, pem) = start_upstream(&world);
    seals(&world, &ours, &own, "b", VALUES[1]);
    opened(&world, "b", VALUES[1]);
    let foreign = certificate_file(&world, &pem);
    seals(&world, &theirs, &foreign, "c", VALUES[2]);
    opened(&world, "c", VALUES[2]);
    drop(upstream);

    // And theirs in ours, while ours runs again: every key opens, none is made.
    copy_keys(&world, UPSTREAM, world.namespace());
    let controller = Controller::start(&world, &options());
    for name in ["b", "c"] {
        world.delete("Secret", APPS, name);
    }
    opened(&world, "b", VALUES[1]);
    opened(&world, "c", VALUES[2]);
    let active = world.list("Secret", world.namespace()).into_iter();
    assert_eq!(
        active
            .filter(|key| key["metadata"]["labels"][LABEL] == "active")
            .count(),
        2
    );
    eventually("the newest certificate seals", DEADLINE, || {
        let served = controller.get("/v1/cert.pem")?;
        (served == pem).then_some(()).ok_or(served)
    });
    synced(&world, APPS, "a", "True");

    // The other program of the pair opens a file by hand.
    let keys = world.list("Secret", world.namespace());
    let backup = world.cluster().folder().join("backup.json");
    let list = json!({"apiVersion": "v1", "kind": "List", "items": keys.iter().map(|key| {
        let mut key = key.clone();
        key["apiVersion"] = json!("v1");
        key["kind"] = json!("Secret");
        key
    }).collect::<Vec<_>>()});
    std::fs::write(&backup, list.to_string()).expect("it is written");
    let sealed = seal(&own, &secret(APPS, "d", &[("k", VALUES[3])]), &[]);
    let key = backup.display().to_string();
    let arguments = ["--recovery-unseal", "--recovery-private-key", key.as_str()];
    let by_them = e2e::run(&theirs, arguments, &[], &sealed.to_string()).success();
    let by_us = e2e::run(&ours, arguments, &[], &sealed.to_string()).success();
    for text in [by_them, by_us] {
        let recovered: Value = serde_json::from_str(&text).expect("it is JSON");
        assert_eq!(value(&recovered, "k"), VALUES[3]);
    }
    Canary::of(&VALUES).assert_silent(&world, &controller);
}
