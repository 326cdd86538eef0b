use std::collections::{BTreeMap, HashMap};

use cluster::Change;
use kube::runtime::{reflector, watcher};
use manifests::GroupKind;
use serde_json::json;

use super::*;
use crate::kinds::drift::{is_another, is_significant};

fn event(change: Change, generation: Option<i64>) -> ChangedObject {
    ChangedObject {
        id: ObjectId::new(GroupKind::new("apps", "Deployment"), Some("prod"), "web"),
        change,
        labels: BTreeMap::from([
            (flux::OWNER_NAME.to_owned(), "apps".to_owned()),
            (flux::OWNER_NAMESPACE.to_owned(), "flux-system".to_owned()),
        ]),
        annotations: BTreeMap::new(),
        generation,
        resource_version: "1".to_owned(),
    }
}

/// G-206: what wakes and what does not.
#[test]
fn status_updates_are_no_drift_and_spec_changes_are() {
    let mut generations = HashMap::new();
    assert!(!is_significant(
        &mut generations,
        &event(Change::Seen, Some(1))
    ));
    assert!(!is_significant(
        &mut generations,
        &event(Change::Written, Some(1))
    ));
    assert!(is_significant(
        &mut generations,
        &event(Change::Written, Some(2))
    ));
    assert!(is_significant(
        &mut generations,
        &event(Change::Deleted, Some(2))
    ));
}

/// A definition may have changed while the watch was away.
#[test]
fn object_is_another_with_another_generation_however_that_is_seen() {
    let mut generations = HashMap::new();
    let first = event(Change::Seen, Some(1));
    assert!(!is_another(&generations, &first), "nothing was known of it");
    is_significant(&mut generations, &first);
    assert!(!is_another(&generations, &first));
    assert!(!is_another(&generations, &event(Change::Written, Some(1))));
    assert!(is_another(&generations, &event(Change::Written, Some(2))));
    assert!(is_another(&generations, &event(Change::Seen, Some(2))));
    assert!(is_another(&generations, &event(Change::Deleted, Some(1))));
}

#[test]
fn kinds_without_generation_count_every_write() {
    assert!(is_significant(
        &mut HashMap::new(),
        &event(Change::Written, None)
    ));
}

#[test]
fn owner_is_read_from_the_labels() {
    let owner = owner(&event(Change::Written, None));
    assert_eq!(owner, Some(("flux-system".to_owned(), "apps".to_owned())));
}

/// Labels that name a unit are not enough: it must have applied the object, as its inventory says.
#[test]
fn forged_labels_wake_nobody() {
    let unit = json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": {"name": "apps", "namespace": "flux-system"},
        "spec": {"interval": "5m", "prune": true, "sourceRef": {"kind": "GitRepository", "name": "infra"}},
        "status": {"inventory": {"entries": [{"id": "prod_web_apps_Deployment", "v": "v1"}]}},
    });
    let unit: Guarded<Kustomization> = serde_json::from_value(unit).unwrap();
    let (units, mut writer) = reflector::store();
    writer.apply_watcher_event(&watcher::Event::Apply(unit));
    let named = owner(&event(Change::Written, None)).unwrap();
    let id =
        |namespace| ObjectId::new(GroupKind::new("apps", "Deployment"), Some(namespace), "web");
    assert!(holds(&units, &named, &id("prod")));
    assert!(!holds(&units, &named, &id("team-b")));
    let absent = ("flux-system".to_owned(), "gone".to_owned());
    assert!(!holds(&units, &absent, &id("prod")));
}
