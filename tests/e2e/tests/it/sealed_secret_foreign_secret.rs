//! A Secret that somebody else made is not touched unless it says so (I3).

use e2e::Canary;
use serde_json::json;

use crate::sealed::{certificate, seal, secret, synced, value};
use crate::shared::shared;

const SEALED: &str = "sealed va\"lue/of a foreign name";
const FOREIGN: &str = "somebody else's va\"lue";

/// K-068, K-069, K-070, K-078.
#[test]
fn foreign_secret_is_untouched_until_it_goes_or_allows_it() {
    let shared = shared();
    let (world, namespace) = (&shared.world, "sealed-foreign");
    world
        .cluster()
        .create_namespace(namespace)
        .expect("it is made");
    let certificate = certificate(world, &shared.controller);
    let marked = |name: &str, mark: &str| {
        let mut foreign = secret(namespace, name, &[("other", FOREIGN)]);
        foreign["metadata"]["labels"] = json!({"made-by": "hand"});
        if !mark.is_empty() {
            let key = format!("sealedsecrets.bitnami.com/{mark}");
            foreign["metadata"]["annotations"] = json!({key: "true"});
        }
        world.create(&foreign);
    };
    marked("foreign", "");
    marked("managed", "managed");
    marked("patched", "patch");
    for name in ["foreign", "managed", "patched"] {
        let sealed = secret(namespace, name, &[("password", SEALED)]);
        world.create(&seal(&certificate, &sealed, &[]));
    }

    let text = "Resource \"foreign\" already exists and is not managed by SealedSecret";
    let message = synced(world, namespace, "foreign", "False");
    assert_eq!(message, format!("failed update: {text}"));
    assert_eq!(world.event(namespace, "foreign", "ErrUpdateFailed"), text);
    let foreign = world
        .get("Secret", namespace, "foreign")
        .expect("it is there");
    assert_eq!(value(&foreign, "other"), FOREIGN);
    assert!(foreign["data"]["password"].is_null());
    assert!(foreign["metadata"]["ownerReferences"].is_null());

    synced(world, namespace, "managed", "True");
    let managed = world
        .get("Secret", namespace, "managed")
        .expect("it is there");
    assert_eq!(value(&managed, "password"), SEALED);
    assert!(managed["data"]["other"].is_null());
    assert!(managed["metadata"]["labels"].is_null());
    assert_eq!(
        managed["metadata"]["ownerReferences"][0]["kind"],
        "SealedSecret"
    );

    synced(world, namespace, "patched", "True");
    let patched = world
        .get("Secret", namespace, "patched")
        .expect("it is there");
    assert_eq!(value(&patched, "password"), SEALED);
    assert_eq!(value(&patched, "other"), FOREIGN);
    assert!(patched["metadata"]["ownerReferences"].is_null());

    world.delete("Secret", namespace, "foreign");
    synced(world, namespace, "foreign", "True");
    let made = world
        .get("Secret", namespace, "foreign")
        .expect("it is there");
    assert_eq!(value(&made, "password"), SEALED);
    Canary::of(&[SEALED, FOREIGN]).assert_silent(world, &shared.controller);
}
