use super::*;

#[test]
fn urls_and_repositories_are_remote() {
    for entry in [
        "https://example.test/base.yaml",
        "HTTPS://example.test/base.yaml",
        "http://example.test/base.yaml",
        "github.com/org/repository//deploy?ref=v1",
        "GitHub.com:org/repository",
        "git@example.test:org/repository",
        "deploy@example.test/org/repository.git",
        "ssh://git@example.test/org/repository",
        "git::https://example.test/repository",
        "file:///etc",
    ] {
        assert!(is_remote(entry), "{entry}");
    }
}

#[test]
fn paths_are_local() {
    for entry in [
        "../base",
        "./a@b",
        "deployment.yaml",
        "base/github.com/x",
        "a@b.yaml",
        "key=@x",
    ] {
        assert!(!is_remote(entry), "{entry}");
    }
}

#[test]
fn what_is_shown_of_a_remote_reference_holds_no_credential() {
    assert_eq!(
        without_credentials("https://user:token@example.test/a/b?ref=x&access_token=y"),
        "https://example.test/a/b"
    );
    assert_eq!(
        without_credentials("git@example.test:org/a"),
        "example.test:org/a"
    );
    assert_eq!(
        without_credentials("https://example.test"),
        "https://example.test"
    );
}
