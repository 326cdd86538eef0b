use api::{
    bitnami::{SealedItem, SealedSecret, SealedSecretCondition},
    condition::{ConditionStatus, set_condition},
};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{assert_keeps, round_trip};

fn sealed_secret(spec: &Value) -> SealedSecret {
    let text = json!({
        "apiVersion": "bitnami.com/v1alpha1",
        "kind": "SealedSecret",
        "metadata": { "name": "a", "namespace": "b" },
        "spec": spec,
    });
    round_trip::<SealedSecret>(&text.to_string()).0
}

#[test]
fn template_and_items_keep_what_was_written() {
    let text = json!({
        "apiVersion": "bitnami.com/v1alpha1",
        "kind": "SealedSecret",
        "metadata": { "name": "a", "namespace": "b" },
        "spec": {
            "encryptedData": { "password": "AgBy", "user": "AgBx" },
            "template": {
                "type": "Opaque",
                "immutable": true,
                "metadata": { "labels": { "a": "b" }, "annotations": { "c": "d" }, "name": "a" },
                "data": { "url": "postgres://{{ .user }}" },
                "stringData": { "kept": "and reported" },
            },
        },
    });
    let (sealed, written) = round_trip::<SealedSecret>(&text.to_string());
    assert_keeps(&written, &text, "");
    let template = sealed.spec.template.unwrap();
    assert_eq!(
        template.unmodelled.names().collect::<Vec<_>>(),
        ["stringData"]
    );
    let item = &sealed.spec.encrypted_data.0["password"];
    assert_eq!(*item, SealedItem::Text("AgBy".to_owned()));
}

/// K-044: what old files hold is read.
#[test]
fn loose_files_are_read() {
    let sealed = sealed_secret(&json!({
        "template": { "metadata": { "creationTimestamp": null }, "data": null },
    }));
    assert!(sealed.spec.encrypted_data.0.is_empty());
    assert_eq!(sealed.spec.template.unwrap().data, None);
    let sealed = sealed_secret(&json!({ "encryptedData": null, "template": { "metadata": null } }));
    assert_eq!(sealed.spec.template.unwrap().metadata, None);
}

#[test]
fn an_item_that_is_not_text_does_not_hide_the_others() {
    let text = json!({ "encryptedData": { "good": "AgBy", "bad": 1, "worse": { "a": [] } } });
    let object = json!({ "metadata": {}, "spec": text });
    let sealed: SealedSecret = serde_json::from_value(object).unwrap();
    let items = &sealed.spec.encrypted_data.0;
    assert_eq!(items["good"], SealedItem::Text("AgBy".to_owned()));
    assert_eq!(items["bad"], SealedItem::NotText);
    assert_eq!(items["worse"], SealedItem::NotText);
}

/// K-082: `Synced` keeps the first place.
#[test]
fn synced_stays_first_and_its_message_is_absent_on_success() {
    let at = |second| Timestamp::from_second(second).unwrap();
    let mut conditions = Vec::new();
    let failed = SealedSecretCondition::new("Synced", ConditionStatus::False, "no", at(1));
    set_condition(&mut conditions, failed);
    set_condition(
        &mut conditions,
        SealedSecretCondition::new("UnsupportedField", ConditionStatus::True, "spec.x", at(1)),
    );
    let synced = SealedSecretCondition::new("Synced", ConditionStatus::True, "", at(2));
    assert!(set_condition(&mut conditions, synced));
    assert_eq!(
        serde_json::to_value(&conditions[0]).unwrap(),
        json!({
            "type": "Synced",
            "status": "True",
            "lastUpdateTime": "1970-01-01T00:00:02Z",
            "lastTransitionTime": "1970-01-01T00:00:02Z",
        })
    );
}
