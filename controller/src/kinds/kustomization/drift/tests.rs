use std::collections::BTreeMap;

use super::*;

fn event(change: Change, generation: Option<i64>) -> ChangedObject {
    ChangedObject {
        id: ObjectId::new(GroupKind::new("apps", "Deployment"), Some("prod"), "web"),
        change,
        labels: BTreeMap::from([
            (flux::OWNER_NAME.to_owned(), "apps".to_owned()),
            (flux::OWNER_NAMESPACE.to_owned(), "flux-system".to_owned()),
        ]),
        generation,
        resource_version: "1".to_owned(),
    }
}

/// G-206: what wakes and what does not.
#[test]
fn status_updates_are_no_drift_and_spec_changes_are() {
    let mut generations = HashMap::new();
    assert!(!is_significant(
        &mut generations,
        &event(Change::Seen, Some(1))
    ));
    assert!(!is_significant(
        &mut generations,
        &event(Change::Written, Some(1))
    ));
    assert!(is_significant(
        &mut generations,
        &event(Change::Written, Some(2))
    ));
    assert!(is_significant(
        &mut generations,
        &event(Change::Deleted, Some(2))
    ));
}

#[test]
fn kinds_without_generation_count_every_write() {
    assert!(is_significant(
        &mut HashMap::new(),
        &event(Change::Written, None)
    ));
}

#[test]
fn owner_is_read_from_the_labels() {
    let owner = owner(&event(Change::Written, None));
    assert_eq!(owner, Some(("flux-system".to_owned(), "apps".to_owned())));
}
