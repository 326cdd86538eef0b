use crate::reference::Wanted;
use crate::{ErrorKind, GitReference};

fn all() -> GitReference {
    GitReference {
        branch: Some("main".to_owned()),
        tag: Some("v1".to_owned()),
        semver: Some("^1".to_owned()),
        name: Some("refs/pull/1/head".to_owned()),
        commit: Some("A".repeat(40)),
    }
}

/// G-175: branch < tag < semver < name < commit.
#[test]
fn the_strongest_field_wins() {
    let mut reference = all();
    assert!(
        matches!(reference.wanted().unwrap(), Wanted::Commit { id, branch: Some(b) } if id == "a".repeat(40) && b == "main")
    );
    reference.commit = None;
    assert!(
        matches!(reference.wanted().unwrap(), Wanted::Name(name) if name == "refs/pull/1/head")
    );
    reference.name = None;
    assert!(matches!(reference.wanted().unwrap(), Wanted::Semver(_)));
    reference.semver = None;
    assert!(matches!(reference.wanted().unwrap(), Wanted::Tag(tag) if tag == "v1"));
    reference.tag = None;
    assert!(matches!(reference.wanted().unwrap(), Wanted::Branch(branch) if branch == "main"));
}

/// G-175: nothing set is the branch master.
#[test]
fn nothing_set_is_master() {
    assert!(
        matches!(GitReference::default().wanted().unwrap(), Wanted::Branch(branch) if branch == "master")
    );
}

#[test]
fn names_that_cannot_exist_are_refused() {
    for branch in ["a b", "--upload-pack=x", "a..b", "a\nb"] {
        let reference = GitReference {
            branch: Some(branch.to_owned()),
            ..GitReference::default()
        };
        assert_eq!(
            reference.wanted().unwrap_err().kind(),
            ErrorKind::InvalidReference
        );
    }
    let reference = GitReference {
        commit: Some("abc".to_owned()),
        ..GitReference::default()
    };
    assert_eq!(
        reference.wanted().unwrap_err().kind(),
        ErrorKind::InvalidReference
    );
}
