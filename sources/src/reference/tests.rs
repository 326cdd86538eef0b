use crate::reference::Wanted;
use crate::{ErrorKind, GitReference};

fn all() -> GitReference {
    GitReference {
        branch: Some("main".to_owned()),
        tag: Some("v1".to_owned()),
        semver: Some("^1".to_owned()),
        name: Some("refs/pull/1/head".to_owned()),
        commit: Some("A".repeat(40)),
        revision: Some("develop".to_owned()),
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

fn word(text: &str) -> Result<Wanted, crate::SourceError> {
    let reference = GitReference {
        revision: Some(text.to_owned()),
        ..GitReference::default()
    };
    reference.wanted()
}

/// G-011: one word may be a branch, a tag, a full name, a commit or a range.
#[test]
fn a_revision_in_one_word_is_told_apart() {
    for text in ["", "HEAD", "  "] {
        assert!(matches!(word(text).unwrap(), Wanted::DefaultBranch));
    }
    assert!(matches!(
        word(&"a".repeat(40)).unwrap(),
        Wanted::Commit { .. }
    ));
    assert!(matches!(word("refs/pull/1/head").unwrap(), Wanted::Name(_)));
    assert!(matches!(
        word("feature/x").unwrap(),
        Wanted::Word { range: None, .. }
    ));
    assert!(matches!(
        word("1.2.*").unwrap(),
        Wanted::Word { range: Some(_), .. }
    ));
    assert!(word("--upload-pack=x").is_err());
    assert!(word("a..b").is_err());
}
