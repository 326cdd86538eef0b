use serde_json::json;

use super::document;
use super::order::precedes;
use super::scalar_meaning::reads_as_text;

/// K-115: as upstream writes it.
#[test]
fn mappings_are_sorted_and_sequences_not_indented() {
    let object =
        json!({ "b": { "y2": 1, "y10": true }, "a": ["x", { "k": "v", "l": [] }], "c": {} });
    let expected = "a:\n- x\n- k: v\n  l: []\nb:\n  y2: 1\n  y10: true\nc: {}\n";
    assert_eq!(document(&object), expected);
}

#[test]
fn text_with_line_breaks_is_a_block() {
    let object = json!({ "a": "x\ny\n", "b": "x\ny", "c": "x\n\n", "d": " x\ny" });
    let expected = "a: |\n  x\n  y\nb: |-\n  x\n  y\nc: |+\n  x\n\nd: |2-\n   x\n  y\n";
    assert_eq!(document(&object), expected);
}

#[test]
fn text_that_means_something_else_is_quoted() {
    for text in [
        "yes",
        "No",
        "~",
        "1_000",
        "0x1F",
        "1:20",
        "2024-01-01",
        "1e3",
        ".inf",
        ".5",
    ] {
        assert!(!reads_as_text(text), "{text:?}");
    }
    for text in [
        "yEs",
        "1e400",
        "2024-13-01",
        "2024-02-30",
        "v1.2",
        "1.2.3",
        "-a",
        "0b12",
        "<<",
    ] {
        assert!(reads_as_text(text), "{text:?}");
    }
}

#[test]
fn long_text_is_folded_at_spaces() {
    let text = "word ".repeat(20) + "end";
    let written = document(&json!({ "a": text }));
    let lines: Vec<_> = written.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[1].starts_with("  word") && lines[1].ends_with("end"));
}

#[test]
fn numbers_in_keys_are_ordered_by_value() {
    for (left, right) in [
        ("a2", "a10"),
        ("a2", "a02"),
        ("tls.crt", "tls.key"),
        ("B", "a"),
        ("a", "a1"),
    ] {
        assert!(
            precedes(left, right) && !precedes(right, left),
            "{left} {right}"
        );
    }
}
