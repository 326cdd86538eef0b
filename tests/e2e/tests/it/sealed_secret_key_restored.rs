//! A sealing key that is restored from a backup opens what waited for it, without a restart.

use e2e::{Canary, eventually};
use serde_json::json;

use crate::sealed::{certificate_file, seal, secret, synced, value};
use crate::shared::shared;
use crate::tenant::DEADLINE;

const KEY: &str = include_str!("../../../../sealing/tests/keys/test-key-a.pem");
const CERTIFICATE: &str = include_str!("../../../../sealing/tests/keys/test-key-a.crt");
const VALUE: &str = "va\"lue from before the disaster/1";

/// K-024, K-026, K-040, K-041, K-042.
#[test]
fn restored_key_opens_what_failed() {
    let shared = shared();
    let (world, namespace) = (&shared.world, "sealed-key-restored");
    world
        .cluster()
        .create_namespace(namespace)
        .expect("it is made");
    let before = shared.controller.get("/v1/cert.pem").expect("it seals");
    let certificate = certificate_file(world, CERTIFICATE);
    let sealed = seal(
        &certificate,
        &secret(namespace, "db", &[("password", VALUE)]),
        &[],
    );
    world.create(&sealed);
    synced(world, namespace, "db", "False");

    let key = |namespace: &str, label: &str| {
        json!({
            "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
            "metadata": {
                "name": "restored-key", "namespace": namespace,
                "labels": {"sealedsecrets.bitnami.com/sealed-secrets-key": label},
            },
            "stringData": {"tls.key": KEY, "tls.crt": CERTIFICATE},
        })
    };
    // Neither elsewhere nor under another label does it count.
    world.create(&key(namespace, "active"));
    world.create(&key(world.namespace(), "compromised"));
    let opens = || {
        let body = sealed.to_string();
        let api = shared.controller.api();
        eventually("verify answers", DEADLINE, || {
            let reply = api
                .send("POST", "/v1/verify", Some(("", body.as_bytes())))
                .map_err(|error| error.to_string())?;
            match reply.status {
                429 => Err("limited".to_owned()),
                status => Ok(status),
            }
        })
    };
    assert_eq!(opens(), 409);

    world.create(&key(world.namespace(), "active"));
    synced(world, namespace, "db", "True");
    let made = world.get("Secret", namespace, "db").expect("it is made");
    assert_eq!(value(&made, "password"), VALUE);
    assert_eq!(opens(), 200);
    // It is older than the controller's own, which goes on sealing.
    assert_eq!(shared.controller.get("/v1/cert.pem"), Ok(before));

    world.delete("Secret", world.namespace(), "restored-key");
    eventually("the deleted key opens nothing", DEADLINE, || {
        match opens() {
            409 => Ok(()),
            status => Err(format!("verify says {status}")),
        }
    });
    assert!(world.get("Secret", namespace, "db").is_ok());
    let line = KEY.lines().nth(3).expect("the key has lines");
    Canary::of(&[VALUE, line]).assert_silent(world, &shared.controller);
}
