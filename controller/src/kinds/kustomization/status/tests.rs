use pipeline::consumers::{Because, Held, Maker, Missing, SecretName};
use pipeline::inventory::Inventory;
use pipeline::plan::{Action, Entry};
use serde_json::json;

use manifests::{GroupKind, ObjectId};

use super::*;

fn kustomization() -> Kustomization {
    serde_json::from_value(json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": {"name": "apps", "namespace": "flux-system", "generation": 1},
        "spec": {"interval": "5m", "prune": true, "sourceRef": {"kind": "GitRepository", "name": "infra"}},
    }))
    .unwrap()
}

#[expect(clippy::unnecessary_wraps, reason = "the steps take an outcome")]
fn applied(state: State, changes: Vec<Entry>) -> Result<Applied, Error> {
    let id = ObjectId::new(GroupKind::new("apps", "Deployment"), Some("prod"), "web");
    let inventory: Inventory = [(id, "v1".to_owned())].into_iter().collect();
    Ok(Applied {
        revision: format!("main@sha1:{}", "a".repeat(40)).parse().unwrap(),
        progress: Ok(Progress {
            changes,
            inventory,
            missing: Vec::new(),
            notices: Vec::new(),
            state,
        }),
        notices: Vec::new(),
        took: Duration::from_millis(1200),
    })
}

