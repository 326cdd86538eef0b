use proptest::prelude::*;

use super::{read, read_items};

fn names(text: &str) -> Vec<String> {
    let objects = read_items(text.as_bytes()).unwrap();
    objects
        .iter()
        .map(|object| object["k"].to_string())
        .collect()
}

/// K-117
#[test]
fn yaml_and_json_may_follow_each_other() {
    assert_eq!(names("k: 1\n---\n# nothing\n---\nk: 2\n"), ["1", "2"]);
    assert_eq!(names("{\"k\": 1}{\"k\": 2}\n{\"k\": 3}\n"), ["1", "2", "3"]);
    assert_eq!(names("{\"k\": 1}\n---\nk: 2\n"), ["1", "2"]);
    assert_eq!(names("{k: 1}\n"), ["1"]);
    assert!(names("").is_empty());
}

#[test]
fn lists_are_replaced_by_their_items() {
    assert_eq!(
        names("kind: List\nitems: [{k: 1}, {kind: SecretList, items: [{k: 2}]}]"),
        ["1", "2"]
    );
    assert_eq!(read(b"kind: List\nitems: []").unwrap().len(), 1);
}

/// K-118
#[test]
fn what_is_no_object_is_an_error() {
    for text in [
        "a",
        "[]",
        "k: 1\n---\n5",
        "{\"k\": 1} x",
        "a: [",
        "k: 1\nk: 2",
    ] {
        assert!(read(text.as_bytes()).is_err(), "{text:?}");
    }
    assert!(read(&[0xff, 0xfe, 0x00]).is_err());
    assert!(read(&[0x80]).is_err());
}

proptest! {
    #[test]
    fn foreign_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        drop(read(&bytes));
    }
}
