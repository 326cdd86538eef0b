use std::collections::BTreeMap;

use manifests::{Manifest, ObjectId};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    Action, ChangeSet, Complete, DryRun, Entry, Failure, Found, Planned, Refusal, Run, Skip, Write,
    differs, plan_prune, plan_stage, plan_teardown, stale, wants_dry_run,
};
use crate::fixtures::{id, staged, unit};
use crate::inventory::Inventory;
use crate::stage::Stages;
use crate::unit::{DeletionPolicy, ImmutableChange, Protection, PrunePolicy, Unit};

mod prune;

/// What is left of an API server when everything but merging is taken away.
#[derive(Clone, Default)]
struct Objects(BTreeMap<ObjectId, Value>);

impl Objects {
    fn with(text: &str) -> Self {
        let mut objects = Self::default();
        for manifest in staged(text).manifests() {
            objects.apply(manifest);
        }
        objects
    }

    /// Merges as server-side apply does for fields nobody else owns, and adds what it always adds.
    fn predicted(&self, manifest: &Manifest) -> Value {
        let mut object = self
            .0
            .get(&manifest.id())
            .cloned()
            .unwrap_or_else(|| json!({}));
        merge(&mut object, manifest.object());
        object["metadata"]["uid"] = json!(format!("uid of {}", manifest.id()));
        object["metadata"]["managedFields"] = json!([{"manager": "x", "time": self.0.len()}]);
        object
    }

    fn apply(&mut self, manifest: &Manifest) {
        let object = self.predicted(manifest);
        self.0.insert(manifest.id(), object);
    }

    fn found(&self, unit: &Unit, stages: &Stages) -> BTreeMap<ObjectId, Found> {
        stages
            .manifests()
            .map(|manifest| {
                let dry_run = if wants_dry_run(unit, manifest) {
                    DryRun::Predicted(self.predicted(manifest))
                } else {
                    DryRun::Skipped
                };
                (
                    manifest.id(),
                    Found {
                        live: self.0.get(&manifest.id()).cloned(),
                        dry_run,
                    },
                )
            })
            .collect()
    }

    fn live(&self, ids: impl IntoIterator<Item = ObjectId>) -> BTreeMap<ObjectId, Option<Value>> {
        ids.into_iter()
            .map(|id| (id.clone(), self.0.get(&id).cloned()))
            .collect()
    }

    fn carry_out(&mut self, planned: &ChangeSet<Planned>) {
        for write in planned.writes() {
            match write {
                Write::Apply(manifest) | Write::ApplyShared(manifest) => self.apply(manifest),
                Write::Recreate { manifest, .. } => {
                    self.0.remove(&manifest.id());
                    self.apply(manifest);
                }
                Write::Delete { id, .. } => {
                    self.0.remove(id);
                }
            }
        }
    }
}

fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}

/// Applies every stage and prunes, as the controller does.
fn reconcile(
    unit: &Unit,
    stages: &Stages,
    objects: &mut Objects,
    old: &Inventory,
) -> (Vec<Entry>, Inventory) {
    let mut entries = Vec::new();
    let mut run = Run::begin(stages);
    for stage in stages.iter() {
        let planned = plan_stage(unit, stage, &objects.found(unit, stages)).unwrap();
        objects.carry_out(&planned);
        entries.extend_from_slice(planned.entries());
        run.record(&planned.applied(Vec::new()));
    }
    let complete = run.complete(old).unwrap();
    let live = objects.live(stale(&complete, old).into_iter().map(|(id, _)| id));
    let prune = plan_prune(unit, &complete, old, &live);
    objects.carry_out(&prune);
    entries.extend_from_slice(prune.entries());
    let pruned = complete.pruned(&prune.applied(Vec::new()));
    (entries, pruned.inventory)
}

fn config(name: &str, extra: &str) -> String {
    format!(
        "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}, namespace: ns{extra}}}, data: {{k: v}}}}\n---\n"
    )
}

fn marked(name: &str, key: &str, value: &str) -> String {
    config(
        name,
        &format!(", annotations: {{kustomize.toolkit.fluxcd.io/{key}: {value}}}"),
    )
}

