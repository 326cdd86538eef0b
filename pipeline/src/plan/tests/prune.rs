//! What is deleted, and what never is.

use super::*;
use crate::plan::is_prunable;

/// G-187
#[test]
fn stale_objects_are_pruned_in_reverse_order() {
    let both = [
        "{apiVersion: v1, kind: Namespace, metadata: {name: ns}}\n---\n".to_owned(),
        config("a", ""),
        config("b", ""),
    ]
    .concat();
    let mut objects = Objects::default();
    let (_, old) = reconcile(&unit(), &staged(&both), &mut objects, &Inventory::default());
    assert_eq!(old.len(), 3);
    let (entries, new) = reconcile(&unit(), &staged(&config("c", "")), &mut objects, &old);
    let entries: Vec<_> = entries.iter().map(Entry::to_string).collect();
    assert_eq!(
        entries,
        [
            "ConfigMap/ns/c created",
            "ConfigMap/ns/b deleted",
            "ConfigMap/ns/a deleted",
            "Namespace/ns deleted"
        ]
    );
    assert_eq!(new.len(), 1);
    assert_eq!(objects.0.len(), 1);
}

/// G-187, I3
#[test]
fn prune_leaves_protected_foreign_and_missing_objects() {
    let text = [
        marked("kept", "prune", "disabled"),
        config("foreign", ""),
        config("gone", ""),
        config("stale", ""),
    ]
    .concat();
    let mut objects = Objects::default();
    let (_, old) = reconcile(&unit(), &staged(&text), &mut objects, &Inventory::default());
    let foreign = objects
        .0
        .get_mut(&id("ConfigMap", "ns", "foreign"))
        .unwrap();
    foreign["metadata"]["labels"]["kustomize.toolkit.fluxcd.io/name"] = json!("other");
    objects.0.remove(&id("ConfigMap", "ns", "gone"));
    let (entries, new) = reconcile(&unit(), &staged(""), &mut objects, &old);
    let of = |name: &str| {
        entries
            .iter()
            .find(|entry| entry.id.name == name)
            .unwrap()
            .action
            .clone()
    };
    assert_eq!(
        of("kept"),
        Action::Skipped(Skip::Protected(Protection::KeepFromPrune))
    );
    assert_eq!(of("foreign"), Action::Skipped(Skip::NotOurs));
    assert_eq!(of("gone"), Action::Skipped(Skip::Gone));
    assert_eq!(of("stale"), Action::Deleted);
    assert!(new.is_empty());
}

#[test]
fn unit_that_does_not_prune_deletes_nothing() {
    let mut keeping = unit();
    keeping.prune = PrunePolicy::Keep;
    let mut objects = Objects::default();
    let (_, old) = reconcile(
        &keeping,
        &staged(&config("a", "")),
        &mut objects,
        &Inventory::default(),
    );
    let (entries, new) = reconcile(&keeping, &staged(""), &mut objects, &old);
    assert!(entries.is_empty());
    assert!(new.is_empty());
    assert_eq!(objects.0.len(), 1);
}

fn completed(text: &str, old: &Inventory) -> Option<Complete> {
    let stages = staged(text);
    let mut run = Run::begin(&stages);
    for stage in stages.iter() {
        let planned =
            plan_stage(&unit(), stage, &Objects::default().found(&unit(), &stages)).unwrap();
        run.record(&planned.applied(Vec::new()));
    }
    run.complete(old)
}

/// §9.7: failures are kept in the inventory for the next run.
#[test]
fn failed_deletion_stays_in_the_inventory() {
    let old: Inventory = [
        (id("ConfigMap", "ns", "a"), "v1".to_owned()),
        (id("ConfigMap", "ns", "unseen"), "v1".to_owned()),
    ]
    .into_iter()
    .collect();
    let complete = completed("", &old).unwrap();
    let objects = Objects::with(&config("a", ""));
    let live = objects.live([id("ConfigMap", "ns", "a")]);
    let prune = plan_prune(&unit(), &complete, &old, &live);
    assert_eq!(prune.writes().len(), 1);
    let failure = Failure {
        object: id("ConfigMap", "ns", "a"),
        act: "delete",
        message: "forbidden".to_owned(),
        is_passing: false,
    };
    let pruned = complete.pruned(&prune.applied(vec![failure]));
    assert!(!pruned.clean);
    assert_eq!(
        pruned.inventory, old,
        "neither the failed nor the unseen object is forgotten"
    );
}

