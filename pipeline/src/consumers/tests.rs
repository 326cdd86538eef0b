use std::collections::{BTreeMap, BTreeSet};

use manifests::{Manifest, ObjectId};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Consumer, Judgement, Maker, Presence, Scene, SecretName, Standing, Supply, consumers};
use crate::fixtures::{read, staged, unit};
use crate::plan::{Applied, ChangeSet, DryRun, Failure, Found, Run, plan_stage};

const PAYMENTS: &str = "
{apiVersion: apps/v1, kind: Deployment, metadata: {name: payments, namespace: prod}, spec: {template: {spec: {
  containers: [{name: main, env: [{name: A, valueFrom: {secretKeyRef: {name: db, key: user}}}]}]}}}}
---
";
const SECRET: &str =
    "{apiVersion: v1, kind: Secret, metadata: {name: db, namespace: prod}, stringData: {user: x}}";
const EXTERNAL: &str = "{apiVersion: external-secrets.io/v1, kind: ExternalSecret, metadata: {name: db, namespace: prod}}";
const SEALED: &str =
    "{apiVersion: bitnami.com/v1alpha1, kind: SealedSecret, metadata: {name: db, namespace: prod}}";

/// One stage of which everything but the workloads was carried out.
struct Stage {
    supply: Supply,
    consumers: Vec<Consumer>,
    first: ChangeSet<Applied>,
}

impl Stage {
    /// Plans and applies a text; objects that `live` names are there already, as wanted.
    fn of(text: &str, live: &[&str], failing: &[&str]) -> Self {
        let stages = staged(text);
        let stage = stages.iter().next().unwrap();
        let found: BTreeMap<ObjectId, Found> = stage
            .manifests()
            .iter()
            .map(|manifest| {
                let object = manifest.object().clone();
                let is_live = live.contains(&manifest.kind());
                let found = Found {
                    live: is_live.then(|| object.clone()),
                    dry_run: DryRun::Predicted(object),
                };
                (manifest.id(), found)
            })
            .collect();
        let planned = plan_stage(&unit(), stage, &found).unwrap();
        let consumers = consumers(stage.manifests());
        let workloads: BTreeSet<ObjectId> =
            consumers.iter().map(|it| it.workload.clone()).collect();
        let (first, _workloads) = planned.split_off(&workloads);
        let failures = first.entries().iter();
        let failures = failures
            .filter(|entry| failing.contains(&entry.id.group_kind.kind.as_str()))
            .map(|entry| Failure {
                object: entry.id.clone(),
                act: "apply",
                message: "refused".to_owned(),
                is_passing: false,
            })
            .collect();
        Self {
            supply: Supply::of(stages.manifests().map(|manifest| (0, manifest))),
            consumers,
            first: first.applied(failures),
        }
    }

    fn scene(&self) -> Scene<'_> {
        Scene {
            supply: &self.supply,
            place: 0,
            first: &self.first,
        }
    }

    fn judge(&self, presence: &Presence, maker: Option<Maker>) -> Judgement {
        let standing = Standing {
            presence: presence.clone(),
            maker,
        };
        let standings = BTreeMap::from([(db(), standing)]);
        self.scene().judge(&self.consumers[0], &standings)
    }
}

fn db() -> SecretName {
    SecretName::new("prod", "db")
}

fn present(keys: &[&str]) -> Presence {
    Presence::Present(keys.iter().map(ToString::to_string).collect())
}

fn lines(judgement: &Judgement) -> Vec<String> {
    match judgement {
        Judgement::Free(missing) => missing.iter().map(ToString::to_string).collect(),
        Judgement::Held(held) => held.iter().map(ToString::to_string).collect(),
        Judgement::Untried(failure) => vec![failure.to_string()],
    }
}

/// A live maker in generation 2 with one condition about generation `observed`.
fn live(kind: &str, observed: i64, condition: &Value) -> Maker {
    let (api_version, observed) = match kind {
        "SealedSecret" => (
            "bitnami.com/v1alpha1",
            json!({"observedGeneration": observed}),
        ),
        _ => (
            "external-secrets.io/v1",
            json!({"syncedResourceVersion": format!("{observed}-abc")}),
        ),
    };
    let mut object = json!({
        "apiVersion": api_version, "kind": kind, "status": observed,
        "metadata": {"name": "db", "namespace": "prod", "generation": 2},
    });
    object["status"]["conditions"] = json!([condition]);
    Maker::read(&object).unwrap()
}

fn ready() -> Maker {
    live(
        "ExternalSecret",
        2,
        &json!({"type": "Ready", "status": "True", "reason": "SecretSynced"}),
    )
}

fn failing() -> Maker {
    live(
        "ExternalSecret",
        0,
        &json!({"type": "Ready", "status": "False", "reason": "SecretSyncedError"}),
    )
}

