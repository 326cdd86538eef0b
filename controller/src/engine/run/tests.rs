use manifests::GroupKind;
use pipeline::plan::Failure;

use super::*;

fn failed(name: &str, is_passing: bool) -> Failure {
    Failure {
        object: ObjectId::new(GroupKind::new("", "ConfigMap"), Some("apps"), name),
        act: "apply",
        message: "no".to_owned(),
        is_passing,
    }
}

/// What the API server's absence broke off is tried again soon, unless something was refused as well.
#[test]
fn failure_passes_when_nothing_was_refused() {
    assert!(failure(&[], "ReconciliationFailed").is_none());
    let passing = failure(
        &[failed("a", true), failed("b", true)],
        "ReconciliationFailed",
    );
    assert!(passing.unwrap().is_passing());
    let error = failure(
        &[failed("a", true), failed("b", false)],
        "ReconciliationFailed",
    )
    .unwrap();
    assert!(!error.is_passing());
    assert_eq!(error.reason(), "ReconciliationFailed");
    assert_eq!(error.to_string().lines().count(), 2);
}

#[test]
fn what_is_too_much_for_a_condition_is_counted() {
    assert_eq!(several(&["a", "b"]), "a; b");
    let many: Vec<usize> = (0..12).collect();
    assert_eq!(several(&many), "0; 1; 2; 3; 4; 5; 6; 7; 8; 9; and 2 more");
}
