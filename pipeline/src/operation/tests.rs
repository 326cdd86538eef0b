use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::*;
use crate::fixtures::{read, scopes, unit};
use crate::normalise::normalise;
use crate::plan::{Failure, Refusal};
use crate::stage::{Waves, tasks};
use crate::unit::HealthModel;

const WAVE: &str = "example.com/wave";

/// What is left of an API server: objects, and which of them it refuses.
struct Scene {
    unit: Unit,
    wanted: Wanted,
    tasks: Vec<Task>,
    found: BTreeMap<ObjectId, Found>,
    stale: BTreeMap<ObjectId, (String, Option<Value>)>,
    forbidden: BTreeMap<ObjectId, String>,
    results: Results,
    held: BTreeSet<ObjectId>,
    now: Timestamp,
}

fn config_map(name: &str, wave: i64) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  namespace: apps\n  \
         annotations: {{{WAVE}: \"{wave}\"}}\n---\n"
    )
}

fn deployment(name: &str, wave: i64) -> String {
    config_map(name, wave).replace("v1\nkind: ConfigMap", "apps/v1\nkind: Deployment")
}

impl Scene {
    fn of(text: &str) -> Self {
        let mut unit = unit();
        unit.health.model = HealthModel::Argo;
        let wanted = normalise(read(text), &unit, &scopes()).unwrap();
        let waves = Waves {
            annotation: WAVE.to_owned(),
            prune_last: false,
        };
        let found = wanted
            .manifests()
            .iter()
            .map(|manifest| {
                let found = Found {
                    live: None,
                    dry_run: DryRun::Predicted(manifest.object().clone()),
                };
                (manifest.id(), found)
            })
            .collect();
        Self {
            tasks: tasks(&unit, &wanted, &BTreeMap::new(), &waves),
            unit,
            wanted,
            found,
            stale: BTreeMap::new(),
            forbidden: BTreeMap::new(),
            results: Results::default(),
            held: BTreeSet::new(),
            now: "2026-01-01T00:00:00Z".parse().unwrap(),
        }
    }

    fn refuse(&mut self, name: &str, message: &str) {
        for (id, found) in &mut self.found {
            if id.name == name {
                found.dry_run = DryRun::Refused(Refusal {
                    message: message.to_owned(),
                    immutable: false,
                });
            }
        }
    }

    fn next(&self) -> Step {
        Sync {
            unit: &self.unit,
            wanted: &self.wanted,
            tasks: &self.tasks,
            found: &self.found,
            stale: &self.stale,
            forbidden: &self.forbidden,
            results: &self.results,
            held: &self.held,
            began: "2026-01-01T00:00:00Z".parse().unwrap(),
            pause: Duration::from_secs(2),
        }
        .next(self.now)
    }

    /// Carries the next step out and returns the names that were written.
    fn write(&mut self, fails: &[&str]) -> Vec<String> {
        let Step::Write(planned) = self.next() else {
            panic!("{:?} is no write", self.next());
        };
        let ids: BTreeSet<ObjectId> = planned.writes().iter().map(plan::Write::id).collect();
        let failures = ids
            .iter()
            .filter(|id| fails.contains(&id.name.as_str()))
            .map(|id| Failure {
                object: id.clone(),
                act: "apply",
                message: "no".to_owned(),
                is_passing: false,
            })
            .collect();
        self.results.record(&planned.applied(failures));
        for id in &ids {
            self.store(id, &json!({}));
        }
        ids.into_iter().map(|id| id.name).collect()
    }

    fn store(&mut self, id: &ObjectId, status: &Value) {
        if let Some(found) = self.found.get_mut(id) {
            let manager = &self.unit.owner.field_manager;
            let live = json!({
                "apiVersion": "apps/v1", "kind": id.group_kind.kind, "status": status,
                "metadata": {"generation": 1, "managedFields":
                    [{"manager": manager, "time": self.now.to_string()}]},
                "spec": {"replicas": 1},
            });
            found.live = Some(live);
        }
    }

    fn heal(&mut self, name: &str) {
        let ids: Vec<ObjectId> = self.found.keys().cloned().collect();
        let healthy = json!({
            "observedGeneration": 1, "updatedReplicas": 1, "availableReplicas": 1, "replicas": 1,
        });
        for id in ids.iter().filter(|id| id.name == name) {
            self.store(id, &healthy);
        }
    }

    fn later(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }
}

/// G-075: a sync of one wave ends when everything is applied, healthy or not.
#[test]
fn single_wave_ends_after_apply() {
    let mut scene = Scene::of(&(deployment("web", 0) + &config_map("a", 0)));
    assert_eq!(scene.write(&[]), ["a"]);
    assert_eq!(scene.write(&[]), ["web"]);
    let Step::Succeeded { message } = scene.next() else {
        panic!("it goes on")
    };
    assert_eq!(message, "successfully synced (all tasks run)");
}

/// G-073, G-076: the next wave waits for the health of this one, and for a moment after it.
#[test]
fn wave_waits_for_health_and_a_pause() {
    let mut scene = Scene::of(&(deployment("web", 2) + &config_map("late", 3)));
    assert_eq!(scene.write(&[]), ["web"]);
    let Step::Wait { message, .. } = scene.next() else {
        panic!("it does not wait")
    };
    assert_eq!(message, "waiting for healthy state of apps/Deployment/web");
    scene.heal("web");
    let Step::Wait { message, again } = scene.next() else {
        panic!("it does not pause")
    };
    assert_eq!(message, "pausing before the next wave");
    assert_eq!(again, Duration::from_secs(2));
    scene.later(2);
    assert_eq!(scene.write(&[]), ["late"]);
    assert!(matches!(scene.next(), Step::Succeeded { .. }));
}

