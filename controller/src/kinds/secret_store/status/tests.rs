use std::time::Duration;

use api::external_secrets::SecretStore;
use serde_json::json;

use super::*;
use crate::error::Category;

fn store() -> SecretStore {
    serde_json::from_value(json!({
        "apiVersion": "external-secrets.io/v1", "kind": "SecretStore",
        "metadata": {"name": "vault", "namespace": "prod"}, "spec": {"provider": {}},
    }))
    .unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn here(validation: Validation) -> Checked {
    Checked::Here {
        validation,
        capabilities: Capabilities::ReadWrite,
        again: Duration::from_mins(5),
    }
}

fn said(outcome: &Result<Checked, Error>) -> (ConditionStatus, String, String) {
    let status = status(&store(), outcome, at(5));
    let ready = find_condition(&status.conditions, READY).unwrap().clone();
    (
        ready.status,
        ready.reason.unwrap_or_default(),
        ready.message.unwrap_or_default(),
    )
}

/// E-112; E-120: a store whose credentials are its consumer's is valid.
#[test]
fn store_that_answers_is_valid() {
    for validation in [Validation::Ready, Validation::Unknown] {
        let outcome = Ok(here(validation));
        assert_eq!(
            said(&outcome),
            (
                ConditionStatus::True,
                "Valid".to_owned(),
                "store validated".to_owned()
            )
        );
        assert_eq!(
            status(&store(), &outcome, at(5)).capabilities,
            Some(SecretStoreCapabilities::ReadWrite)
        );
    }
}

/// E-113, E-114: the condition has the fixed text, the event the cause.
#[test]
fn condition_is_generic_and_the_event_tells_the_cause() {
    let outcome = Err(Error::new(
        Category::NotFound,
        INVALID_PROVIDER_CONFIG,
        "unable to create client",
    )
    .because("cannot find secret data for key: \"token\""));
    assert_eq!(
        said(&outcome),
        (
            ConditionStatus::False,
            "InvalidProviderConfig".to_owned(),
            "unable to create client".to_owned()
        )
    );
    let report = report(&store(), &outcome);
    let note = report.notes.first().unwrap();
    assert_eq!(note.severity, Severity::Warning);
    assert_eq!(note.message, "cannot find secret data for key: \"token\"");
}

/// E-114.
#[test]
fn store_of_which_nothing_is_known_is_ready_and_warns() {
    let outcome = Ok(here(Validation::Undetermined(
        "unable to validate".to_owned(),
    )));
    assert_eq!(
        said(&outcome),
        (
            ConditionStatus::True,
            "ValidationUnknown".to_owned(),
            "could not determine validation status".to_owned()
        )
    );
    let notes = report(&store(), &outcome).notes;
    assert_eq!(notes.first().unwrap().reason, "ValidationUnknown");
}

/// E-123.
#[test]
fn valid_is_told_when_it_was_not_so_before() {
    let mut object = store();
    let outcome = Ok(here(Validation::Ready));
    assert_eq!(report(&object, &outcome).notes.len(), 1);
    object.status = Some(status(&object, &outcome, at(5)));
    assert!(report(&object, &outcome).notes.is_empty());
    assert_eq!(Some(status(&object, &outcome, at(900))), object.status);
}

/// E-115.
#[test]
fn store_of_another_class_is_left_alone() {
    let outcome = Ok(Checked::Foreign);
    assert_eq!(
        status(&store(), &outcome, at(5)),
        SecretStoreStatus::default()
    );
    assert!(report(&store(), &outcome).notes.is_empty());
}
