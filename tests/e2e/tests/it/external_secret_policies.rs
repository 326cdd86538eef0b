//! Who owns the Secret, whose keys stay, and what happens when the store has nothing any more.

use e2e::World;
use serde_json::{Value, json};

use crate::external::{Team, keys};
use crate::sealed::value;

fn spec(target: &Value, remote: &[&str]) -> Value {
    let data: Vec<Value> = remote
        .iter()
        .map(|key| json!({"secretKey": key, "remoteRef": {"key": key}}))
        .collect();
    json!({
        "refreshInterval": "1s", "secretStoreRef": {"name": "values"},
        "target": target, "data": data,
    })
}

fn owners(secret: &Value) -> usize {
    let owners = secret["metadata"]["ownerReferences"].as_array();
    owners.map_or(0, Vec::len)
}

fn delete(world: &World, team: &Team, name: &str) {
    world.delete("ExternalSecret", &team.namespace, name);
    world.disappears("ExternalSecret", &team.namespace, name);
}

/// E-055, E-057, E-058, E-062.
#[test]
fn creation_policies_say_whose_keys_stay() {
    let team = Team::new("es-creation");
    team.fake_store("values", &[("a", "1"), ("b", "2")]);
    for name in ["owner", "merge", "both"] {
        team.secret(name, &json!({"a": "foreign", "theirs": "kept"}));
    }
    team.external_secret("owner", &spec(&json!({"creationPolicy": "Owner"}), &["a"]));
    team.external_secret(
        "merge",
        &spec(&json!({"creationPolicy": "Merge"}), &["a", "b"]),
    );
    team.external_secret(
        "both",
        &spec(&json!({"creationPolicy": "CreateOrMerge"}), &["a"]),
    );
    team.external_secret(
        "made",
        &spec(&json!({"creationPolicy": "CreateOrMerge"}), &["a"]),
    );

    let owner = team.has_keys("owner", &["a"]);
    assert_eq!((value(&owner, "a").as_str(), owners(&owner)), ("1", 1));
    let merge = team.has_keys("merge", &["a", "b", "theirs"]);
    assert_eq!((value(&merge, "a").as_str(), owners(&merge)), ("1", 0));
    assert_eq!(owners(&team.has_keys("both", &["a", "theirs"])), 0);
    assert_eq!(owners(&team.has_keys("made", &["a"])), 0);

    team.external_secret("merge", &spec(&json!({"creationPolicy": "Merge"}), &["a"]));
    team.has_keys("merge", &["a", "theirs"]);

    team.external_secret("owner", &spec(&json!({"creationPolicy": "Orphan"}), &["a"]));
    e2e::eventually("the owner is gone", crate::tenant::DEADLINE, || {
        let secret = team.get("Secret", "owner")?;
        let label = &secret["metadata"]["labels"]["reconcile.external-secrets.io/created-by"];
        (owners(&secret) == 0 && label.is_null())
            .then_some(())
            .ok_or_else(|| secret["metadata"].to_string())
    });
    delete(team.world, &team, "owner");
    assert_eq!(keys(&team.get("Secret", "owner").expect("it stays")), ["a"]);
}

/// E-056, E-059.
#[test]
fn nothing_is_made_where_nothing_is_to_be_made() {
    let team = Team::new("es-nothing");
    team.fake_store("values", &[("a", "1")]);
    team.external_secret("merge", &spec(&json!({"creationPolicy": "Merge"}), &["a"]));
    team.external_secret("none", &spec(&json!({"creationPolicy": "None"}), &["a"]));
    let missing = team.synced("merge");
    assert_eq!(missing["reason"], "SecretMissing");
    assert_eq!(
        missing["message"],
        "secret will not be created due to CreationPolicy=Merge"
    );
    assert_eq!(team.synced("none")["reason"], "SecretSynced");
    for name in ["merge", "none"] {
        team.get("Secret", name).expect_err("it is not made");
    }
}

/// E-060, E-061.
#[test]
fn secret_of_somebody_else_is_left_alone() {
    let team = Team::new("es-foreign");
    team.fake_store("values", &[("a", "1"), ("b", "2")]);
    team.external_secret("first", &spec(&json!({"name": "shared"}), &["a"]));
    team.synced("first");
    team.external_secret("second", &spec(&json!({"name": "shared"}), &["b"]));
    assert_eq!(
        team.fails("second")["message"],
        "target is owned by another ExternalSecret"
    );
    team.has_keys("shared", &["a"]);

    team.world.create(&json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "theirs", "namespace": team.namespace},
    }));
    let owner = team.get("ConfigMap", "theirs").expect("it is made");
    team.world.create(&json!({
        "apiVersion": "v1", "kind": "Secret", "stringData": {"theirs": "kept"},
        "metadata": {"name": "controlled", "namespace": team.namespace, "ownerReferences": [{
            "apiVersion": "v1", "kind": "ConfigMap", "name": "theirs", "controller": true,
            "uid": owner["metadata"]["uid"],
        }]},
    }));
    team.external_secret("controlled", &spec(&json!({}), &["a"]));
    assert_eq!(
        team.fails("controlled")["message"],
        "failed to take ownership of target secret"
    );
    team.has_keys("controlled", &["theirs"]);
}