fn plan(unit: &Unit, text: &str, objects: &Objects) -> ChangeSet<Planned> {
    let stages = staged(text);
    let stage = stages.iter().next().unwrap();
    plan_stage(unit, stage, &objects.found(unit, &stages)).unwrap()
}

fn actions(planned: &ChangeSet<Planned>) -> Vec<String> {
    planned.entries().iter().map(Entry::to_string).collect()
}

/// G-186, G-206, G-211: the words of the change list.
#[test]
fn absent_is_created_changed_is_configured_equal_is_unchanged() {
    let text = [config("a", ""), config("b", ""), config("c", "")].concat();
    let mut objects = Objects::with(&[config("b", ""), config("c", "")].concat());
    objects.0.get_mut(&id("ConfigMap", "ns", "b")).unwrap()["data"]["k"] = json!("drifted");
    let planned = plan(&unit(), &text, &objects);
    assert_eq!(
        actions(&planned),
        [
            "ConfigMap/ns/a created",
            "ConfigMap/ns/b configured",
            "ConfigMap/ns/c unchanged"
        ]
    );
    let written: Vec<_> = planned
        .writes()
        .iter()
        .map(|write| write.id().name)
        .collect();
    assert_eq!(written, ["a", "b"], "unchanged objects are not written");
}

/// G-206: what counts as drift.
#[test]
fn drift_is_labels_annotations_and_body_and_nothing_else() {
    let live = json!({"apiVersion": "v1", "metadata": {"name": "a", "generation": 1,
        "labels": {"a": "b"}, "resourceVersion": "1", "managedFields": []}, "data": {"k": "v"}, "status": {"x": 1}});
    let with = |pointer: &str, value: Value| {
        let mut predicted = live.clone();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        predicted.pointer_mut(parent).unwrap()[key] = value;
        differs(&live, &predicted)
    };
    assert!(with("/metadata/labels/a", json!("c")));
    assert!(with("/metadata/annotations", json!({"a": "b"})));
    assert!(with("/data/k", json!("w")));
    assert!(with("/spec", json!({})));
    assert!(!with("/metadata/annotations", json!({})));
    assert!(!with("/metadata/generation", json!(2)));
    assert!(!with("/metadata/resourceVersion", json!("2")));
    assert!(!with("/metadata/managedFields", json!([{}])));
    assert!(!with("/status", json!({"x": 2})));
    assert!(!with(
        "/metadata/annotations",
        json!({"kubectl.kubernetes.io/last-applied-configuration": "{}"})
    ));
}

/// G-204: what marks on objects do to apply.
#[test]
fn marks_keep_objects_from_being_applied() {
    let text = [
        marked("alone", "reconcile", "disabled"),
        marked("ignored", "ssa", "Ignore"),
        marked("once-new", "ssa", "IfNotPresent"),
        marked("once-old", "ssa", "IfNotPresent"),
        marked("shared", "ssa", "Merge"),
    ]
    .concat();
    let mut objects = Objects::with(&config("once-old", ""));
    let old = objects
        .0
        .get_mut(&id("ConfigMap", "ns", "once-old"))
        .unwrap();
    old["data"]["k"] = json!("edited");
    let planned = plan(&unit(), &text, &objects);
    let skipped = |name: &str| {
        let entry = planned
            .entries()
            .iter()
            .find(|entry| entry.id.name == name)
            .unwrap();
        entry.action.clone()
    };
    assert_eq!(
        skipped("alone"),
        Action::Skipped(Skip::Protected(Protection::LeaveAlone))
    );
    assert_eq!(
        skipped("ignored"),
        Action::Skipped(Skip::Protected(Protection::Ignore))
    );
    assert_eq!(
        skipped("once-old"),
        Action::Skipped(Skip::Protected(Protection::CreateOnly))
    );
    assert_eq!(skipped("once-new"), Action::Created);
    let shared = planned
        .writes()
        .iter()
        .find(|write| write.id().name == "shared")
        .unwrap();
    assert!(matches!(shared, Write::ApplyShared(_)));
}

/// G-204: the live object can ask to be left alone too.
#[test]
fn live_object_marked_to_be_left_alone_is() {
    let objects = Objects::with(&marked("a", "reconcile", "disabled"));
    let mut text = config("a", "");
    text = text.replace("k: v", "k: w");
    let planned = plan(&unit(), &text, &objects);
    assert!(planned.is_empty());
}

