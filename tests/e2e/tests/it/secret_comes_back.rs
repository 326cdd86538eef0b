//! A Secret that is deleted or emptied by hand while its source is healthy comes back.

use std::time::{Duration, Instant};

use e2e::eventually;
use serde_json::{Value, json};

use crate::external::{Team, data};
use crate::sealed::{certificate, seal, secret, value};
use crate::shared::{shared, vault};
use crate::tenant::{DEADLINE, Tenant};

const PASSWORD: &str = "comes back pa\"ss/wörd #1";

/// Far more than it takes; the time itself is printed.
const GENEROUS: Duration = Duration::from_secs(10);

/// Deletes a Secret and empties it in every way, waits each time until it is back, and tells how
/// long that took.
fn comes_back(tenant: &Tenant<'_>, name: &str, emptyings: &[Value]) -> String {
    let world = tenant.world;
    let whole = || {
        let found = tenant.get("Secret", name)?;
        if found["data"]["password"].is_string() && value(&found, "password") == PASSWORD {
            Ok(())
        } else {
            Err(found["metadata"].to_string())
        }
    };
    eventually(&format!("Secret {name} is made"), DEADLINE, whole);
    let returns = |what: String| {
        let broken = Instant::now();
        eventually(&format!("Secret {name} is back, {what}"), DEADLINE, whole);
        let took = broken.elapsed();
        assert!(took < GENEROUS, "{took:?}");
        format!("Secret {name} {what} -> back: {took:?}")
    };
    world.delete("Secret", &tenant.namespace, name);
    let mut told = vec![returns("deleted".to_owned())];
    for emptying in emptyings {
        world.patch("Secret", &tenant.namespace, name, emptying);
        told.push(returns(format!("emptied by {emptying}")));
    }
    told.join("\n")
}

#[test]
fn secret_comes_back_from_a_healthy_source() {
    let shared = shared();
    let namespace = "comes-back";
    let values = [("password", PASSWORD)];
    let plain = secret(namespace, "plain", &values).to_string();
    let tenant = Tenant::new(shared, namespace, &[("apps/plain.yaml", &plain)]);
    let team = Team {
        world: &shared.world,
        namespace: namespace.to_owned(),
    };
    tenant.unit("apps", &json!({}));

    let certificate = certificate(&shared.world, &shared.controller);
    let sealed = seal(&certificate, &secret(namespace, "sealed", &values), &[]);
    shared.world.create(&sealed);

    let vault = vault();
    vault
        .put_secret("comes-back/db", &json!({"password": PASSWORD}))
        .expect("it is written");
    team.vault_store("vault", &vault.url());
    team.external_secret(
        "external",
        &json!({
            "secretStoreRef": {"name": "vault"},
            "data": data(&[("password", "comes-back/db", "password")]),
        }),
    );

    let gone = json!({"data": null});
    let blank = json!({"data": {"password": ""}});
    let emptyings = [gone, blank];
    for name in ["plain", "external", "sealed"] {
        println!("{}", comes_back(&tenant, name, &emptyings));
    }
}