#[test]
fn degraded_object_of_a_wave_fails_the_sync() {
    let mut scene = Scene::of(&(deployment("web", 0) + &config_map("late", 1)));
    scene.write(&[]);
    let id = scene.tasks.first().unwrap().id.clone();
    scene.store(
        &id,
        &json!({"observedGeneration": 1, "conditions": [{"type": "Progressing",
            "reason": "ProgressDeadlineExceeded", "status": "False"}]}),
    );
    let Step::Failed { message, .. } = scene.next() else {
        panic!("it goes on")
    };
    assert!(message.contains("Deployment/apps/web"), "{message}");
}

/// Nothing at all is written when one object of any wave cannot be.
#[test]
fn refused_dry_run_holds_everything_back() {
    let mut scene = Scene::of(&(config_map("a", 0) + &config_map("bad", 5)));
    scene.refuse("bad", "invalid: data");
    let Step::Failed { message, refused } = scene.next() else {
        panic!("it begins")
    };
    assert!(
        message.starts_with("one or more objects failed to apply (dry run)"),
        "{message}"
    );
    assert_eq!(refused.len(), 1);
}

#[test]
fn forbidden_object_holds_everything_back() {
    let mut scene = Scene::of(&config_map("a", 0));
    let id = scene.tasks.first().unwrap().id.clone();
    scene.forbidden.insert(id, "not permitted".to_owned());
    assert!(matches!(scene.next(), Step::Failed { .. }));
}

/// G-133: what a later wave may not touch is not written either when that becomes so on the way;
/// what is done is done.
#[test]
fn object_that_is_forbidden_on_the_way_ends_the_sync() {
    let mut scene = Scene::of(&(config_map("a", 0) + &config_map("late", 1)));
    assert_eq!(scene.write(&[]), ["a"]);
    let (a, late) = (scene.tasks[0].id.clone(), scene.tasks[1].id.clone());
    scene.forbidden.insert(a, "not permitted".to_owned());
    scene.later(2);
    assert!(matches!(scene.next(), Step::Write(_)));
    scene
        .forbidden
        .insert(late.clone(), "not permitted".to_owned());
    let Step::Failed { message, refused } = scene.next() else {
        panic!("it goes on")
    };
    assert_eq!(
        message,
        "one or more objects may not be synced: ConfigMap/apps/late: not permitted"
    );
    assert_eq!(refused, [(late, "not permitted".to_owned())]);
}

#[test]
fn failed_write_ends_the_sync() {
    let mut scene = Scene::of(&(config_map("a", 0) + &config_map("b", 1)));
    scene.write(&["a"]);
    let Step::Failed { message, .. } = scene.next() else {
        panic!("it goes on")
    };
    assert_eq!(
        message,
        "one or more objects failed to apply: ConfigMap/apps/a: no"
    );
}

/// G-078: what needs a namespace of the same sync is looked at again once that is there.
#[test]
fn object_of_a_new_namespace_is_looked_at_again() {
    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: apps\n---\n";
    let mut scene = Scene::of(&(config_map("a", 0) + namespace));
    scene.refuse("a", "namespaces \"apps\" not found");
    let written: BTreeSet<ObjectId> = scene
        .tasks
        .iter()
        .filter(|task| task.id.name == "apps")
        .map(|task| task.id.clone())
        .collect();
    assert_eq!(scene.write(&[]), ["apps"]);
    for id in outdated(&written, &scene.found) {
        scene.found.remove(&id);
    }
    let Step::Look(ids) = scene.next() else {
        panic!("it does not look again")
    };
    assert_eq!(ids.len(), 1);
}

/// A sync that is interrupted goes on with what is left.
#[test]
fn recorded_tasks_are_not_done_again() {
    let mut scene = Scene::of(&(config_map("a", 0) + &deployment("web", 0)));
    scene.write(&[]);
    scene.found.clear();
    let Step::Look(ids) = scene.next() else {
        panic!("it does not look at the rest")
    };
    assert_eq!(ids.first().map(|id| id.name.as_str()), Some("web"));
}

/// G-045: what is no longer wanted goes first where that is asked for, and is named where not.
#[test]
fn pruning_is_done_or_named() {
    for (policy, outcome, message) in [
        (PrunePolicy::Prune, Outcome::Pruned, "pruned"),
        (
            PrunePolicy::Keep,
            Outcome::PruneSkipped,
            "ignored (requires pruning)",
        ),
    ] {
        let mut scene = Scene::of(&config_map("a", 0));
        scene.unit.prune = policy;
        let id = crate::fixtures::id("ConfigMap", "apps", "old");
        let live = json!({"metadata": {"labels": scene.unit.owner.labels}});
        scene
            .stale
            .insert(id.clone(), ("v1".to_owned(), Some(live)));
        scene.tasks = tasks(&scene.unit, &scene.wanted, &scene.stale, &Waves::default());
        scene.write(&[]);
        let (_, done) = scene.results.iter().find(|(old, _)| **old == id).unwrap();
        assert_eq!((done.outcome, done.message.as_str()), (outcome, message));
        assert_eq!(scene.write(&[]), ["a"]);
    }
}

/// What waits for a Secret keeps nothing else of its wave back, and everything of the next.
#[test]
fn rest_of_the_wave_goes_on_without_a_held_workload() {
    let text = [
        deployment("web", 0),
        config_map("beside", 0),
        config_map("next", 1),
    ];
    let mut scene = Scene::of(&text.concat());
    let web = scene.tasks.iter().find(|task| task.id.name == "web");
    scene.held.insert(web.unwrap().id.clone());
    assert_eq!(scene.write(&[]), ["beside"]);
    assert!(matches!(scene.next(), Step::Hold));
    scene.held.clear();
    assert_eq!(scene.write(&[]), ["web"]);
}
