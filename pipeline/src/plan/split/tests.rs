use std::collections::{BTreeMap, BTreeSet};

use crate::fixtures::{id, staged, unit};
use crate::plan::{Action, ChangeSet, Failure, Planned, plan_stage};

const TEXT: &str = "
{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: prod}}
---
{apiVersion: v1, kind: Secret, metadata: {name: b, namespace: prod}}
---
{apiVersion: v1, kind: Service, metadata: {name: c, namespace: prod}}
";

fn planned() -> ChangeSet<Planned> {
    let stages = staged(TEXT);
    plan_stage(&unit(), stages.iter().next().unwrap(), &BTreeMap::new()).unwrap()
}

fn kinds(set: &ChangeSet<Planned>) -> Vec<String> {
    let written: Vec<String> = set
        .writes()
        .iter()
        .map(|write| write.id().group_kind.kind)
        .collect();
    let named: Vec<String> = set
        .entries()
        .iter()
        .map(|entry| entry.id.group_kind.kind.clone())
        .collect();
    assert_eq!(written, named);
    written
}

#[test]
fn split_off_objects_are_written_apart_and_in_order() {
    let (rest, off) = planned().split_off(&BTreeSet::from([id("Secret", "prod", "b")]));
    assert_eq!(kinds(&rest), ["ConfigMap", "Service"]);
    assert_eq!(kinds(&off), ["Secret"]);
}

#[test]
fn both_parts_make_one_outcome() {
    let secret = id("Secret", "prod", "b");
    let (rest, off) = planned().split_off(&BTreeSet::from([secret.clone()]));
    let mut outcome = rest.applied(Vec::new());
    assert_eq!(outcome.action(&secret), None);
    outcome.extend(off.applied(vec![Failure {
        object: secret.clone(),
        act: "apply",
        message: "refused".to_owned(),
        is_passing: false,
    }]));
    assert_eq!(outcome.entries().len(), 3);
    assert!(outcome.has_failed(&secret));
    assert_eq!(outcome.action(&secret), None);
    let service = id("Service", "prod", "c");
    assert_eq!(outcome.action(&service), Some(&Action::Created));
}
