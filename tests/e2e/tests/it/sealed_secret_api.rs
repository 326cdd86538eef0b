//! The HTTP API of the sealing keys: certificate, verify, rotate.

use components::Reply;
use e2e::{Canary, eventually};
use serde_json::{Value, json};

use crate::sealed::{certificate, seal, secret, synced, value};
use crate::shared::{Shared, shared};
use crate::tenant::DEADLINE;

const VALUE: &str = "va\"lue that is sealed/again";

fn post(shared: &Shared, path: &str, body: &str) -> Reply {
    eventually("the API answers", DEADLINE, || {
        let api = shared.controller.api();
        let reply = api
            .send("POST", path, Some(("", body.as_bytes())))
            .map_err(|error| error.to_string())?;
        match reply.status {
            429 => Err("limited".to_owned()),
            _ => Ok(reply),
        }
    })
}

/// K-090, K-091, K-092, K-094, K-099.
#[test]
fn verify_tells_what_opens_and_nothing_else() {
    let shared = shared();
    let world = &shared.world;
    let path = certificate(world, &shared.controller);
    let pem = std::fs::read_to_string(&path).expect("it is there");
    assert_eq!(pem.matches("BEGIN CERTIFICATE").count(), 1);
    let sealed = seal(&path, &secret("sealed-api", "a", &[("k", VALUE)]), &[]);
    let yaml = {
        let secret = secret("sealed-api", "a", &[("k", VALUE)]).to_string();
        let path = path.display().to_string();
        let arguments = ["--cert", path.as_str(), "--format=yaml"];
        e2e::run(&e2e::program("kubeseal"), arguments, &[], &secret).success()
    };
    let mut moved = sealed.clone();
    moved["metadata"]["name"] = json!("b");
    for (body, status) in [
        (sealed.to_string(), 200),
        (yaml.clone(), 200),
        (moved.to_string(), 409),
        (format!("{yaml}\n---\n{yaml}"), 500),
        (
            json!({"apiVersion": "v1", "kind": "ConfigMap"}).to_string(),
            500,
        ),
        ("{".to_owned(), 500),
    ] {
        let reply = post(shared, "/v1/verify", &body);
        assert_eq!(reply.status, status, "{body}: {}", reply.text());
        if status < 500 {
            assert!(reply.body.is_empty());
        }
    }
    let limited = (0..8).any(|_| {
        let api = shared.controller.api();
        let body = sealed.to_string();
        let reply = api.send("POST", "/v1/verify", Some(("", body.as_bytes())));
        reply.is_ok_and(|reply| reply.status == 429)
    });
    assert!(limited, "eight in a row are too many");
    let unknown = shared.controller.api().send("GET", "/metrics", None);
    assert_eq!(unknown.expect("there is an answer").status, 404);
    Canary::of(&[VALUE]).assert_silent(world, &shared.controller);
}

/// K-095, K-096, K-097.
#[test]
fn rotate_seals_again_within_the_same_scope() {
    let shared = shared();
    let (world, namespace) = (&shared.world, "sealed-rotate");
    world
        .cluster()
        .create_namespace(namespace)
        .expect("it is made");
    let certificate = certificate(world, &shared.controller);
    let mut plain = secret(namespace, "db", &[("password", VALUE)]);
    plain["metadata"]["labels"] = json!({"app": "shop"});
    let mut sealed = seal(&certificate, &plain, &[]);
    // Whoever edits the template must not get a wider scope out of it.
    let wide = "sealedsecrets.bitnami.com/cluster-wide";
    sealed["spec"]["template"]["metadata"]["annotations"] = json!({wide: "true"});
    sealed["spec"]["template"]["type"] = json!("example.com/kind");

    let reply = post(shared, "/v1/rotate", &sealed.to_string());
    assert_eq!(reply.status, 200, "{}", reply.text());
    let rotated: Value = reply.json();
    let item = |object: &Value| object["spec"]["encryptedData"]["password"].clone();
    assert_ne!(item(&rotated), item(&sealed));
    let template = &rotated["spec"]["template"];
    assert!(template["metadata"]["annotations"].is_null());
    assert_eq!(template["metadata"]["labels"], json!({"app": "shop"}));
    assert_eq!(template["type"], "example.com/kind");
    world.create(&rotated);
    synced(world, namespace, "db", "True");
    let made = world.get("Secret", namespace, "db").expect("it is made");
    assert_eq!(value(&made, "password"), VALUE);

    let mut elsewhere = rotated.clone();
    elsewhere["metadata"]["name"] = json!("other");
    elsewhere["metadata"]["annotations"] = json!({wide: "true"});
    assert_eq!(
        post(shared, "/v1/rotate", &elsewhere.to_string()).status,
        500
    );
    Canary::of(&[VALUE]).assert_silent(world, &shared.controller);
}
