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
            state,
        }),
        warnings: Vec::new(),
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
