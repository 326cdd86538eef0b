//! When values are fetched again, and that nothing is written when nothing changed.

use std::time::Duration;

use e2e::eventually;
use serde_json::json;

use crate::external::{Team, data};
use crate::shared::vault;

/// E-039, E-031: a rotated value arrives at the next refresh; in between only the time moves.
#[test]
fn rotated_value_arrives_at_the_next_refresh() {
    let team = Team::new("es-rotation");
    let vault = vault();
    let write = |password: &str| {
        vault
            .put_secret("es-rotation/db", &json!({"password": password}))
            .expect("it is written");
    };
    write("one");
    team.vault_store("vault", &vault.url());
    team.external_secret(
        "db",
        &json!({
            "refreshInterval": "1s",
            "secretStoreRef": {"name": "vault"},
            "data": data(&[("password", "es-rotation/db", "password")]),
        }),
    );
    team.synced("db");
    let first = team.has("db", "password", "one");
    let refreshed = || {
        let object = team.get("ExternalSecret", "db")?;
        let time = object["status"]["refreshTime"].as_str();
        time.map(str::to_owned).ok_or_else(|| object.to_string())
    };
    let before = refreshed().expect("there is a time");
    eventually("values are fetched again", Duration::from_secs(10), || {
        let now = refreshed()?;
        (now > before).then_some(()).ok_or(now)
    });
    let second = team.get("Secret", "db").expect("it is there");
    assert_eq!(
        second["metadata"]["resourceVersion"],
        first["metadata"]["resourceVersion"]
    );
    write("two");
    team.has("db", "password", "two");
}

/// E-040, E-041, E-042, E-043, E-044.
#[test]
fn policies_decide_what_fetches_again() {
    let team = Team::new("es-policies");
    team.fake_store("values", &[("a", "old"), ("b", "other")]);
    let spec = |policy: &str, interval: &str, key: &str| {
        json!({
            "refreshPolicy": policy, "refreshInterval": interval,
            "secretStoreRef": {"name": "values"},
            "data": [{"secretKey": "k", "remoteRef": {"key": key}}],
        })
    };
    let all = [
        ("periodic", "Periodic", "1h"),
        ("changed", "OnChange", "1h"),
        ("created", "CreatedOnce", "1h"),
        ("zero", "Periodic", "0"),
    ];
    for (name, policy, interval) in all {
        team.external_secret(name, &spec(policy, interval, "a"));
    }
    for (name, _, _) in all {
        team.has(name, "k", "old");
        team.synced(name);
    }
    team.fake_store("values", &[("a", "new"), ("b", "other")]);
    let touch = json!({"metadata": {"annotations": {"force-sync": "1"}}});
    for (name, _, _) in all {
        team.world
            .patch("ExternalSecret", &team.namespace, name, &touch);
    }
    team.has("periodic", "k", "new");
    team.has("changed", "k", "new");
    for (name, policy, interval) in all {
        team.external_secret(name, &spec(policy, interval, "b"));
    }
    team.has("periodic", "k", "other");
    team.has("changed", "k", "other");
    for name in ["created", "zero"] {
        team.has(name, "k", "old");
        // Repair fetches: there is nothing else to repair from.
        team.world.delete("Secret", &team.namespace, name);
        team.has(name, "k", "other");
    }
}

/// E-049, E-050, E-051, E-052: what was edited out of band is repaired at once, but for orphans.
#[test]
fn edited_secret_is_repaired() {
    let team = Team::new("es-drift");
    team.fake_store("values", &[("a", "right")]);
    for policy in ["Owner", "CreateOrMerge", "Orphan"] {
        team.external_secret(
            &policy.to_lowercase(),
            &json!({
                "refreshInterval": "0",
                "secretStoreRef": {"name": "values"},
                "target": {"creationPolicy": policy},
                "data": [{"secretKey": "k", "remoteRef": {"key": "a"}}],
            }),
        );
        team.synced(&policy.to_lowercase());
    }
    let wrong = json!({"stringData": {"k": "wrong"}});
    for name in ["orphan", "owner", "createormerge"] {
        team.world.patch("Secret", &team.namespace, name, &wrong);
    }
    team.has("owner", "k", "right");
    team.has("createormerge", "k", "right");
    let unmarked = json!({"metadata": {"labels": {"reconcile.external-secrets.io/managed": null}}});
    team.world
        .patch("Secret", &team.namespace, "owner", &unmarked);
    eventually("the label is back", Duration::from_secs(10), || {
        let secret = team.get("Secret", "owner")?;
        let label = &secret["metadata"]["labels"]["reconcile.external-secrets.io/managed"];
        (*label == "true").then_some(()).ok_or(label.to_string())
    });
    team.world.delete("Secret", &team.namespace, "owner");
    team.has("owner", "k", "right");
    team.has("orphan", "k", "wrong");
}
