//! Which commit a reference means (G-175), and what ignore rules leave of it (G-178).

use components::Repository;
use sources::{ErrorKind, GitReference};

use crate::fixtures::{Workplace, fetched, git, paths, refused, repository, request};

async fn revision(repository: &Repository, reference: GitReference) -> String {
    let mut request = request(repository.url());
    request.reference = reference;
    fetched(&Workplace::new().store, &request)
        .await
        .revision
        .to_string()
}

/// G-175: branch, tag, semver, name and commit, and which of them wins.
#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_reference_finds_its_commit() {
    let repository = repository("references/kinds");
    let first = repository.head().unwrap();
    repository.tag("v1.2.0").unwrap();
    let second = repository
        .commit(&[("app/a.yaml", "a: 2\n")], "second")
        .unwrap();
    repository
        .git(["tag", "--annotate", "--message", "release", "v1.10.0"])
        .unwrap();
    repository
        .git(["push", "--quiet", "origin", "v1.10.0"])
        .unwrap();
    repository.switch("master").unwrap();
    let third = repository
        .commit(&[("app/a.yaml", "a: 3\n")], "third")
        .unwrap();
    git(
        repository.path(),
        &["update-ref", "refs/pull/7/head", &first],
        b"",
    );

    let plain = GitReference::default();
    assert_eq!(
        revision(&repository, plain.clone()).await,
        format!("master@sha1:{third}")
    );
    let all = GitReference {
        branch: Some("main".into()),
        tag: Some("v1.2.0".into()),
        semver: Some(">=1.0.0 <2.0.0".into()),
        name: Some("refs/pull/7/head".into()),
        commit: Some(first.clone()),
        revision: None,
    };
    assert_eq!(
        revision(&repository, all.clone()).await,
        format!("main@sha1:{first}")
    );
    let named = GitReference {
        commit: None,
        ..all.clone()
    };
    assert_eq!(
        revision(&repository, named.clone()).await,
        format!("refs/pull/7/head@sha1:{first}")
    );
    let ranged = GitReference {
        name: None,
        ..named
    };
    assert_eq!(
        revision(&repository, ranged.clone()).await,
        format!("v1.10.0@sha1:{second}")
    );
    let tagged = GitReference {
        semver: None,
        ..ranged
    };
    assert_eq!(
        revision(&repository, tagged.clone()).await,
        format!("v1.2.0@sha1:{first}")
    );
    let branched = GitReference {
        tag: None,
        ..tagged
    };
    assert_eq!(
        revision(&repository, branched).await,
        format!("main@sha1:{second}")
    );
    let bare_commit = GitReference {
        commit: Some(second.clone()),
        ..plain
    };
    assert_eq!(
        revision(&repository, bare_commit).await,
        format!("sha1:{second}")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_named() {
    let repository = repository("references/missing");
    let place = Workplace::new();
    let url = repository.url();
    let cases = [
        (
            GitReference {
                branch: Some("gone".into()),
                ..GitReference::default()
            },
            "branch \"gone\"",
        ),
        (
            GitReference {
                semver: Some("9.x".into()),
                ..GitReference::default()
            },
            "tag in the semver range",
        ),
    ];
    for (reference, wanted) in cases {
        let mut request = request(url);
        request.reference = reference;
        let error = refused(&place.store, &request).await;
        assert_eq!(error.kind(), ErrorKind::GitOperationFailed);
        assert_eq!(error.to_string(), format!("{url:?} has no {wanted}"));
    }
    let mut request = request(url);
    request.reference = GitReference {
        commit: Some("a".repeat(40)),
        ..GitReference::default()
    };
    let error = refused(&place.store, &request).await;
    assert_eq!(
        error.to_string(),
        format!("{url:?} has no commit {}", "a".repeat(40))
    );
}

/// G-178: defaults, `spec.ignore` in their place, `.sourceignore` besides.
#[tokio::test(flavor = "multi_thread")]
async fn ignore_rules_shape_the_artifact() {
    let repository = repository("references/ignore");
    let files = [
        (".github/workflows/ci.yaml", "on: push\n"),
        ("logo.png", "png"),
        ("app/.sourceignore", "*.bak\n"),
        ("app/a.bak", "old"),
        ("a.bak", "old"),
    ];
    repository.commit(&files, "files to ignore").unwrap();
    let place = Workplace::new();
    let mut request = request(repository.url());
    let by_default = fetched(&place.store, &request).await;
    assert_eq!(
        paths(&by_default),
        ["README.md", "a.bak", "app/.sourceignore", "app/a.yaml"]
    );

    request.ignore = Some("*.md\n".into());
    let given = fetched(&place.store, &request).await;
    assert_eq!(
        paths(&given),
        [
            ".github/workflows/ci.yaml",
            "a.bak",
            "app/.sourceignore",
            "app/a.yaml",
            "logo.png"
        ]
    );
    assert_ne!(by_default.digest, given.digest);
}
