use jiff::Timestamp;

use super::{Condition, ConditionStatus, find_condition, remove_condition, set_condition};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn ready(status: ConditionStatus, message: &str, second: i64) -> Condition {
    Condition::new("Ready", status, "Tested", message, at(second)).at_generation(Some(1))
}

/// E-037: the time of the last transition moves when the status flips and not otherwise.
#[test]
fn transition_time_moves_only_on_a_flip() {
    let mut conditions = Vec::new();
    assert!(set_condition(
        &mut conditions,
        ready(ConditionStatus::False, "a", 10)
    ));
    assert!(set_condition(
        &mut conditions,
        ready(ConditionStatus::False, "b", 20)
    ));
    assert_eq!(conditions[0].last_transition_time.0, at(10));
    assert_eq!(conditions[0].message, "b");
    assert!(set_condition(
        &mut conditions,
        ready(ConditionStatus::True, "b", 30)
    ));
    assert_eq!(conditions[0].last_transition_time.0, at(30));
}

#[test]
fn saying_the_same_again_changes_nothing() {
    let mut conditions = vec![ready(ConditionStatus::True, "a", 10)];
    assert!(!set_condition(
        &mut conditions,
        ready(ConditionStatus::True, "a", 20)
    ));
    assert_eq!(conditions, [ready(ConditionStatus::True, "a", 10)]);
}

#[test]
fn a_new_generation_is_a_change() {
    let mut conditions = vec![ready(ConditionStatus::True, "a", 10)];
    let next = ready(ConditionStatus::True, "a", 20).at_generation(Some(2));
    assert!(set_condition(&mut conditions, next));
    assert_eq!(conditions[0].observed_generation, Some(2));
    assert_eq!(conditions[0].last_transition_time.0, at(10));
}

#[test]
fn each_type_keeps_its_place() {
    let other = Condition::new("Stalled", ConditionStatus::True, "Tested", "", at(5));
    let mut conditions = vec![ready(ConditionStatus::True, "a", 10)];
    set_condition(&mut conditions, other);
    set_condition(&mut conditions, ready(ConditionStatus::False, "b", 20));
    assert_eq!(
        conditions
            .iter()
            .map(|c| c.kind.as_str())
            .collect::<Vec<_>>(),
        ["Ready", "Stalled"]
    );
    assert!(find_condition(&conditions, "Stalled").is_some());
    assert!(remove_condition(&mut conditions, "Stalled"));
    assert!(!remove_condition(&mut conditions, "Stalled"));
}

#[test]
fn times_are_whole_seconds() {
    let now: Timestamp = "2026-01-02T03:04:05.678Z".parse().unwrap();
    let condition = Condition::new("Ready", ConditionStatus::True, "Tested", "", now);
    let json = serde_json::to_value(&condition).unwrap();
    assert_eq!(json["lastTransitionTime"], "2026-01-02T03:04:05Z");
    assert_eq!(
        serde_json::from_value::<Condition>(json).unwrap(),
        condition
    );
}
