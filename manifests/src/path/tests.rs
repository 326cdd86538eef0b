use proptest::prelude::*;

use super::{ArtifactPath, ParsePath};

fn path(text: &str) -> ArtifactPath {
    text.parse().unwrap()
}

#[test]
fn paths_are_normalised() {
    for (text, expected) in [
        ("./a/b", "a/b"),
        ("a//b/", "a/b"),
        ("a/./b", "a/b"),
        ("a/x/../b", "a/b"),
        ("", ""),
        (".", ""),
        ("./", ""),
    ] {
        assert_eq!(path(text).as_str(), expected, "{text:?}");
    }
    assert_eq!(path("").to_string(), ".");
}

/// I6
#[test]
fn paths_out_of_the_artifact_are_refused() {
    let refused = |text: &str| text.parse::<ArtifactPath>().unwrap_err();
    assert!(matches!(refused("../a"), ParsePath::Escape { .. }));
    assert!(matches!(refused("a/../../b"), ParsePath::Escape { .. }));
    assert!(matches!(refused("/etc/passwd"), ParsePath::Absolute { .. }));
    assert!(matches!(refused("a\\..\\b"), ParsePath::Character { .. }));
    assert!(matches!(refused("a\0b"), ParsePath::Character { .. }));
    assert!(path("a").join("../../b").is_err());
    assert_eq!(path("a/b").join("../c").unwrap(), path("a/c"));
}

#[test]
fn parts_of_a_path() {
    let file = path("a/b.sops.yaml");
    assert_eq!(file.parent(), path("a"));
    assert_eq!(file.file_name(), "b.sops.yaml");
    assert_eq!(file.extension(), Some("yaml"));
    assert_eq!(path("a").parent(), ArtifactPath::ROOT);
    assert_eq!(ArtifactPath::ROOT.parent(), ArtifactPath::ROOT);
    assert_eq!(path("Makefile").extension(), None);
}

#[test]
fn within_means_whole_parts() {
    assert!(path("a/b").is_within(&path("a")));
    assert!(path("a").is_within(&path("a")));
    assert!(path("a").is_within(&ArtifactPath::ROOT));
    assert!(!path("ab").is_within(&path("a")));
    assert_eq!(path("a/b/c").below(&path("a")), Some("b/c"));
    assert_eq!(path("ab").below(&path("a")), None);
    assert_eq!(path("a").below(&path("a")), Some(""));
}

proptest! {
    /// I6: whatever is joined, the result stays inside and is in normal form.
    #[test]
    fn join_never_escapes(
        base in "[a-c]{1,2}(/[a-c]{1,2}){0,3}",
        relative in r"(\.\.|\.|[a-c]{1,3}|/|//|\\){0,8}",
        parts in proptest::collection::vec(prop_oneof!["\\.\\.", "\\.", "[a-c.]{1,3}", ""], 0..8),
    ) {
        for relative in [relative, parts.join("/")] {
            if let Ok(joined) = path(&base).join(&relative) {
                prop_assert!(!joined.as_str().starts_with('/'));
                for part in joined.as_str().split('/').filter(|_| !joined.is_root()) {
                    prop_assert!(!part.is_empty() && part != "." && part != "..", "{joined}");
                }
                prop_assert_eq!(joined.as_str().parse::<ArtifactPath>().unwrap(), joined);
            }
        }
    }
}
