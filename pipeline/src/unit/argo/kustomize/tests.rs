use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Option<(String, String, String, String)> {
    let (image, _) = image(text)?;
    Some((image.name, image.new_name, image.new_tag, image.digest))
}

fn parts(name: &str, new_name: &str, tag: &str, digest: &str) -> (String, String, String, String) {
    (name.into(), new_name.into(), tag.into(), digest.into())
}

/// G-023
#[test]
fn image_overrides_have_four_forms() {
    for (text, expected) in [
        ("web:v2", parts("web", "", "v2", "")),
        (
            "ghcr.io/myorg/api:v2.1.0",
            parts("ghcr.io/myorg/api", "", "v2.1.0", ""),
        ),
        ("host:5000/web", parts("", "", "", "")),
        ("host:5000/web:v2", parts("host:5000/web", "", "v2", "")),
        ("web@sha256:ab", parts("web", "", "", "sha256:ab")),
        ("web:v2@sha256:ab", parts("web", "", "v2", "sha256:ab")),
        ("web=ghcr.io/a/web", parts("web", "ghcr.io/a/web", "", "")),
        (
            "web=ghcr.io/a/web:v2",
            parts("web", "ghcr.io/a/web", "v2", ""),
        ),
        ("web=web:v2", parts("web", "", "v2", "")),
        ("web=*:v2", parts("web", "", "v2", "")),
        (" web:v2 ", parts("web", "", "v2", "")),
    ] {
        let expected = Some(expected).filter(|parts| !parts.0.is_empty());
        assert_eq!(read(text), expected, "{text}");
    }
    for text in ["", "web", "=web:v2", ":v2", "web=", "web=*"] {
        assert_eq!(read(text), None, "{text}");
    }
}

/// G-023, D-02: what can only be a version is a tag, and it is said so.
#[test]
fn version_in_the_place_of_a_name_is_a_tag() {
    for version in ["v2.1.0", "2", "1.25", "v1.0-rc1", "1.0_debian"] {
        let text = format!("ghcr.io/myorg/api={version}");
        let (image, read_as_tag) = image(&text).unwrap();
        assert!(read_as_tag, "{text}");
        assert_eq!(
            (image.new_name.as_str(), image.new_tag.as_str()),
            ("", version)
        );
        assert_eq!(image.name, "ghcr.io/myorg/api");
    }
    for name in [
        "v2.1.0/x",
        "v2:1",
        "valkey",
        "v",
        "1.",
        "latest",
        "2x",
        "v2.1.0-a@sha256:b",
    ] {
        let read = image(&format!("api={name}"));
        assert!(!read.is_some_and(|(_, read_as_tag)| read_as_tag), "{name}");
    }
}

#[test]
fn broken_image_override_is_a_comparison_error() {
    let asked = Kustomize {
        images: vec!["web".to_owned()],
        ..Kustomize::default()
    };
    let error = options(Some(&asked)).unwrap_err();
    assert_eq!(error.condition, "ComparisonError");
    assert!(error.message.contains("\"web\""), "{error}");
}

/// G-025
#[test]
fn labels_reach_selectors_unless_they_must_not() {
    let mut asked = Kustomize {
        name_prefix: Some("prod-".to_owned()),
        common_labels: BTreeMap::from([("environment".to_owned(), "production".to_owned())]),
        ..Kustomize::default()
    };
    let (built, _) = options(Some(&asked)).unwrap();
    assert_eq!(built.name_prefix.as_deref(), Some("prod-"));
    assert_eq!(built.selector_labels, asked.common_labels);
    assert!(built.common_labels.is_empty());
    asked.label_without_selector = Some(true);
    let (built, _) = options(Some(&asked)).unwrap();
    assert_eq!(built.common_labels, asked.common_labels);
    assert!(built.selector_labels.is_empty());
}

proptest! {
    #[test]
    fn reading_an_image_never_panics(text in "[a-z0-9:/@=*.v-]{0,24}|.{0,12}") {
        let _ = image(&text);
    }
}
