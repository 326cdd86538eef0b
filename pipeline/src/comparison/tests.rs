use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::fixtures::{id, read, scopes, unit};
use crate::normalise::normalise;
use crate::unit::{HealthModel, ProtectionRule, argo};

/// What is there and what an apply would make of it, by name.
struct Scene {
    unit: Unit,
    wanted: Wanted,
    found: BTreeMap<ObjectId, Found>,
    stale: BTreeMap<ObjectId, (String, Option<Value>)>,
    ignored: Vec<IgnoredFields>,
}

fn manifest(kind: &str, name: &str) -> String {
    let version = if kind == "Deployment" {
        "apps/v1"
    } else {
        "v1"
    };
    format!(
        "apiVersion: {version}\nkind: {kind}\nmetadata:\n  name: {name}\n  namespace: apps\n---\n"
    )
}

impl Scene {
    fn of(text: &str) -> Self {
        let mut unit = unit();
        unit.health.model = HealthModel::Argo;
        unit.protections.push(ProtectionRule {
            key: "example.com/health".to_owned(),
            value: "ignored".to_owned(),
            effect: Protection::HealthNotCounted,
        });
        Self {
            wanted: normalise(read(text), &unit, &scopes()).unwrap(),
            unit,
            found: BTreeMap::new(),
            stale: BTreeMap::new(),
            ignored: Vec::new(),
        }
    }

    fn has(mut self, name: &str, live: Option<Value>, predicted: Value) -> Self {
        let manifests = self.wanted.manifests();
        let manifest = manifests.iter().find(|it| it.name() == name).unwrap();
        let dry_run = DryRun::Predicted(predicted);
        self.found.insert(manifest.id(), Found { live, dry_run });
        self
    }

    fn stands(&self) -> Comparison {
        let comparing = Comparing {
            unit: &self.unit,
            wanted: &self.wanted,
            found: &self.found,
            stale: &self.stale,
            waves: &Waves::default(),
            ignored: &self.ignored,
        };
        compare(&comparing, "2026-01-01T00:00:00Z".parse().unwrap())
    }
}

fn data(value: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"key": value}})
}

fn deployment(replicas: i64, available: i64) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"generation": 1},
        "spec": {"replicas": replicas},
        "status": {"observedGeneration": 1, "replicas": replicas, "updatedReplicas": replicas,
            "availableReplicas": available},
    })
}

/// G-049: each object stands for itself, and the worst of them for all.
#[test]
fn objects_are_synced_drifted_absent_or_unseen() {
    let text: String = ["same", "drifted", "absent", "unseen"]
        .map(|name| manifest("ConfigMap", name))
        .concat();
    let scene = Scene::of(&text)
        .has("same", Some(data("a")), data("a"))
        .has("drifted", Some(data("b")), data("a"))
        .has("absent", None, data("a"));
    let comparison = scene.stands();
    let stands: Vec<Option<InSync>> = comparison
        .objects
        .iter()
        .map(|object| object.sync)
        .collect();
    assert_eq!(
        stands,
        [
            Some(InSync::Synced),
            Some(InSync::OutOfSync),
            Some(InSync::OutOfSync),
            Some(InSync::Unknown)
        ]
    );
    assert_eq!(comparison.sync, InSync::Unknown);
}

/// G-045: what is no longer wanted requires pruning when it is the unit's own.
#[test]
fn stale_objects_require_pruning_when_they_are_ours() {
    let mut scene = Scene::of(&manifest("ConfigMap", "a")).has("a", Some(data("a")), data("a"));
    let ours = json!({"metadata": {"labels": scene.unit.owner.labels}});
    for (name, live) in [
        ("ours", Some(ours)),
        ("foreign", Some(json!({"metadata": {}}))),
        ("gone", None),
    ] {
        let stale = ("v1".to_owned(), live);
        scene.stale.insert(id("ConfigMap", "apps", name), stale);
    }
    let comparison = scene.stands();
    assert_eq!(comparison.sync, InSync::OutOfSync);
    let pruned: Vec<&str> = comparison
        .objects
        .iter()
        .filter(|object| object.requires_pruning)
        .map(|object| object.id.name.as_str())
        .collect();
    assert_eq!(pruned, ["ours"]);
}

/// G-087: a field behind a pointer does not count, and one that is absent does no harm.
#[test]
fn fields_behind_pointers_do_not_count() {
    let mut scene = Scene::of(&manifest("Deployment", "web")).has(
        "web",
        Some(deployment(5, 5)),
        deployment(3, 5),
    );
    assert_eq!(scene.stands().sync, InSync::OutOfSync);
    scene.ignored = vec![IgnoredFields {
        group: "apps".to_owned(),
        kind: "Deployment".to_owned(),
        pointers: vec!["/spec/replicas".to_owned(), "/spec/absent/x".to_owned()],
        ..IgnoredFields::default()
    }];
    assert_eq!(scene.stands().sync, InSync::Synced);
    for rule in &mut scene.ignored {
        rule.name = Some("other".to_owned());
    }
    assert_eq!(scene.stands().sync, InSync::OutOfSync);
}

