use std::collections::BTreeMap;
use std::sync::Arc;

use api::external_secrets::ExternalSecret;
use api::names::external_secrets::{CREATED_BY, DATA_HASH, MANAGED};
use k8s_openapi::api::core::v1::Secret;
use secret_bytes::SecretBytes;
use serde_json::{Value, json};

use super::*;
use crate::kinds::external_secret::fetch::Fetched;
use crate::kinds::external_secret::parse::parse;
use crate::secrets::Data;

const MANAGER: &str = "externalsecrets.external-secrets.io/db";

fn wanted(target: &Value) -> Wanted {
    let object: ExternalSecret = serde_json::from_value(json!({
        "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret",
        "metadata": {"name": "db", "namespace": "prod", "uid": "u1", "labels": {"team": "a"}},
        "spec": {"secretStoreRef": {"name": "vault"}, "target": target,
            "data": [{"secretKey": "a", "remoteRef": {"key": "k"}}]},
    }))
    .unwrap();
    parse(&object)
}

fn new(values: &[(&str, &str)], live: Option<&Value>) -> Found {
    let data = values.iter().map(|(key, value)| {
        let value = Arc::new(SecretBytes::from((*value).to_owned()));
        ((*key).to_owned(), value)
    });
    Found::New(New {
        started: Timestamp::UNIX_EPOCH,
        again: None,
        fetched: Fetched {
            data: data.collect::<Data>(),
            missing: Vec::new(),
        },
        live: live.map(|secret| {
            let secret: Secret = serde_json::from_value(secret.clone()).unwrap();
            Live::of(secret)
        }),
        orphans: Vec::new(),
    })
}

fn decided(wanted: &Wanted, found: Found) -> Sync {
    match plan(wanted, found).act {
        Act::Sync(sync) => sync,
        Act::Refuse(error) => panic!("refused: {error}"),
        Act::LeaveAlone { .. } => panic!("left alone"),
    }
}

fn written(wanted: &Wanted, found: Found) -> Value {
    match decided(wanted, found).write {
        Write::Create(manifest) | Write::Replace(manifest) => opened(&manifest),
        _ => panic!("nothing is written"),
    }
}

/// What the API server gets.
fn opened(manifest: &Manifest) -> Value {
    // EXPOSE: fixtures.
    serde_json::from_slice(manifest.to_body().expose()).unwrap()
}

fn refused(target: &Value, live: &Value) -> Error {
    match plan(&wanted(target), new(&[("a", "1")], Some(live))).act {
        Act::Refuse(error) => error,
        Act::Sync(_) | Act::LeaveAlone { .. } => panic!("not refused"),
    }
}

/// Marks a Secret that the API server would return after a write.
fn stored(mut body: Value) -> Value {
    body["metadata"]["resourceVersion"] = json!("7");
    body["metadata"]["uid"] = json!("s1");
    let fields = |names: &Value| -> BTreeMap<String, Value> {
        let names = names.as_object().into_iter().flatten();
        names
            .map(|(name, _)| (format!("f:{name}"), json!({})))
            .collect()
    };
    body["metadata"]["managedFields"] = json!([{
        "manager": MANAGER, "operation": "Update", "apiVersion": "v1", "fieldsType": "FieldsV1",
        "fieldsV1": {"f:data": fields(&body["data"]), "f:metadata": {
            "f:labels": fields(&body["metadata"]["labels"]),
            "f:annotations": fields(&body["metadata"]["annotations"]),
        }},
    }]);
    body
}

fn foreign(owner: Option<(&str, &str)>) -> Value {
    let owners = owner.map(|(kind, name)| {
        let group = if kind == "ExternalSecret" {
            "external-secrets.io/v1beta1"
        } else {
            "v1"
        };
        json!([{"apiVersion": group, "kind": kind, "name": name, "uid": "x", "controller": true}])
    });
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
        "metadata": {"name": "db", "namespace": "prod", "resourceVersion": "5", "uid": "s1",
            "labels": {"theirs": "1"}, "ownerReferences": owners},
        "data": {"theirs": "a2VwdA==", "a": "b2xk"},
    })
}

/// E-025, E-026, E-027.
#[test]
fn new_secret_carries_owner_and_marks() {
    let body = written(&wanted(&json!({})), new(&[("foo", "bar")], None));
    assert_eq!(body["data"], json!({"foo": "YmFy"}));
    assert_eq!(body["type"], "Opaque");
    let metadata = &body["metadata"];
    assert_eq!(metadata["labels"]["team"], "a");
    assert_eq!(metadata["labels"][MANAGED], "true");
    assert_eq!(metadata["labels"][CREATED_BY].as_str().unwrap().len(), 56);
    assert_eq!(
        metadata["annotations"][DATA_HASH],
        "f2a604b87eb0cf673761e8cfea850f901fe73a3d1b2f338802107f36"
    );
    assert_eq!(
        metadata["ownerReferences"],
        json!([{"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "name": "db",
            "uid": "u1", "controller": true, "blockOwnerDeletion": true}])
    );
}