/// I2: no token without every stage, none with a failure.
#[test]
fn incomplete_run_cannot_prune() {
    let text = [
        "{apiVersion: v1, kind: Namespace, metadata: {name: ns}}\n---\n".to_owned(),
        config("a", ""),
    ]
    .concat();
    let old = Inventory::default();
    assert!(completed(&text, &old).is_some());

    let stages = staged(&text);
    let planned: Vec<_> = stages
        .iter()
        .map(|stage| plan_stage(&unit(), stage, &BTreeMap::new()).unwrap())
        .collect();
    let mut run = Run::begin(&stages);
    assert!(run.clone().complete(&old).is_none());
    run.record(&planned[0].clone().applied(Vec::new()));
    assert!(
        run.clone().complete(&old).is_none(),
        "the second stage is missing"
    );

    let failure = Failure {
        object: id("ConfigMap", "ns", "a"),
        act: "apply",
        message: "no".to_owned(),
        is_passing: false,
    };
    run.record(&planned[1].clone().applied(vec![failure]));
    assert_eq!(run.failures().len(), 1);
    assert!(run.clone().complete(&old).is_none(), "a write failed");
    assert_eq!(
        run.inventory_so_far(&old).len(),
        2,
        "neither what was applied nor what was tried is forgotten: an answer may have been lost"
    );
}

/// I10: what a crash could leave behind is in the inventory before it can exist.
#[test]
fn inventory_before_the_first_write_names_everything_new() {
    let stages = staged(&config("a", ""));
    let run = Run::begin(&stages);
    let old: Inventory = [(id("ConfigMap", "ns", "old"), "v1".to_owned())]
        .into_iter()
        .collect();
    let before = run.inventory_before(&old).unwrap();
    assert!(before.contains(&id("ConfigMap", "ns", "a")));
    assert!(before.contains(&id("ConfigMap", "ns", "old")));
    assert_eq!(run.inventory_before(&before), None);
}

#[test]
fn teardown_follows_the_deletion_policy() {
    let objects = Objects::with(&[config("a", ""), marked("kept", "prune", "disabled")].concat());
    let inventory: Inventory = objects
        .0
        .keys()
        .map(|id| (id.clone(), "v1".to_owned()))
        .collect();
    let live = objects.live(objects.0.keys().cloned());
    let deleted = |deletion, prune, suspended| {
        let mut unit = unit();
        (unit.deletion, unit.prune, unit.suspended) = (deletion, prune, suspended);
        plan_teardown(&unit, &inventory, &live).writes().len()
    };
    assert_eq!(
        deleted(DeletionPolicy::MirrorPrune, PrunePolicy::Prune, false),
        1
    );
    assert_eq!(
        deleted(DeletionPolicy::MirrorPrune, PrunePolicy::Keep, false),
        0
    );
    assert_eq!(deleted(DeletionPolicy::Delete, PrunePolicy::Keep, false), 1);
    assert_eq!(
        deleted(DeletionPolicy::WaitForTermination, PrunePolicy::Keep, false),
        1
    );
    assert_eq!(
        deleted(DeletionPolicy::Orphan, PrunePolicy::Prune, false),
        0
    );
    assert_eq!(deleted(DeletionPolicy::Delete, PrunePolicy::Prune, true), 0);
}

/// §9.7: what a warning before a prune goes by is what the prune itself goes by.
#[test]
fn prunable_is_what_a_prune_would_delete() {
    let text = [marked("kept", "prune", "disabled"), config("stale", "")].concat();
    let mut objects = Objects::default();
    reconcile(&unit(), &staged(&text), &mut objects, &Inventory::default());
    let live = |name: &str| &objects.0[&id("ConfigMap", "ns", name)];
    assert!(is_prunable(&unit(), live("stale")));
    assert!(!is_prunable(&unit(), live("kept")));
    let mut foreign = live("stale").clone();
    foreign["metadata"]["labels"]["kustomize.toolkit.fluxcd.io/name"] = json!("other");
    assert!(!is_prunable(&unit(), &foreign));
    let mut keeping = unit();
    keeping.prune = PrunePolicy::Keep;
    assert!(!is_prunable(&keeping, live("stale")));
}
