//! What is sealed appears as a Secret, where its scope allows it, and comes back when it is deleted.

use e2e::{Canary, World, eventually};
use serde_json::{Value, json};

use crate::sealed::{certificate, seal, secret, synced, value};
use crate::shared::shared;
use crate::tenant::DEADLINE;

const STRICT: &str = "strict pa\"ss/wörd #1";
const WIDE: &str = "namespace-wide pa\"ss/wörd #2";
const EVERYWHERE: &str = "cluster-wide pa\"ss/wörd #3";

/// Gives a SealedSecret another name or namespace, as somebody who copies the file would.
fn moved(sealed: &Value, namespace: &str, name: &str) -> Value {
    let mut moved = sealed.clone();
    for metadata in ["/metadata", "/spec/template/metadata"] {
        let metadata = moved.pointer_mut(metadata).expect("it has metadata");
        metadata["name"] = json!(name);
        metadata["namespace"] = json!(namespace);
    }
    moved
}

fn refused(world: &World, namespace: &str, name: &str) {
    let message = synced(world, namespace, name, "False");
    assert_eq!(message, "no key could decrypt secret (password)");
    let event = world.event(namespace, name, "ErrUnsealFailed");
    assert_eq!(
        event,
        "Failed to unseal: no key could decrypt secret (password)"
    );
    assert!(world.get("Secret", namespace, name).is_err());
}

/// K-007, K-008, K-009, K-046, K-047, K-049, K-060, K-064, K-075, K-079.
#[test]
fn secrets_appear_where_their_scope_allows_it() {
    let shared = shared();
    let world = &shared.world;
    for namespace in ["sealed-scopes", "sealed-scopes-other"] {
        world
            .cluster()
            .create_namespace(namespace)
            .expect("it is made");
    }
    let certificate = certificate(world, &shared.controller);
    let of = |name: &str, value: &str, scope: &str| {
        let mut secret = secret("sealed-scopes", name, &[("password", value)]);
        secret["metadata"]["labels"] = json!({"app": "shop"});
        secret["type"] = json!("example.com/kind");
        let scope = format!("--scope={scope}");
        seal(&certificate, &secret, &[&scope])
    };
    let strict = of("strict", STRICT, "strict");
    let mut labelled = strict.clone();
    labelled["metadata"]["labels"] = json!({"own": "label"});
    world.create(&labelled);
    let wide = of("wide", WIDE, "namespace-wide");
    world.create(&moved(&wide, "sealed-scopes", "wide-renamed"));
    let everywhere = of("everywhere", EVERYWHERE, "cluster-wide");
    world.create(&moved(
        &everywhere,
        "sealed-scopes-other",
        "everywhere-renamed",
    ));
    world.create(&moved(&strict, "sealed-scopes", "strict-renamed"));
    world.create(&moved(&strict, "sealed-scopes-other", "strict"));
    world.create(&moved(&wide, "sealed-scopes-other", "wide"));

    let made = world.appears("Secret", "sealed-scopes", "strict");
    assert_eq!(value(&made, "password"), STRICT);
    assert_eq!(made["type"], "example.com/kind");
    assert_eq!(made["metadata"]["labels"], json!({"app": "shop"}));
    let live = world
        .get("SealedSecret", "sealed-scopes", "strict")
        .expect("it is there");
    assert_eq!(
        made["metadata"]["ownerReferences"],
        json!([{
            "apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret", "name": "strict",
            "uid": live["metadata"]["uid"], "controller": true,
        }])
    );
    let renamed = world.appears("Secret", "sealed-scopes", "wide-renamed");
    assert_eq!(value(&renamed, "password"), WIDE);
    let elsewhere = world.appears("Secret", "sealed-scopes-other", "everywhere-renamed");
    assert_eq!(value(&elsewhere, "password"), EVERYWHERE);
    assert_eq!(synced(world, "sealed-scopes", "strict", "True"), "");
    let unsealed = world.event("sealed-scopes", "strict", "Unsealed");
    assert_eq!(unsealed, "SealedSecret unsealed successfully");
    let status = &world
        .get("SealedSecret", "sealed-scopes", "strict")
        .expect("it is there")["status"];
    assert_eq!(status["observedGeneration"], 1);

    refused(world, "sealed-scopes", "strict-renamed");
    refused(world, "sealed-scopes-other", "strict");
    refused(world, "sealed-scopes-other", "wide");

    world.delete("Secret", "sealed-scopes", "strict");
    eventually("the deleted Secret comes back", DEADLINE, || {
        let again = world.get("Secret", "sealed-scopes", "strict")?;
        if again["metadata"]["uid"] == made["metadata"]["uid"] {
            return Err("it is not gone yet".to_owned());
        }
        assert_eq!(value(&again, "password"), STRICT);
        Ok(())
    });
    Canary::of(&[STRICT, WIDE, EVERYWHERE]).assert_silent(world, &shared.controller);
}
