use std::collections::BTreeSet;

use manifests::GroupKind;

use super::{STAGE_TIMEOUT, StageKind, stages, total_order};
use crate::fixtures::{read, scopes, staged, unit};
use crate::normalise::normalise;

const MIXED: &str = "
{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingWebhookConfiguration, metadata: {name: v}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: ns}}
---
{apiVersion: batch/v1, kind: Job, metadata: {name: b, namespace: ns}}
---
{apiVersion: example.com/v1, kind: Thing, metadata: {name: a, namespace: ns}}
---
{apiVersion: v1, kind: Secret, metadata: {name: s, namespace: ns}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: z, namespace: ns}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: ns}}
---
{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: fast}}
---
{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {name: public}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: r}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: ns}}
---
{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: things}}
---
{apiVersion: admissionregistration.k8s.io/v1, kind: MutatingWebhookConfiguration, metadata: {name: m}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: sa, namespace: ns}}
";

/// G-203
#[test]
fn definitions_then_classes_then_the_rest_each_in_kind_order() {
    let stages = staged(MIXED);
    let order: Vec<(StageKind, Vec<String>)> = stages
        .iter()
        .map(|stage| {
            (
                stage.kind(),
                stage
                    .manifests()
                    .iter()
                    .map(|m| format!("{}/{}", m.kind(), m.name()))
                    .collect(),
            )
        })
        .collect();
    let expected = [
        (
            StageKind::Definitions,
            vec![
                "CustomResourceDefinition/things",
                "Namespace/ns",
                "ClusterRole/r",
            ],
        ),
        (
            StageKind::Classes,
            vec!["StorageClass/fast", "IngressClass/public"],
        ),
        (
            StageKind::Rest,
            vec![
                "ServiceAccount/sa",
                "ConfigMap/a",
                "ConfigMap/z",
                "Secret/s",
                "Deployment/web",
                "Job/b",
                "Thing/a",
                "MutatingWebhookConfiguration/m",
                "ValidatingWebhookConfiguration/v",
            ],
        ),
    ];
    let expected: Vec<(StageKind, Vec<String>)> = expected
        .into_iter()
        .map(|(kind, names)| (kind, names.into_iter().map(str::to_owned).collect()))
        .collect();
    assert_eq!(order, expected);
}

/// G-203: later stages wait for the earlier ones, up to a minute.
#[test]
fn only_the_last_stage_is_not_waited_for() {
    let stages = staged(MIXED);
    let waits: Vec<_> = stages.iter().map(super::Stage::wait).collect();
    assert_eq!(waits, [Some(STAGE_TIMEOUT), Some(STAGE_TIMEOUT), None]);
}

/// G-203: custom stage kinds.
#[test]
fn custom_kinds_have_a_stage_of_their_own_before_the_rest() {
    let wanted = normalise(read(MIXED), &unit(), &scopes()).unwrap();
    let custom = BTreeSet::from([GroupKind::new("example.com", "Thing")]);
    let stages = stages(wanted, &custom);
    let kinds: Vec<_> = stages.iter().map(super::Stage::kind).collect();
    assert_eq!(
        kinds,
        [
            StageKind::Definitions,
            StageKind::Classes,
            StageKind::Custom,
            StageKind::Rest
        ]
    );
}

#[test]
fn total_order_is_the_order_of_the_stages() {
    let stages = staged(MIXED);
    let ids: Vec<_> = stages.manifests().map(manifests::Manifest::id).collect();
    let mut sorted = ids.clone();
    sorted.sort_by(total_order);
    assert_eq!(ids, sorted);
}

#[test]
fn nothing_wanted_has_no_stages() {
    assert!(staged("").is_empty());
}