/// E-063.
#[test]
fn renamed_target_takes_the_old_secret_along() {
    let team = Team::new("es-renamed");
    team.fake_store("values", &[("a", "1")]);
    team.external_secret("db", &spec(&json!({"name": "old"}), &["a"]));
    team.synced("db");
    team.has_keys("old", &["a"]);
    team.external_secret("db", &spec(&json!({"name": "new"}), &["a"]));
    team.has_keys("new", &["a"]);
    team.world.disappears("Secret", &team.namespace, "old");
    assert_eq!(
        team.event("db", "Deleted"),
        "secret deleted because it was orphaned"
    );
}

/// E-064, E-065, E-066, E-068.
#[test]
fn deletion_policies_say_what_goes_with_the_values() {
    let team = Team::new("es-deletion");
    team.fake_store("values", &[("a", "1"), ("b", "2")]);
    team.secret("merge", &json!({"theirs": "kept"}));
    let target = |creation: &str, deletion: &str| json!({"creationPolicy": creation, "deletionPolicy": deletion});
    let both = ["a", "b"];
    team.external_secret("delete", &spec(&target("Owner", "Delete"), &both));
    team.external_secret("merge", &spec(&target("Merge", "Merge"), &both));
    team.external_secret("retain", &spec(&target("Owner", "Retain"), &both));
    team.has_keys("delete", &both);
    team.has_keys("merge", &["a", "b", "theirs"]);
    team.has_keys("retain", &both);

    team.fake_store("values", &[("b", "2")]);
    team.has_keys("delete", &["b"]);
    team.has_keys("merge", &["b", "theirs"]);
    assert_eq!(
        team.event("delete", "MissingProviderSecret"),
        "secret does not exist at provider using spec.dataFrom[0] (key=a)"
    );
    assert_eq!(
        team.fails("retain")["message"],
        "could not get secret data from provider"
    );
    assert_eq!(
        team.event("retain", "UpdateFailed"),
        "error processing spec.data[0] (key: a), err: Secret does not exist"
    );
    team.has_keys("retain", &both);

    team.fake_store("values", &[("unrelated", "3")]);
    team.world.disappears("Secret", &team.namespace, "delete");
    let condition = e2e::eventually("it says so", crate::tenant::DEADLINE, || {
        let ready = team.synced("delete");
        if ready["reason"] == "SecretDeleted" {
            Ok(ready)
        } else {
            Err(ready.to_string())
        }
    });
    assert_eq!(
        condition["message"],
        "secret deleted due to DeletionPolicy=Delete"
    );
    team.has_keys("merge", &["theirs"]);
    team.has_keys("retain", &both);

    team.fake_store("values", &[("a", "1"), ("b", "2")]);
    team.has_keys("delete", &both);
}

/// E-069, E-070.
#[test]
fn deleted_object_takes_its_own_secret_along() {
    let team = Team::new("es-cleanup");
    team.fake_store("values", &[("a", "1")]);
    let target = json!({"deletionPolicy": "Delete"});
    team.external_secret("own", &spec(&target, &["a"]));
    team.has_keys("own", &["a"]);
    team.synced("own");
    delete(team.world, &team, "own");
    team.world.disappears("Secret", &team.namespace, "own");

    team.external_secret("first", &spec(&json!({"name": "shared"}), &["a"]));
    team.synced("first");
    let target = json!({"name": "shared", "deletionPolicy": "Delete"});
    team.external_secret("second", &spec(&target, &["a"]));
    team.fails("second");
    delete(team.world, &team, "second");
    team.has_keys("shared", &["a"]);
}

/// E-071.
#[test]
fn immutable_secret_stays_as_it_is() {
    let team = Team::new("es-immutable");
    team.fake_store("values", &[("a", "1")]);
    team.external_secret("db", &spec(&json!({"immutable": true}), &["a"]));
    team.synced("db");
    let secret = team.has("db", "a", "1");
    assert_eq!(secret["immutable"], true);
    team.fake_store("values", &[("a", "2")]);
    team.external_secret("db", &spec(&json!({}), &["a"]));
    assert_eq!(
        team.fails("db")["message"],
        "could not update secret, target is immutable"
    );
    team.has("db", "a", "1");
}
