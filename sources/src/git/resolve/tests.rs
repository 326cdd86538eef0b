use gix_hash::ObjectId;
use gix_protocol::handshake::Ref;

use crate::git::resolve::{Resolved, choose, prefixes};
use crate::{GitReference, SourceError};

fn id(digit: char) -> ObjectId {
    ObjectId::from_hex(digit.to_string().repeat(40).as_bytes()).unwrap()
}

fn listed() -> Vec<Ref> {
    let direct = |name: &str, digit| Ref::Direct {
        full_ref_name: name.into(),
        object: id(digit),
    };
    vec![
        Ref::Symbolic {
            full_ref_name: "HEAD".into(),
            target: "refs/heads/main".into(),
            tag: None,
            object: id('1'),
        },
        direct("refs/heads/main", '1'),
        direct("refs/heads/master", '2'),
        direct("refs/pull/1/head", '3'),
        Ref::Peeled {
            full_ref_name: "refs/tags/v1.2.0".into(),
            tag: id('f'),
            object: id('4'),
        },
        direct("refs/tags/v1.10.0", '5'),
        direct("refs/tags/v2.0.0-rc.1", '6'),
        direct("refs/tags/nightly", '7'),
    ]
}

fn chosen(reference: &GitReference) -> Result<Resolved, SourceError> {
    choose("https://h/r", &reference.wanted().unwrap(), &listed())
}

fn revision(reference: &GitReference) -> String {
    chosen(reference).unwrap().revision.to_string()
}

/// G-174, G-175: what a revision is called, by the field that chose it.
#[test]
fn revisions_are_named_by_the_field_that_chose_them() {
    let full = |digit: char| format!("sha1:{}", digit.to_string().repeat(40));
    let plain = GitReference::default();
    assert_eq!(revision(&plain), format!("master@{}", full('2')));
    assert_eq!(
        revision(&GitReference {
            branch: Some("main".into()),
            ..plain.clone()
        }),
        format!("main@{}", full('1'))
    );
    assert_eq!(
        revision(&GitReference {
            tag: Some("v1.2.0".into()),
            ..plain.clone()
        }),
        format!("v1.2.0@{}", full('4'))
    );
    assert_eq!(
        revision(&GitReference {
            semver: Some(">=1".into()),
            ..plain.clone()
        }),
        format!("v1.10.0@{}", full('5'))
    );
    assert_eq!(
        revision(&GitReference {
            name: Some("refs/pull/1/head".into()),
            ..plain.clone()
        }),
        format!("refs/pull/1/head@{}", full('3'))
    );
    assert_eq!(
        revision(&GitReference {
            commit: Some("9".repeat(40)),
            ..plain.clone()
        }),
        full('9')
    );
    let on_branch = GitReference {
        commit: Some("9".repeat(40)),
        branch: Some("main".into()),
        ..plain
    };
    assert_eq!(revision(&on_branch), format!("main@{}", full('9')));
}

#[test]
fn what_is_not_there_is_named() {
    let plain = GitReference::default();
    let text = |reference: GitReference| chosen(&reference).unwrap_err().to_string();
    assert_eq!(
        text(GitReference {
            branch: Some("gone".into()),
            ..plain.clone()
        }),
        "\"https://h/r\" has no branch \"gone\""
    );
    assert_eq!(
        text(GitReference {
            tag: Some("gone".into()),
            ..plain.clone()
        }),
        "\"https://h/r\" has no tag \"gone\""
    );
    assert_eq!(
        text(GitReference {
            semver: Some(">=9".into()),
            ..plain
        }),
        "\"https://h/r\" has no tag in the semver range"
    );
}

#[test]
fn a_server_is_asked_for_no_more_than_needed() {
    let branch = GitReference {
        branch: Some("main".into()),
        ..GitReference::default()
    };
    assert_eq!(prefixes(&branch.wanted().unwrap()), ["refs/heads/main"]);
}

fn word(text: &str) -> GitReference {
    GitReference {
        revision: Some(text.into()),
        ..GitReference::default()
    }
}

/// G-011, G-012: branch before tag before range before the beginning of an id.
#[test]
fn a_revision_in_one_word_finds_its_commit() {
    for (text, digit) in [
        ("", '1'),
        ("HEAD", '1'),
        ("master", '2'),
        ("nightly", '7'),
        ("v1.2.0", '4'),
        ("refs/pull/1/head", '3'),
        ("1.*", '5'),
        (">=2.0.0-0", '6'),
        ("55555555", '5'),
    ] {
        let commit = chosen(&word(text)).unwrap().commit;
        assert_eq!(commit, id(digit), "{text}");
    }
    assert!(chosen(&word("absent")).is_err());
    assert!(chosen(&word("^3")).is_err());
    assert_eq!(
        prefixes(&word("develop").wanted().unwrap()),
        ["refs/heads/develop", "refs/tags/develop"]
    );
}