/// E-031, E-208: what is stored as written is not written again, by whichever controller it was.
#[test]
fn second_plan_writes_nothing() {
    for target in [
        json!({}),
        json!({"creationPolicy": "Orphan"}),
        json!({"creationPolicy": "CreateOrMerge"}),
        json!({"immutable": true}),
        json!({"template": {"type": "x/y", "metadata": {"labels": {"l": "1"}, "finalizers": ["f/f"]}}}),
    ] {
        let wanted = wanted(&target);
        let live = stored(written(&wanted, new(&[("a", "1"), ("b", "2")], None)));
        let again = decided(&wanted, new(&[("a", "1"), ("b", "2")], Some(&live)));
        assert!(matches!(again.write, Write::Keep), "{target}");
        assert_eq!(again.synced, Synced::Secret);
    }
}

/// E-055: whose Secret it becomes decides over all its keys.
#[test]
fn owner_and_orphan_remove_foreign_keys() {
    for policy in ["Owner", "Orphan"] {
        let wanted = wanted(&json!({"creationPolicy": policy}));
        let body = written(&wanted, new(&[("a", "1")], Some(&foreign(None))));
        assert_eq!(body["data"], json!({"a": "MQ=="}), "{policy}");
        assert_eq!(body["metadata"]["labels"]["theirs"], "1");
        // Nobody's newer write is lost.
        assert_eq!(body["metadata"]["resourceVersion"], "5");
    }
}

/// E-057, E-058.
#[test]
fn merging_keeps_foreign_keys_and_wins_over_equal_ones() {
    for policy in ["Merge", "CreateOrMerge"] {
        let wanted = wanted(&json!({"creationPolicy": policy}));
        let body = written(&wanted, new(&[("a", "1")], Some(&foreign(None))));
        assert_eq!(body["data"], json!({"a": "MQ==", "theirs": "a2VwdA=="}));
        assert_eq!(body["metadata"]["ownerReferences"], json!([]));
    }
}

/// E-057, E-208: keys we wrote before and do not want any more go, whoever else wrote others.
#[test]
fn vanished_keys_go_when_they_were_ours() {
    let wanted = wanted(&json!({"creationPolicy": "Merge"}));
    let mut live = stored(written(
        &wanted,
        new(&[("a", "1"), ("b", "2")], Some(&foreign(None))),
    ));
    live["metadata"]["managedFields"][0]["fieldsV1"]["f:data"] = json!({"f:a": {}, "f:b": {}});
    let body = written(&wanted, new(&[("a", "1")], Some(&live)));
    assert_eq!(body["data"], json!({"a": "MQ==", "theirs": "a2VwdA=="}));
}

/// E-062.
#[test]
fn secret_that_is_not_owned_any_more_loses_owner_and_mark() {
    let owned = stored(written(&wanted(&json!({})), new(&[("a", "1")], None)));
    let orphan = wanted(&json!({"creationPolicy": "Orphan"}));
    let body = written(&orphan, new(&[("a", "1")], Some(&owned)));
    assert_eq!(body["metadata"]["ownerReferences"], json!([]));
    assert!(body["metadata"]["labels"].get(CREATED_BY).is_none());
}

/// E-060: by every policy.
#[test]
fn secret_of_another_external_secret_is_refused() {
    let live = foreign(Some(("ExternalSecret", "other")));
    for policy in ["Owner", "Orphan", "Merge", "CreateOrMerge"] {
        let error = refused(&json!({"creationPolicy": policy}), &live);
        assert_eq!(
            error.to_string(),
            "target is owned by another ExternalSecret"
        );
        assert_eq!(error.category(), Category::Invalid);
    }
}

/// A maker of the same name that was made anew is the same maker.
#[test]
fn own_name_with_another_uid_is_taken_over() {
    let live = foreign(Some(("ExternalSecret", "db")));
    let body = written(&wanted(&json!({})), new(&[("a", "1")], Some(&live)));
    let owners = body["metadata"]["ownerReferences"].as_array().unwrap();
    assert_eq!(owners.len(), 1);
    assert_eq!(owners[0]["uid"], "u1");
}

