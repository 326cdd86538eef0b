use api::condition::find_condition;
use serde_json::json;

use super::*;

fn object() -> ExternalSecret {
    serde_json::from_value(json!({
        "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret",
        "metadata": {"name": "db", "namespace": "prod", "generation": 1},
        "spec": {"secretStoreRef": {"name": "vault"}, "data": []},
    }))
    .unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn done(started: i64) -> Done {
    Done {
        started: at(started),
        again: Some(Duration::from_mins(1)),
        synced: Synced::Secret,
        did: Did::Created,
        orphans: 0,
        missing: Vec::new(),
        binding: Some("db".to_owned()),
    }
}

fn failure(category: Category) -> Result<Applied, Error> {
    Err(Error::new(category, SYNC_ERROR, COULD_NOT_FETCH)
        .because("error processing spec.data[0] (key: k), err: connection refused"))
}

fn told(outcome: &Result<Applied, Error>) -> Vec<(Severity, String, String)> {
    let notes = report(&object(), outcome).notes.into_iter();
    notes
        .map(|note| (note.severity, note.reason, note.message))
        .collect()
}

fn said(synced: Synced) -> (String, String) {
    let outcome = Ok(Applied::Done(Done { synced, ..done(5) }));
    let status = status(&object(), &outcome, at(9));
    let ready = find_condition(&status.conditions, READY).unwrap();
    assert_eq!(ready.status, ConditionStatus::True);
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    (text(&ready.reason), text(&ready.message))
}

/// E-029: the time is when the fetch began.
#[test]
fn success_sets_times_version_and_binding() {
    let status = status(&object(), &Ok(Applied::Done(done(5))), at(9));
    assert_eq!(status.refresh_time, Some(whole_seconds(at(5))));
    assert_eq!(
        status.synced_resource_version.as_deref(),
        Some("1-f47fe3c0b255b6dd8047cdffa772587bb829efe7a1cb70febeda2eb2")
    );
    assert_eq!(status.binding.unwrap().name, "db");
}

/// E-029, E-056, E-064, E-067: the words people match.
#[test]
fn each_success_has_its_words() {
    let words = [
        (Synced::Secret, "SecretSynced", "secret synced"),
        (
            Synced::Retained,
            "SecretSynced",
            "secret retained due to DeletionPolicy=Retain",
        ),
        (
            Synced::Deleted,
            "SecretDeleted",
            "secret deleted due to DeletionPolicy=Delete",
        ),
        (
            Synced::Missing,
            "SecretMissing",
            "secret will not be created due to CreationPolicy=Merge",
        ),
    ];
    for (synced, reason, message) in words {
        assert_eq!(said(synced), (reason.to_owned(), message.to_owned()));
    }
}

/// E-034: the next try stays due.
#[test]
fn failure_keeps_times_and_tells_the_cause_in_the_event() {
    let mut object = object();
    let before = status(&object, &Ok(Applied::Done(done(5))), at(9));
    object.status = Some(before.clone());
    let outcome = failure(Category::Unavailable);
    let after = status(&object, &outcome, at(99));
    assert_eq!(after.refresh_time, before.refresh_time);
    assert_eq!(
        after.synced_resource_version,
        before.synced_resource_version
    );
    let ready = find_condition(&after.conditions, READY).unwrap();
    assert_eq!(ready.reason.as_deref(), Some("SecretSyncedError"));
    assert_eq!(
        ready.message.as_deref(),
        Some("could not get secret data from provider")
    );
    assert_eq!(
        told(&outcome),
        [(
            Severity::Warning,
            "UpdateFailed".to_owned(),
            "error processing spec.data[0] (key: k), err: connection refused".to_owned()
        )]
    );
}

/// E-037.
#[test]
fn transition_time_moves_only_with_the_status() {
    let mut object = object();
    object.status = Some(status(&object, &Ok(Applied::Done(done(5))), at(9)));
    let later = status(&object, &Ok(Applied::Done(done(65))), at(70));
    let ready = find_condition(&later.conditions, READY).unwrap();
    assert_eq!(ready.last_transition_time, Some(whole_seconds(at(9))));
    assert_eq!(later.refresh_time, Some(whole_seconds(at(65))));
}

/// E-031; another class; a conflict: nothing new is said.
#[test]
fn what_was_left_alone_says_nothing() {
    let mut object = object();
    object.status = Some(status(&object, &Ok(Applied::Done(done(5))), at(9)));
    for outcome in [
        Ok(Applied::LeftAlone { again: None }),
        failure(Category::Conflict),
    ] {
        assert_eq!(Some(status(&object, &outcome, at(99))), object.status);
        assert!(report(&object, &outcome).notes.is_empty());
    }
}

/// E-030, E-063, E-064, E-065.
#[test]
fn events_have_the_words_dashboards_know() {
    let event =
        |reason: &str, message: &str| (Severity::Normal, reason.to_owned(), message.to_owned());
    let of = |change: fn(&mut Done)| {
        let mut done = done(5);
        done.did = Did::Nothing;
        change(&mut done);
        told(&Ok(Applied::Done(done)))
    };
    assert_eq!(of(|_| {}), []);
    assert_eq!(
        of(|done| done.did = Did::Created),
        [event("Created", "secret created")]
    );
    assert_eq!(
        of(|done| done.did = Did::Updated),
        [event("Updated", "secret updated")]
    );
    assert_eq!(
        of(|done| done.did = Did::Deleted),
        [event(
            "Deleted",
            "secret deleted due to DeletionPolicy=Delete"
        )]
    );
    assert_eq!(
        of(|done| done.orphans = 2),
        [event("Deleted", "secret deleted because it was orphaned")]
    );
    assert_eq!(
        of(|done| done.missing.push("it is missing".to_owned())),
        [event("MissingProviderSecret", "it is missing")]
    );
}

/// E-036: a value that no Secret takes is mended at the provider, which tells nobody.
#[test]
fn unfit_value_is_looked_at_again() {
    let again = |outcome| report(&object(), &outcome).again;
    assert_eq!(again(failure(Category::Invalid)), Some(UNFIT_AGAIN));
    assert_eq!(again(failure(Category::Unavailable)), None);
    let owned = Error::new(Category::Invalid, SYNC_ERROR, OWNED_BY_ANOTHER);
    assert_eq!(again(Err(owned)), None);
}