fn refused(immutable: bool) -> (Stages, BTreeMap<ObjectId, Found>) {
    let text = [config("good", ""), config("bad", "")].concat();
    let objects = Objects::with(&text);
    let stages = staged(&text);
    let mut found = objects.found(&unit(), &stages);
    let refusal = Refusal {
        message: "field is immutable".to_owned(),
        immutable,
    };
    found
        .get_mut(&id("ConfigMap", "ns", "bad"))
        .unwrap()
        .dry_run = DryRun::Refused(refusal);
    (stages, found)
}

/// G-205: a refused dry run keeps the whole stage from being written.
#[test]
fn refused_dry_run_refuses_the_stage() {
    let (stages, found) = refused(false);
    let error = plan_stage(&unit(), stages.iter().next().unwrap(), &found).unwrap_err();
    assert_eq!(
        error.to_string(),
        "ConfigMap/ns/bad dry-run failed: field is immutable"
    );
}

/// §9.5: an immutable field is an error with a hint, or a new object when force says so.
#[test]
fn immutable_change_is_refused_with_a_hint_or_recreated() {
    let (stages, found) = refused(true);
    let stage = stages.iter().next().unwrap();
    let error = plan_stage(&unit(), stage, &found).unwrap_err();
    assert!(error.to_string().contains("hint: set force"), "{error}");
    let mut forced = unit();
    forced.immutable = ImmutableChange::Recreate;
    let planned = plan_stage(&forced, stage, &found).unwrap();
    let Write::Recreate { uid, manifest } = &planned.writes()[0] else {
        panic!("{:?}", planned.writes());
    };
    assert_eq!(manifest.name(), "bad");
    assert_eq!(uid.as_deref(), Some("uid of ConfigMap/ns/bad"));
}

/// Some objects of few names and marks, so that sets overlap.
fn build() -> impl Strategy<Value = String> {
    let object = (0..4usize, 0..3usize, 0..8usize, "[a-c]");
    proptest::collection::btree_map((0..3usize, 0..6usize), object, 0..10).prop_map(|objects| {
        objects
            .into_iter()
            .map(|((kind, name), (_, _, mark, value))| -> String {
                let kind = ["ConfigMap", "Secret", "Service"][kind];
                let mark = match mark {
                    0 => "prune: disabled",
                    1 => "ssa: Ignore",
                    2 => "ssa: IfNotPresent",
                    3 => "ssa: Merge",
                    4 => "reconcile: disabled",
                    _ => "other: x",
                };
                format!(
                    "{{apiVersion: v1, kind: {kind}, metadata: {{name: o{name}, namespace: ns, \
                     annotations: {{kustomize.toolkit.fluxcd.io/{mark}}}}}, data: {{k: {value}}}}}\n---\n"
                )
            })
            .collect::<Vec<_>>()
            .concat()
    })
}

