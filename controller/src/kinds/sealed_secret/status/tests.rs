use api::condition::find_condition;
use serde_json::json;

use super::*;
use crate::error::Category;

fn object() -> SealedSecret {
    serde_json::from_value(json!({
        "apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret",
        "metadata": {"name": "db", "namespace": "prod", "generation": 3}, "spec": {"encryptedData": {}},
    }))
    .unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn failure() -> Result<Applied, Error> {
    Err(Error::new(
        Category::NotFound,
        UNSEAL_FAILED,
        "no key could decrypt secret (password)",
    ))
}

/// K-079, K-082.
#[test]
fn synced_is_the_first_condition_and_tells_the_error() {
    let status = status(&object(), &failure(), at(5));
    let first = status.conditions.first().unwrap();
    assert_eq!(
        (first.kind.as_str(), first.status),
        (SYNCED, ConditionStatus::False)
    );
    assert_eq!(
        first.message.as_deref(),
        Some("no key could decrypt secret (password)")
    );
    assert_eq!(status.observed_generation, Some(3));
}

/// K-080.
#[test]
fn both_times_are_equal_at_first_and_success_has_no_message() {
    let status = status(&object(), &Ok(Applied::Written), at(5));
    let synced = find_condition(&status.conditions, SYNCED).unwrap();
    assert_eq!(synced.last_update_time, synced.last_transition_time);
    assert_eq!(synced.message, None);
}

/// K-084: reasons and texts of events.
#[test]
fn events_have_the_words_dashboards_know() {
    let told = |outcome: &Result<Applied, Error>| {
        let note = report(&object(), outcome).notes.into_iter().next().unwrap();
        (note.severity, note.reason, note.message)
    };
    assert_eq!(
        told(&Ok(Applied::Written)),
        (
            Severity::Normal,
            "Unsealed".to_owned(),
            "SealedSecret unsealed successfully".to_owned()
        )
    );
    let (severity, reason, message) = told(&failure());
    assert_eq!(
        (severity, reason.as_str()),
        (Severity::Warning, "ErrUnsealFailed")
    );
    assert_eq!(
        message,
        "Failed to unseal: no key could decrypt secret (password)"
    );
}

#[test]
fn nothing_new_is_not_told_again() {
    let mut object = object();
    object.status = Some(status(&object, &Ok(Applied::Written), at(5)));
    assert!(report(&object, &Ok(Applied::Unchanged)).notes.is_empty());
    assert_eq!(
        Some(status(&object, &Ok(Applied::Unchanged), at(99))),
        object.status
    );
}
