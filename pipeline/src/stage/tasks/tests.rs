use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::fixtures::{id, read, scopes, unit};
use crate::normalise::normalise;

const WAVE: &str = "example.com/wave";

fn waves() -> Waves {
    Waves {
        annotation: WAVE.to_owned(),
        prune_last: false,
    }
}

fn object(kind: &str, name: &str, wave: i64) -> String {
    let (version, namespace) = match kind {
        "Namespace" => ("v1", ""),
        "Deployment" => ("apps/v1", "  namespace: made\n"),
        _ => ("v1", "  namespace: made\n"),
    };
    format!(
        "apiVersion: {version}\nkind: {kind}\nmetadata:\n  name: {name}\n{namespace}  \
         annotations: {{{WAVE}: \"{wave}\"}}\n---\n"
    )
}

fn sorted(text: &str) -> Vec<String> {
    let unit = unit();
    let wanted = normalise(read(text), &unit, &scopes()).unwrap();
    tasks(&unit, &wanted, &BTreeMap::new(), &waves())
        .iter()
        .map(|task| format!("{} {}/{}", task.wave, task.id.group_kind.kind, task.id.name))
        .collect()
}

/// G-072, G-074, G-077: waves first, negative ones too, then kinds, then names.
#[test]
fn objects_come_by_wave_kind_and_name() {
    let text = [
        object("Deployment", "b", 0),
        object("Deployment", "a", 0),
        object("Service", "s", 0),
        object("ConfigMap", "late", 3),
        object("Secret", "x", 0),
        object("ConfigMap", "early", -2),
    ];
    assert_eq!(
        sorted(&text.concat()),
        [
            "-2 ConfigMap/early",
            "0 Secret/x",
            "0 Service/s",
            "0 Deployment/a",
            "0 Deployment/b",
            "3 ConfigMap/late"
        ]
    );
}

/// G-078: what others need comes with the first of them, whatever its own wave.
#[test]
fn namespaces_and_definitions_come_before_what_needs_them() {
    let definition = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n\
        metadata:\n  name: widgets.example.com\n  annotations: {example.com/wave: \"9\"}\nspec:\n  \
        group: example.com\n  scope: Namespaced\n  names: {kind: Widget}\n---\n";
    let widget = "apiVersion: example.com/v1\nkind: Widget\nmetadata:\n  name: w\n  \
        namespace: other\n  annotations: {example.com/wave: \"1\"}\n---\n";
    let text = [
        widget.to_owned(),
        definition.to_owned(),
        object("ConfigMap", "inside", -1),
        object("Namespace", "made", 5),
    ];
    assert_eq!(
        sorted(&text.concat()),
        [
            "-1 Namespace/made",
            "-1 ConfigMap/inside",
            "1 CustomResourceDefinition/widgets.example.com",
            "1 Widget/w"
        ]
    );
}

/// G-085, G-059: pruning goes through the waves the other way round, or comes last.
#[test]
fn pruning_is_mirrored_or_last() {
    let unit = unit();
    let wanted = normalise(read(&object("ConfigMap", "stays", 1)), &unit, &scopes()).unwrap();
    let live = |wave: i64, labels: &BTreeMap<String, String>| {
        let live = json!({"metadata": {"labels": labels, "annotations": {WAVE: wave.to_string()}}});
        ("v1".to_owned(), Some(live))
    };
    let stale = BTreeMap::from([
        (
            id("ConfigMap", "apps", "first"),
            live(0, &unit.owner.labels),
        ),
        (
            id("ConfigMap", "apps", "second"),
            live(4, &unit.owner.labels),
        ),
        (
            id("ConfigMap", "apps", "foreign"),
            live(0, &BTreeMap::new()),
        ),
        (id("ConfigMap", "apps", "gone"), ("v1".to_owned(), None)),
    ]);
    let pruned = |waves: &Waves| -> Vec<(i64, String)> {
        tasks(&unit, &wanted, &stale, waves)
            .into_iter()
            .filter(|task| task.act == TaskAct::Prune)
            .map(|task| (task.wave, task.id.name))
            .collect()
    };
    let named = |first: i64, second: i64| {
        let mut both = vec![(first, "first".to_owned()), (second, "second".to_owned())];
        both.sort();
        both
    };
    assert_eq!(pruned(&waves()), named(4, 0));
    let last = Waves {
        prune_last: true,
        ..waves()
    };
    assert_eq!(pruned(&last), named(2, 2));
}

#[test]
fn a_foreign_kind_with_a_known_name_is_not_sorted_as_that() {
    assert_eq!(rank(&GroupKind::new("example.com", "Secret")), KINDS.len());
    assert!(rank(&GroupKind::new("", "Secret")) < rank(&GroupKind::new("apps", "Deployment")));
}
