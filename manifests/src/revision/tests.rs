use proptest::prelude::*;

use super::Revision;

const COMMIT: &str = "3ac1f2e9a1b2c3d4e5f60718293a4b5c6d7e8f90";

#[test]
fn commit_has_its_algorithm_and_its_branch() {
    let revision = Revision::of_commit(Some("main"), COMMIT).unwrap();
    assert_eq!(revision.to_string(), format!("main@sha1:{COMMIT}"));
    assert_eq!(revision.name(), Some("main"));
    assert_eq!(revision.hex(), COMMIT);
    let long = "a".repeat(64);
    let revision = Revision::of_commit(None, &long).unwrap();
    assert_eq!(revision.to_string(), format!("sha256:{long}"));
    assert_eq!(revision.name(), None);
}

#[test]
fn names_may_hold_slashes_and_at_signs() {
    let text = format!("refs/heads/feature@2@sha1:{COMMIT}");
    let revision: Revision = text.parse().unwrap();
    assert_eq!(revision.name(), Some("refs/heads/feature@2"));
    assert_eq!(revision.to_string(), text);
}

#[test]
fn what_is_no_revision_is_refused() {
    for text in [
        "",
        "main",
        "main@",
        "@sha1:abc",
        "main@md5:abc",
        "main@sha1:xyz",
        "sha1:",
    ] {
        assert!(text.parse::<Revision>().is_err(), "{text:?}");
    }
    assert!(Revision::of_commit(Some("main"), "abc").is_err());
}

proptest! {
    #[test]
    fn revision_round_trips(name in "[a-z/.@-]{0,12}", id in "(sha1|sha256):[0-9a-f]{1,64}") {
        let text = if name.is_empty() { id } else { format!("{name}@{id}") };
        prop_assert_eq!(text.parse::<Revision>().unwrap().to_string(), text);
    }
}