#[test]
fn workload_waits_for_a_secret_that_is_still_to_be_made() {
    let stage = Stage::of(PAYMENTS, &[], &[]);
    assert_eq!(
        lines(&stage.judge(&Presence::Absent, Some(failing()))),
        [
            "Deployment/prod/payments waits for Secret prod/db: ExternalSecret prod/db: SecretSyncedError"
        ]
    );
    assert_eq!(
        lines(&stage.judge(&present(&["other"]), Some(ready()))),
        [
            "Deployment/prod/payments waits for key \"user\" of Secret prod/db: ExternalSecret prod/db: SecretSynced"
        ]
    );
    let here = stage.judge(&present(&["user"]), Some(failing()));
    assert_eq!(here, Judgement::Free(Vec::new()));
}

#[test]
fn maker_in_the_same_change_set_is_not_reconciled_yet() {
    for (maker, kind) in [(EXTERNAL, "ExternalSecret"), (SEALED, "SealedSecret")] {
        let stage = Stage::of(&format!("{PAYMENTS}{maker}"), &[], &[]);
        // What the maker said about an earlier specification does not count.
        for live in [None, Some(ready())] {
            assert_eq!(
                lines(&stage.judge(&Presence::Absent, live)),
                [format!(
                    "Deployment/prod/payments waits for Secret prod/db: {kind} prod/db: not reconciled yet"
                )]
            );
        }
        let unchanged = Stage::of(&format!("{PAYMENTS}{maker}"), &[kind], &[]);
        assert_eq!(
            lines(&unchanged.judge(&Presence::Absent, Some(failing()))),
            [
                "Deployment/prod/payments waits for Secret prod/db: ExternalSecret prod/db: SecretSyncedError"
            ]
        );
    }
}

#[test]
fn secret_of_the_same_step_need_not_be_looked_at() {
    let stage = Stage::of(&format!("{PAYMENTS}{SECRET}"), &[], &[]);
    assert!(stage.scene().unknown(&stage.consumers).is_empty());
    let judged = stage.scene().judge(&stage.consumers[0], &BTreeMap::new());
    assert_eq!(judged, Judgement::Free(Vec::new()));
}

#[test]
fn workload_whose_secret_or_maker_failed_is_not_tried() {
    for (manifest, kind) in [(SECRET, "Secret"), (EXTERNAL, "ExternalSecret")] {
        let stage = Stage::of(&format!("{PAYMENTS}{manifest}"), &[], &[kind]);
        assert_eq!(
            lines(&stage.judge(&Presence::Absent, None)),
            [format!(
                "Deployment/prod/payments apply failed: not tried, because {kind}/prod/db is not applied"
            )]
        );
    }
    let stage = Stage::of(PAYMENTS, &[], &[]);
    let unread = Presence::Unread("timed out".to_owned());
    assert!(matches!(stage.judge(&unread, None), Judgement::Untried(_)));
}

#[test]
fn secret_nobody_makes_is_named_and_not_waited_for() {
    let stage = Stage::of(PAYMENTS, &[], &[]);
    let nobody =
        ", which is not there; no manifest beside it, SealedSecret or ExternalSecret makes it";
    assert_eq!(
        lines(&stage.judge(&Presence::Absent, None)),
        [format!(
            "Deployment/prod/payments refers to Secret prod/db{nobody}"
        )]
    );
    assert_eq!(
        lines(&stage.judge(&present(&[]), None)),
        [format!(
            "Deployment/prod/payments refers to key \"user\" of Secret prod/db{nobody}"
        )]
    );
}

/// Waiting for what the user has put behind the workload would be waiting for ever.
#[test]
fn maker_of_a_later_wave_is_not_waited_for() {
    for later in [SECRET, EXTERNAL] {
        let stage = Stage::of(PAYMENTS, &[], &[]);
        let later = read(later);
        let supply = Supply::of(later.iter().map(|manifest| (1, manifest)));
        let scene = Scene {
            supply: &supply,
            ..stage.scene()
        };
        let standing = Standing {
            presence: Presence::Absent,
            maker: None,
        };
        let judged = scene.judge(&stage.consumers[0], &BTreeMap::from([(db(), standing)]));
        let what = "Deployment/prod/payments refers to Secret prod/db, which is not there; ";
        let line = &lines(&judged)[0];
        assert!(
            line.starts_with(what) && line.ends_with("comes after it"),
            "{line}"
        );
        assert!(matches!(judged, Judgement::Free(_)));
    }
}

#[test]
fn makers_condition_decides_where_the_secret_may_not_be_read() {
    let stage = Stage::of(PAYMENTS, &[], &[]);
    let hidden = |maker| stage.judge(&Presence::Hidden, maker);
    assert_eq!(hidden(Some(ready())), Judgement::Free(Vec::new()));
    assert_eq!(hidden(None), Judgement::Free(Vec::new()));
    assert!(matches!(hidden(Some(failing())), Judgement::Held(_)));
    let outdated = live(
        "SealedSecret",
        1,
        &json!({"type": "Synced", "status": "True"}),
    );
    assert!(matches!(hidden(Some(outdated)), Judgement::Held(_)));
    let current = live(
        "SealedSecret",
        2,
        &json!({"type": "Synced", "status": "True"}),
    );
    assert_eq!(hidden(Some(current)), Judgement::Free(Vec::new()));
}

