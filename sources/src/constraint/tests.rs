use crate::constraint::{Range, version_of_tag};

fn matches(range: &str, version: &str) -> bool {
    range
        .parse::<Range>()
        .unwrap()
        .matches(&version_of_tag(version).unwrap())
}

/// G-175: the ranges people write in `ref.semver`.
#[test]
fn ranges_match_as_the_field_says() {
    let inside = [
        ("*", "0.0.1"),
        (">=1.0.0", "v1.0.0"),
        (">=1.0.0 <2.0.0", "1.9.9"),
        (">= 1.0.0, < 2.0.0", "1.9.9"),
        ("1.x", "1.7.0"),
        ("1.2", "1.2.9"),
        ("1.2.3", "v1.2.3"),
        ("~1.2.3", "1.2.8"),
        ("~1", "1.9.0"),
        ("^1.2", "1.9.0"),
        ("^0.2.3", "0.2.9"),
        ("1.2 - 1.4.5", "1.4.5"),
        ("<1.0.0 || >=3", "3.1.0"),
        ("!=1.5.0", "1.5.1"),
        (">1", "2.0.0"),
        ("<=1.2", "1.2.9"),
        (">=1.0.0-0", "1.1.0-rc.1"),
        ("1.0.0-rc.1", "1.0.0-rc.1"),
    ];
    for (range, version) in inside {
        assert!(matches(range, version), "{version} is in {range}");
    }
    let outside = [
        (">=1.0.0", "1.1.0-rc.1"),
        ("1.2.3", "1.2.4"),
        ("1.x", "2.0.0"),
        ("~1.2.3", "1.3.0"),
        ("^0.2.3", "0.3.0"),
        ("^0.0.3", "0.0.4"),
        (">1", "1.9.0"),
        ("<=1.2", "1.3.0"),
        ("!=1.5.0", "1.5.0"),
        ("1.0.0-rc.1", "1.0.0-rc.2"),
    ];
    for (range, version) in outside {
        assert!(!matches(range, version), "{version} is not in {range}");
    }
}

#[test]
fn nonsense_is_refused() {
    for range in ["", "abc", ">>1", "1.2.3.4", ">=", "1 ||"] {
        assert!(range.parse::<Range>().is_err(), "{range:?}");
    }
}

#[test]
fn a_tag_is_a_version_only_in_full() {
    assert!(version_of_tag("v1.2.3").is_some());
    assert!(version_of_tag("1.2").is_none());
    assert!(version_of_tag("release-1.2.3").is_none());
}