proptest! {
    /// Planning again after applying is empty.
    #[test]
    fn second_plan_is_empty(first in build(), second in build()) {
        let unit = unit();
        let mut objects = Objects::default();
        let (_, inventory) = reconcile(&unit, &staged(&first), &mut objects, &Inventory::default());
        let (_, inventory) = reconcile(&unit, &staged(&second), &mut objects, &inventory);
        let before = objects.0.clone();
        let (entries, again) = reconcile(&unit, &staged(&second), &mut objects, &inventory);
        for entry in &entries {
            prop_assert!(matches!(entry.action, Action::Unchanged | Action::Skipped(_)), "{entry}");
        }
        prop_assert_eq!(&objects.0, &before);
        prop_assert_eq!(again, inventory);
    }

    /// Prune deletes only what is in the inventory, ours and no longer wanted.
    #[test]
    fn prune_is_within_the_inventory(first in build(), second in build(), bystanders in build()) {
        let unit = unit();
        let mut objects = Objects::with(&bystanders);
        let bystanders: Vec<_> = objects.0.keys().cloned().collect();
        let (_, old) = reconcile(&unit, &staged(&first), &mut objects, &Inventory::default());
        let stages = staged(&second);
        let (entries, _) = reconcile(&unit, &stages, &mut objects, &old);
        let wanted: Vec<_> = stages.manifests().map(Manifest::id).collect();
        for entry in entries.iter().filter(|entry| entry.action == Action::Deleted) {
            prop_assert!(old.contains(&entry.id));
            prop_assert!(!wanted.contains(&entry.id));
        }
        for id in bystanders.iter().filter(|id| !old.contains(id)) {
            prop_assert!(objects.0.contains_key(id), "{id} was never ours");
        }
    }

    /// I2: whatever failed, there is no token to prune with.
    #[test]
    fn nothing_is_pruned_after_a_failure(text in build(), victim in 0..10usize) {
        let stages = staged(&text);
        let mut run = Run::begin(&stages);
        let mut failed = false;
        let ids: Vec<_> = stages.manifests().map(Manifest::id).collect();
        for stage in stages.iter() {
            let planned = plan_stage(&unit(), stage, &BTreeMap::new()).unwrap();
            let failures: Vec<_> = planned
                .writes()
                .iter()
                .map(Write::id)
                .filter(|id| ids.get(victim) == Some(id))
                .map(|object| Failure { object, act: "apply", message: String::new(), is_passing: false })
                .collect();
            failed |= !failures.is_empty();
            run.record(&planned.applied(failures));
        }
        prop_assert_eq!(run.complete(&Inventory::default()).is_none(), failed);
    }
}

/// D-18, G-250: what a unit of another family has is not written, neither when its dry run is fine
/// nor when it is refused; and it is no reason to refuse the stage.
#[test]
fn object_of_another_family_is_left_alone() {
    let stages = staged(&config("shared", ""));
    let mut objects = Objects::with(&config("shared", ""));
    let shared = id("ConfigMap", "ns", "shared");
    let live = objects.0.get_mut(&shared).unwrap();
    live["metadata"]["labels"] = json!({});
    live["metadata"]["annotations"] =
        json!({"argocd.argoproj.io/tracking-id": "shop:/ConfigMap:ns/shared"});
    let by = || Skip::Claimed {
        by: "argo:shop".to_owned(),
    };
    let (entries, inventory) = reconcile(&unit(), &stages, &mut objects, &Inventory::default());
    assert_eq!(entries[0].action, Action::Skipped(by()));
    assert!(inventory.is_empty(), "it is not ours to prune later");
    let refusal = Refusal {
        message: "it is immutable".to_owned(),
        immutable: true,
    };
    let found = Found {
        live: objects.0.get(&shared).cloned(),
        dry_run: DryRun::Refused(refusal),
    };
    let stage = stages.iter().next().unwrap();
    let planned = plan_stage(&unit(), stage, &BTreeMap::from([(shared, found)])).unwrap();
    assert_eq!(planned.entries()[0].action, Action::Skipped(by()));
    assert!(planned.is_empty());
}

/// G-250: what is handed over leaves the unit that had it without being deleted.
#[test]
fn object_that_another_unit_adopts_is_not_deleted() {
    let mut objects = Objects::default();
    let text = config("moved", "");
    let (_, old) = reconcile(&unit(), &staged(&text), &mut objects, &Inventory::default());
    let moved = id("ConfigMap", "ns", "moved");
    let live = objects.0.get_mut(&moved).unwrap();
    live["metadata"]["annotations"] = json!({"signet.dev/adopt-by": "argo:argocd/shop"});
    let claimed = Action::Skipped(Skip::Claimed {
        by: "argo:argocd/shop".to_owned(),
    });
    let live = BTreeMap::from([(moved.clone(), objects.0.get(&moved).cloned())]);
    let mut deleting = unit();
    deleting.deletion = DeletionPolicy::Delete;
    let teardown = plan_teardown(&deleting, &old, &live);
    assert_eq!(teardown.entries()[0].action, claimed);
    let (entries, _) = reconcile(&unit(), &staged(&text), &mut objects, &old);
    assert_eq!(entries[0].action, claimed);
    let (entries, new) = reconcile(&unit(), &staged(""), &mut objects, &old);
    assert_eq!(entries[0].action, claimed);
    assert!(new.is_empty());
}