/// G-088: the fields of a manager do not count, those of everybody else do; `""` is the core group.
#[test]
fn fields_of_managers_do_not_count() {
    let live = json!({
        "data": {"theirs": "x", "ours": "a"},
        "list": [{"name": "theirs", "v": 1}, {"name": "ours", "v": 1}],
        "metadata": {"managedFields": [{"manager": "external-secrets", "fieldsV1": {
            "f:data": {"f:theirs": {}},
            "f:list": {"k:{\"name\":\"theirs\"}": {".": {}, "f:v": {}}},
        }}]},
    });
    let predicted = |ours: &str| {
        json!({
            "data": {"theirs": "wanted", "ours": ours},
            "list": [{"name": "theirs", "v": 2}, {"name": "ours", "v": 1}],
            "metadata": {},
        })
    };
    let mut scene =
        Scene::of(&manifest("Secret", "db")).has("db", Some(live.clone()), predicted("a"));
    assert_eq!(scene.stands().sync, InSync::OutOfSync);
    scene.ignored = vec![IgnoredFields {
        kind: "Secret".to_owned(),
        managers: vec!["external-secrets".to_owned()],
        ..IgnoredFields::default()
    }];
    assert_eq!(scene.stands().sync, InSync::Synced);
    let scene = scene.has("db", Some(live), predicted("changed"));
    assert_eq!(scene.stands().sync, InSync::OutOfSync);
}

/// G-106: the worst health counts, with the names of those who are to blame.
#[test]
fn the_worst_health_counts() {
    let names = ["a", "b", "c", "d"];
    let text: String = names.map(|name| manifest("Deployment", name)).concat();
    let mut scene = Scene::of(&text);
    for name in names {
        scene = scene.has(name, Some(deployment(1, 0)), deployment(1, 0));
    }
    let comparison = scene.stands();
    assert_eq!(comparison.health, Health::Progressing);
    assert_eq!(
        comparison.health_message,
        "Caused by apps/Deployment:apps/a, apps/Deployment:apps/b, apps/Deployment:apps/c and 1 more"
    );
    for name in names {
        scene = scene.has(name, Some(deployment(1, 1)), deployment(1, 1));
    }
    assert_eq!(scene.stands().health, Health::Healthy);
}

/// G-107: one missing object makes the unit no worse, all of them make it missing.
#[test]
fn a_unit_is_missing_when_all_of_it_is() {
    let text = manifest("ConfigMap", "a") + &manifest("ConfigMap", "b");
    let scene = Scene::of(&text)
        .has("a", None, data("a"))
        .has("b", None, data("a"));
    assert_eq!(scene.stands().health, Health::Missing);
    let scene = scene.has("b", Some(data("a")), data("a"));
    assert_eq!(scene.stands().health, Health::Healthy);
    assert_eq!(Scene::of("").stands().health, Health::Healthy);
}

/// G-109: an object may be left out of the unit's health.
#[test]
fn health_of_marked_objects_does_not_count() {
    let text = manifest("Deployment", "web").replace(
        "  namespace: apps",
        "  namespace: apps\n  annotations: {example.com/health: ignored}",
    );
    let scene = Scene::of(&text).has("web", Some(deployment(1, 0)), deployment(1, 0));
    assert_eq!(scene.stands().health, Health::Healthy);
}

#[test]
fn images_are_listed_once() {
    let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  namespace: apps\n\
        spec:\n  template:\n    spec:\n      initContainers: [{name: i, image: \"b:1\"}]\n      \
        containers: [{name: a, image: \"a:1\"}, {name: c, image: \"b:1\"}]\n";
    let images = Scene::of(text).stands().images;
    assert_eq!(images.into_iter().collect::<Vec<_>>(), ["a:1", "b:1"]);
}

/// D-18, G-250: what belongs to a unit of another family is named and makes nothing out of sync.
/// G-096: what another unit of the same family applied counts, and is named as well.
#[test]
fn objects_of_others_are_named() {
    let text = [manifest("ConfigMap", "a"), manifest("ConfigMap", "b")].concat();
    let live = |name: &str, marks: &Value| {
        let mut live = data("a");
        live["metadata"] = marks.clone();
        live["metadata"]["name"] = json!(name);
        live["metadata"]["namespace"] = json!("apps");
        live
    };
    let of_flux = json!({"labels": {"kustomize.toolkit.fluxcd.io/name": "web",
        "kustomize.toolkit.fluxcd.io/namespace": "apps"}});
    let of_argo =
        json!({"annotations": {"argocd.argoproj.io/tracking-id": "other:/ConfigMap:apps/b"}});
    let mut scene = Scene::of(&text)
        .has("a", Some(live("a", &of_flux)), data("x"))
        .has("b", Some(live("b", &of_argo)), live("b", &of_argo));
    scene.unit.owner = argo::owner("shop", "apps");
    let comparison = scene.stands();
    assert_eq!(
        comparison.claimed,
        [(id("ConfigMap", "apps", "a"), "flux:apps/web".to_owned())]
    );
    assert_eq!(comparison.objects[0].sync, None);
    assert_eq!(
        comparison.shared,
        [(id("ConfigMap", "apps", "b"), "other".to_owned())]
    );
    assert_eq!(comparison.sync, InSync::Synced);
}

/// G-108: what is on its way out is progressing, whatever it says of itself.
#[test]
fn object_that_is_being_deleted_is_progressing() {
    let mut leaving = deployment(1, 1);
    leaving["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    let scene = Scene::of(&manifest("Deployment", "a")).has("a", Some(leaving.clone()), leaving);
    let comparison = scene.stands();
    assert_eq!(comparison.health, Health::Progressing);
    let assessed = comparison.objects[0].health.as_ref().unwrap();
    assert_eq!(assessed.message, "Pending deletion");
}