fn entry() -> Entry {
    Entry {
        id: ObjectId::new(GroupKind::new("apps", "Deployment"), Some("prod"), "web"),
        version: "v1".to_owned(),
        action: Action::Configured,
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// G-186, G-211: inventory, revision, condition and message of a success.
#[test]
fn success_shows_revision_and_inventory() {
    let status = status(
        &kustomization(),
        &applied(State::Ready { checked: None }, vec![entry()]),
        at(9),
    );
    let revision = format!("main@sha1:{}", "a".repeat(40));
    assert_eq!(status.last_applied_revision.as_ref(), Some(&revision));
    assert_eq!(status.last_attempted_revision.as_ref(), Some(&revision));
    assert_eq!(
        status.inventory.unwrap().entries.first().unwrap().id,
        "prod_web_apps_Deployment"
    );
    let ready = find_condition(&status.conditions, "Ready").unwrap();
    assert_eq!(ready.message, format!("Applied revision: {revision}"));
    assert_eq!(ready.reason, "ReconciliationSucceeded");
}

/// Returns what is known of an ExternalSecret that failed.
fn failing() -> Maker {
    Maker::read(&json!({
        "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret",
        "metadata": {"name": "db", "namespace": "prod"},
        "status": {"conditions": [{"type": "Ready", "status": "False", "reason": "SecretSyncedError"}]},
    }))
    .unwrap()
}

#[test]
fn held_workload_shows_what_it_waits_for() {
    let held = Held {
        workload: entry().id,
        secret: SecretName::new("prod", "db"),
        keys: std::collections::BTreeSet::new(),
        maker: failing(),
    };
    let outcome = applied(
        State::Held {
            held: vec![held],
            again: Duration::from_secs(5),
        },
        Vec::new(),
    );
    let status = status(&kustomization(), &outcome, at(9));
    let text =
        "Deployment/prod/web waits for Secret prod/db: ExternalSecret prod/db: SecretSyncedError";
    for kind in ["Ready", "Reconciling"] {
        let condition = find_condition(&status.conditions, kind).unwrap();
        assert_eq!(
            (condition.reason.as_str(), condition.message.as_str()),
            ("Progressing", text)
        );
    }
    assert!(status.last_applied_revision.is_none());
    let report = report(&kustomization(), &outcome);
    assert_eq!(report.again, Some(Duration::from_secs(5)));
}

#[test]
fn secret_that_nobody_makes_is_named_beside_the_revision() {
    let mut outcome = applied(State::Ready { checked: None }, Vec::new());
    let missing = Missing {
        workload: entry().id,
        secret: SecretName::new("prod", "db"),
        keys: std::collections::BTreeSet::new(),
        because: Because::NoMaker,
    };
    outcome.as_mut().unwrap().progress.as_mut().unwrap().missing = vec![missing];
    let status = status(&kustomization(), &outcome, at(9));
    let ready = find_condition(&status.conditions, "Ready").unwrap();
    assert_eq!(ready.status, ConditionStatus::True);
    let revision = format!("Applied revision: main@sha1:{}; ", "a".repeat(40));
    let rest = ready.message.strip_prefix(&revision).unwrap();
    assert!(
        rest.starts_with("Deployment/prod/web refers to Secret prod/db, "),
        "{rest}"
    );
}

/// G-211: the events' words.
#[test]
fn change_is_told_line_by_line() {
    let report = report(
        &kustomization(),
        &applied(State::Ready { checked: None }, vec![entry()]),
    );
    let texts: Vec<&str> = report
        .notes
        .iter()
        .map(|note| note.message.as_str())
        .collect();
    assert_eq!(
        texts,
        [
            "Deployment/prod/web configured",
            "Reconciliation finished in 1.2s, next run in 5m0s"
        ]
    );
}

#[test]
fn steady_state_says_and_writes_nothing_new() {
    let mut object = kustomization();
    let first = status(
        &object,
        &applied(State::Ready { checked: None }, vec![entry()]),
        at(9),
    );
    object.status = Some(first.clone());
    let again = applied(State::Ready { checked: None }, Vec::new());
    assert_eq!(status(&object, &again, at(999)), first);
    assert!(report(&object, &again).notes.is_empty());
}

#[test]
fn failure_keeps_the_applied_revision_and_is_told_once() {
    let mut object = kustomization();
    object.status = Some(status(
        &object,
        &applied(State::Ready { checked: None }, vec![entry()]),
        at(9),
    ));
    let failure = || Err(Error::new(Category::Invalid, "BuildFailed", "no such path"));
    assert_eq!(report(&object, &failure()).notes.len(), 1);
    object.status = Some(status(&object, &failure(), at(10)));
    let held = object.status.clone().unwrap();
    assert!(held.last_applied_revision.is_some() && held.inventory.is_some());
    assert!(report(&object, &failure()).notes.is_empty());
}

#[test]
fn wait_is_told_as_progress() {
    let waiting = State::Waiting {
        pending: Vec::new(),
        again: Duration::from_secs(5),
    };
    let status = status(&kustomization(), &applied(waiting, Vec::new()), at(9));
    let condition = |kind| find_condition(&status.conditions, kind).unwrap();
    assert_eq!(condition("Ready").status, ConditionStatus::Unknown);
    assert_eq!(condition("Reconciling").reason, "Progressing");
    assert!(status.last_applied_revision.is_none());
}

/// G-024, I4: what a build went on with shows in a condition for each topic, is told once and goes
/// away with its cause.
#[test]
fn notices_have_conditions_of_their_own_and_are_told_once() {
    let with = |notices: Vec<Notice>| {
        let mut outcome = applied(State::Ready { checked: None }, Vec::new());
        outcome.as_mut().unwrap().notices = notices;
        outcome
    };
    let about = |topic, message: &str| Notice {
        topic,
        message: message.to_owned(),
    };
    let mut notices = vec![
        about(Topic::UnusedImage, "no object has the image \"web\""),
        about(Topic::PlaintextSecret, "a.yaml: plaintext"),
        about(Topic::PlaintextSecret, "b.yaml: plaintext"),
    ];
    let mut object = kustomization();
    object.status = Some(status(
        &object,
        &applied(State::Ready { checked: None }, Vec::new()),
        at(8),
    ));
    let told: Vec<_> = report(&object, &with(notices.clone()))
        .notes
        .iter()
        .map(|note| (note.severity, note.reason.clone()))
        .collect();
    let warned = |reason: &str| (Severity::Warning, reason.to_owned());
    let both = [
        warned("PlaintextSecretInSource"),
        warned("UnusedImageOverride"),
    ];
    assert_eq!(told, both);
    object.status = Some(status(&object, &with(notices.clone()), at(9)));
    let conditions = object.status.as_ref().unwrap().conditions.clone();
    let plaintext = find_condition(&conditions, "PlaintextSecretInSource").unwrap();
    assert_eq!(plaintext.message, "a.yaml: plaintext\nb.yaml: plaintext");
    assert!(find_condition(&conditions, "UnusedImageOverride").is_some());
    assert!(find_condition(&conditions, "MacNotVerified").is_none());
    let ready = find_condition(&conditions, "Ready").unwrap();
    assert_eq!(ready.status, ConditionStatus::True);
    assert!(report(&object, &with(notices.clone())).notes.is_empty());
    notices.truncate(1);
    let later = status(&object, &with(notices), at(10)).conditions;
    assert!(find_condition(&later, "PlaintextSecretInSource").is_none());
}

#[test]
fn ten_notices_of_a_topic_are_named_and_the_others_counted() {
    let notice = |index| Notice {
        topic: Topic::PlaintextSecret,
        message: format!("{index}.yaml"),
    };
    let notices: Vec<_> = (0..12).map(notice).collect();
    let message = gathered(&notices, Topic::PlaintextSecret).unwrap();
    assert_eq!(message.lines().count(), 11);
    assert!(message.ends_with("9.yaml\nand 2 more"), "{message}");
    assert_eq!(gathered(&notices, Topic::UnusedImage), None);
}

/// G-188: health is waited for since the wait began, not since an earlier failure or another
/// revision's wait, or the first look would be a timeout.
#[test]
fn each_wait_has_its_own_time() {
    let waiting = |object: &Kustomization, second| {
        let again = Duration::from_secs(5);
        let state = State::Waiting {
            pending: Vec::new(),
            again,
        };
        let mut object = object.clone();
        object.status = Some(status(&object, &applied(state, Vec::new()), at(second)));
        object
    };
    let since = |object: &Kustomization| super::super::parse::waiting(object).unwrap().1;
    let mut object = kustomization();
    let error = Error::new(Category::Unavailable, "ReconciliationFailed", "no");
    object.status = Some(status(&object, &Err(error), at(10)));
    let object = waiting(&object, 500);
    assert_eq!(since(&object), at(500));
    let mut object = waiting(&object, 505);
    assert_eq!(since(&object), at(500), "the same wait goes on");
    let held = object.status.as_mut().unwrap();
    held.last_attempted_revision = Some(format!("main@sha1:{}", "b".repeat(40)));
    assert_eq!(since(&waiting(&object, 900)), at(900));
}
