use std::collections::BTreeMap;

use manifests::ObjectId;
use serde_json::{Value, json};

use super::{foresee, foresee_prune, foresee_stale};
use crate::fixtures::{id, staged, unit};
use crate::inventory::Inventory;
use crate::plan::{Action, DryRun, Found, Skip};
use crate::stage::Stages;
use crate::unit::PrunePolicy;

const WANTED: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: {name: a, namespace: apps}
data: {k: v}
";

fn live(name: &str, owner: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "apps",
        "uid": "1", "labels": {"kustomize.toolkit.fluxcd.io/name": owner,
        "kustomize.toolkit.fluxcd.io/namespace": "apps"}}})
}

fn inventory(names: &[&str]) -> Inventory {
    let entries = names
        .iter()
        .map(|name| (id("ConfigMap", "apps", name), "v1".to_owned()));
    entries.collect()
}

fn foreseen(stages: &Stages, found: &Found) -> Result<Action, String> {
    foresee(&unit(), stages.manifests().next().unwrap(), found)
}

/// What is foreseen is what a run would decide (G-206).
#[test]
fn an_object_is_foreseen_to_be_created_configured_or_left() {
    let stages = staged(WANTED);
    assert_eq!(foreseen(&stages, &Found::default()), Ok(Action::Created));
    let object = stages.manifests().next().unwrap().object().clone();
    let mut found = Found {
        live: Some(object.clone()),
        dry_run: DryRun::Predicted(object.clone()),
    };
    assert_eq!(foreseen(&stages, &found), Ok(Action::Unchanged));
    let mut changed = object;
    changed["data"]["k"] = json!("other");
    found.dry_run = DryRun::Predicted(changed);
    assert_eq!(foreseen(&stages, &found), Ok(Action::Configured));
}

/// I3: only what is in the inventory, no longer wanted and the unit's own would go away.
#[test]
fn what_would_be_pruned_is_the_unit_s_own_and_no_longer_wanted() {
    let stages = staged(WANTED);
    let old = inventory(&["a", "foreign", "gone", "old"]);
    let stale = foresee_stale(&unit(), &stages, &old);
    let found: BTreeMap<ObjectId, Option<Value>> = [
        ("foreign", Some(live("foreign", "other"))),
        ("gone", None),
        ("old", Some(live("old", "web"))),
    ]
    .into_iter()
    .map(|(name, live)| (id("ConfigMap", "apps", name), live))
    .collect();
    let actions: BTreeMap<String, Action> = foresee_prune(&unit(), stale, &found)
        .into_iter()
        .map(|entry| (entry.id.name, entry.action))
        .collect();
    let expected = [
        ("foreign", Action::Skipped(Skip::NotOurs)),
        ("gone", Action::Skipped(Skip::Gone)),
        ("old", Action::Deleted),
    ];
    let expected = expected.map(|(name, action)| (name.to_owned(), action));
    assert_eq!(actions, BTreeMap::from(expected));
}

#[test]
fn a_unit_that_does_not_prune_is_foreseen_to_prune_nothing() {
    let mut unit = unit();
    unit.prune = PrunePolicy::Keep;
    assert!(foresee_stale(&unit, &staged(WANTED), &inventory(&["old"])).is_empty());
}