/// E-061: only who wants to own minds.
#[test]
fn secret_of_another_controller_is_not_owned() {
    let live = foreign(Some(("Certificate", "tls")));
    let error = refused(&json!({}), &live);
    assert_eq!(
        error.to_string(),
        "failed to take ownership of target secret"
    );
    let merge = wanted(&json!({"creationPolicy": "Merge"}));
    let body = written(&merge, new(&[("a", "1")], Some(&live)));
    assert_eq!(body["metadata"]["ownerReferences"][0]["name"], "tls");
}

/// E-056, E-059.
#[test]
fn merge_waits_for_its_secret_and_none_writes_nothing() {
    let merge = decided(
        &wanted(&json!({"creationPolicy": "Merge"})),
        new(&[("a", "1")], None),
    );
    assert!(matches!(merge.write, Write::Keep));
    assert_eq!((merge.synced, merge.binding), (Synced::Missing, None));
    let none = wanted(&json!({"creationPolicy": "None"}));
    let sync = decided(&none, new(&[("a", "1")], None));
    assert!(matches!(sync.write, Write::Keep));
    assert_eq!((sync.synced, sync.binding), (Synced::Secret, None));
    let sync = decided(&none, new(&[("a", "1")], Some(&foreign(None))));
    assert!(matches!(sync.write, Write::Label { name } if name == "db"));
}

/// E-064, I3: the Secret goes when it is ours.
#[test]
fn nothing_in_the_store_deletes_only_what_is_ours() {
    let wanted = wanted(&json!({"deletionPolicy": "Delete"}));
    let own = stored(written(&wanted, new(&[("a", "1")], None)));
    let sync = decided(&wanted, new(&[], Some(&own)));
    assert_eq!(sync.synced, Synced::Deleted);
    assert!(
        matches!(sync.write, Write::Delete { name, uid } if name == "db" && uid.as_deref() == Some("s1"))
    );
    assert!(matches!(
        decided(&wanted, new(&[], None)).write,
        Write::Keep
    ));
    let Act::Refuse(error) = plan(&wanted, new(&[], Some(&foreign(None)))).act else {
        panic!("not refused");
    };
    assert_eq!(error.to_string(), "could not delete secret");
}

/// E-067, E-068.
#[test]
fn nothing_in_the_store_is_retained_or_merged() {
    let retain = wanted(&json!({}));
    let own = stored(written(&retain, new(&[("a", "1")], None)));
    let sync = decided(&retain, new(&[], Some(&own)));
    assert!(matches!(sync.write, Write::Keep));
    assert_eq!(sync.synced, Synced::Retained);
    let merge = wanted(&json!({"creationPolicy": "Merge", "deletionPolicy": "Merge"}));
    let mut live = stored(foreign(None));
    live["metadata"]["managedFields"][0]["fieldsV1"] = json!({"f:data": {"f:a": {}}});
    let body = written(&merge, new(&[], Some(&live)));
    assert_eq!(body["data"], json!({"theirs": "a2VwdA=="}));
}

/// E-071.
#[test]
fn immutable_secret_keeps_its_data() {
    let immutable = wanted(&json!({"immutable": true}));
    let body = written(&immutable, new(&[("a", "1")], None));
    assert_eq!(body["immutable"], true);
    let live = stored(body);
    let kept = decided(&immutable, new(&[("a", "2")], Some(&live)));
    assert!(matches!(kept.write, Write::Keep));
    let Act::Refuse(error) = plan(&wanted(&json!({})), new(&[("a", "2")], Some(&live))).act else {
        panic!("not refused");
    };
    assert_eq!(
        error.to_string(),
        "could not update secret, target is immutable"
    );
}

/// Only the label is missing: it is put on, and nothing is said about it.
#[test]
fn unlabelled_orphan_is_labelled() {
    let secret: Secret = serde_json::from_value(foreign(None)).unwrap();
    let found = Found::Current {
        live: Some(Live::of(secret)),
        again: None,
    };
    let plan = plan(&wanted(&json!({"creationPolicy": "Orphan"})), found);
    assert_eq!(plan.manager, MANAGER);
    assert!(matches!(plan.act, Act::LeaveAlone { unlabelled: Some(name), .. } if name == "db"));
}

/// E-115.
#[test]
fn object_with_a_store_of_another_class_is_left_alone() {
    let plan = plan(&wanted(&json!({})), Found::Foreign);
    assert!(matches!(
        plan.act,
        Act::LeaveAlone {
            again: None,
            unlabelled: None
        }
    ));
}

/// I1: a plan shows no value.
#[test]
fn plan_holds_values_concealed() {
    let wanted = wanted(&json!({}));
    let Write::Create(manifest) = decided(&wanted, new(&[("a", "hunter2")], None)).write else {
        panic!("nothing is created");
    };
    let shown = manifest.object().to_string();
    assert!(!shown.contains("hunter2") && !shown.contains("aHVudGVyMg"));
}