#[test]
fn applied_workload_is_named_with_what_its_maker_says() {
    let stage = Stage::of(PAYMENTS, &["Deployment"], &[]);
    let standing = Standing {
        presence: Presence::Absent,
        maker: Some(failing()),
    };
    let lacks = stage
        .scene()
        .lacks(&stage.consumers[0], &BTreeMap::from([(db(), standing)]));
    assert_eq!(
        lacks[0].to_string(),
        "Deployment/prod/payments refers to Secret prod/db, which is not there; \
         ExternalSecret prod/db: SecretSyncedError"
    );
}

#[test]
fn makers_tell_which_secret_they_make() {
    let external = |target: Value| {
        Maker::read(&json!({
            "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret",
            "metadata": {"name": "db", "namespace": "prod"}, "spec": {"target": target},
        }))
    };
    let secret = |maker: Option<Maker>| maker.map(|maker| maker.secret().to_string());
    assert_eq!(secret(external(json!({}))), Some("prod/db".to_owned()));
    assert_eq!(
        secret(external(json!({"name": "other"}))),
        Some("prod/other".to_owned())
    );
    assert_eq!(secret(external(json!({"creationPolicy": "None"}))), None);
    assert_eq!(secret(external(json!({"manifest": {}}))), None);

    // One that adds keys does not make the Secret itself.
    let stage = Stage::of(PAYMENTS, &[], &[]);
    let merging = external(json!({"creationPolicy": "Merge"}));
    let judged = stage.judge(&Presence::Absent, merging.clone());
    assert!(matches!(judged, Judgement::Free(missing) if missing.len() == 1));
    let judged = stage.judge(&present(&[]), merging);
    assert!(matches!(judged, Judgement::Held(_)));
}

/// A SealedSecret's condition has a sentence and no reason.
#[test]
fn sealed_secret_says_its_message() {
    let condition = json!({"type": "Synced", "status": "False", "message": "no key opens it"});
    let maker = live("SealedSecret", 2, &condition);
    assert_eq!(maker.to_string(), "SealedSecret prod/db: no key opens it");
}

#[test]
fn external_secret_that_fetches_once_stays_done_after_an_edit() {
    for spec in [
        json!({"refreshPolicy": "CreatedOnce"}),
        json!({"refreshInterval": "0s"}),
        json!({"refreshInterval": "1h"}),
    ] {
        let maker = Maker::read(&json!({
            "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "spec": spec,
            "metadata": {"name": "db", "namespace": "prod", "generation": 3},
            "status": {
                "syncedResourceVersion": "2-abc",
                "conditions": [{"type": "Ready", "status": "True", "reason": "SecretSynced"}],
            },
        }));
        assert_eq!(maker.unwrap().is_done(), spec["refreshInterval"] != "1h");
    }
}

#[test]
fn optional_references_are_not_needed() {
    let text = PAYMENTS.replace("key: user", "key: user, optional: true");
    assert!(consumers(&read(&text)).is_empty());
}

/// A held workload is not recorded, so that nothing is pruned and nothing is taken for applied (I2).
#[test]
fn run_with_a_held_workload_is_never_complete() {
    let stages = staged(&format!("{PAYMENTS}{EXTERNAL}"));
    let stage = Stage::of(&format!("{PAYMENTS}{EXTERNAL}"), &[], &[]);
    let mut run = Run::begin(&stages);
    run.record(&stage.first);
    assert!(
        run.complete(&crate::inventory::Inventory::default())
            .is_none()
    );
}

fn presence() -> impl Strategy<Value = Presence> {
    prop_oneof![
        Just(Presence::Absent),
        Just(Presence::Hidden),
        Just(present(&[])),
        Just(present(&["user"])),
        Just(Presence::Unread("x".to_owned())),
    ]
}

fn maker() -> impl Strategy<Value = Option<Maker>> {
    prop_oneof![Just(None), Just(Some(ready())), Just(Some(failing()))]
}

proptest! {
    /// Whatever is found: a workload waits only for somebody, and a Secret that is there with its
    /// keys never holds anything.
    #[test]
    fn nothing_is_waited_for_without_a_maker(presence in presence(), maker in maker(), own in any::<bool>()) {
        let text = if own { format!("{PAYMENTS}{EXTERNAL}") } else { PAYMENTS.to_owned() };
        let stage = Stage::of(&text, &[], &[]);
        let judged = stage.judge(&presence, maker.clone());
        if maker.is_none() && !own {
            prop_assert!(!matches!(judged, Judgement::Held(_)));
        }
        if presence == present(&["user"]) {
            prop_assert_eq!(&judged, &Judgement::Free(Vec::new()));
        }
        if presence == Presence::Absent && (maker.is_some() || own) {
            prop_assert!(matches!(judged, Judgement::Held(_)));
        }
    }
}

#[test]
fn objects_of_other_kinds_make_no_secret() {
    let manifests: Vec<Manifest> = read(SECRET);
    assert_eq!(Maker::read(manifests[0].object()), None);
}
