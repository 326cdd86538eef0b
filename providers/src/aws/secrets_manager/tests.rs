use super::*;

/// E-125: stage, id and the current version.
#[test]
fn version_is_a_stage_unless_it_is_an_id() {
    assert_eq!(version(None), Version::Stage("AWSCURRENT"));
    assert_eq!(version(Some("AWSPREVIOUS")), Version::Stage("AWSPREVIOUS"));
    assert_eq!(version(Some("uuid/1-2")), Version::Id("1-2"));
}

/// E-126: what waits for its deletion is gone.
#[test]
fn both_texts_for_deletion_are_known() {
    assert!(says_deleted(
        "You can't perform this operation on the secret because it was marked for deletion."
    ));
    assert!(says_deleted("The secret was marked deleted"));
    assert!(!says_deleted("You provided an invalid value"));
}
