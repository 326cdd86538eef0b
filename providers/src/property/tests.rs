use proptest::prelude::*;

use super::*;

const DOCUMENT: &str = r##"{
  "name": {"first": "Ann", "last": "<Ito>"},
  "age": 37.0,
  "fav.movie": "Deer",
  "friends": [{"first": "Dale", "age": 44}, {"first": "Roger"}, {"age": 47}],
  "0": "zero",
  "@timestamp": "noon",
  "#": "hash",
  "none": null
}"##;

fn at(path: &str) -> Option<String> {
    select(DOCUMENT, path)
        .unwrap()
        // EXPOSE: test.
        .map(|value| value.expose_str().unwrap().to_owned())
}

/// E-124: nested members and names with dots.
#[test]
fn dots_walk_and_escaped_dots_name() {
    assert_eq!(at("name.first").as_deref(), Some("Ann"));
    assert_eq!(at(r"fav\.movie").as_deref(), Some("Deer"));
    assert_eq!(at("fav.movie"), None);
    assert_eq!(at("name.middle"), None);
    assert_eq!(at("name.first.x"), None);
    assert_eq!(at("@timestamp").as_deref(), Some("noon"));
}

#[test]
fn what_is_no_string_is_its_own_json() {
    assert_eq!(
        at("name").as_deref(),
        Some(r#"{"first": "Ann", "last": "<Ito>"}"#)
    );
    assert_eq!(at("age").as_deref(), Some("37.0"));
    assert_eq!(at("none").as_deref(), Some("null"));
}

#[test]
fn arrays_have_indexes_a_length_and_every() {
    assert_eq!(at("friends.1.first").as_deref(), Some("Roger"));
    assert_eq!(at("friends.9"), None);
    assert_eq!(at("friends.first"), None);
    assert_eq!(at("friends.#").as_deref(), Some("3"));
    assert_eq!(
        at("friends.#.first").as_deref(),
        Some(r#"["Dale","Roger"]"#)
    );
    assert_eq!(at("0").as_deref(), Some("zero"));
    assert_eq!(at("#").as_deref(), Some("hash"));
}

#[test]
fn wildcards_match_names() {
    assert_eq!(at("na*.fir?t").as_deref(), Some("Ann"));
    assert_eq!(at("*.movie").as_deref(), None);
    assert_eq!(at("a?e").as_deref(), Some("37.0"));
    assert_eq!(at(r"fav\.mov*").as_deref(), Some("Deer"));
}

#[test]
fn other_parts_of_the_language_are_refused() {
    for path in [
        "friends.#(age>40)#.first",
        "name|first",
        "name.@keys",
        "@this",
        "{name,age}",
        "[name]",
        "!true",
    ] {
        assert!(select(DOCUMENT, path).is_err(), "{path}");
    }
}

#[test]
fn a_plain_name_is_one_member() {
    // EXPOSE: test.
    let value = literal(DOCUMENT, "fav.movie").unwrap();
    assert_eq!(value.expose(), b"Deer");
    assert!(literal(DOCUMENT, "name.first").is_none());
    assert!(literal("not json", "name").is_none());
}

proptest! {
    #[test]
    fn no_path_panics(path in r"[a-z.#*?\\|@{}\[\]()0-9]{0,30}", document in r#"[\[\]{}",:a0 ]{0,40}"#) {
        let _ = select(DOCUMENT, &path);
        let _ = select(&document, &path);
    }
}
