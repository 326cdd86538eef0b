use proptest::prelude::*;

use super::*;

fn text(secret: &SecretBytes) -> String {
    // EXPOSE: test.
    secret.expose_str().unwrap().to_owned()
}

fn converted(json: &str) -> String {
    text(&bytes(json, Html::Escaped).unwrap())
}

/// E-143: integers above 2^53 survive.
#[test]
fn numbers_keep_their_digits() {
    assert_eq!(converted("9007199254740993"), "9007199254740993");
    assert_eq!(
        converted("123456789012345678901234567890"),
        "123456789012345678901234567890"
    );
    assert_eq!(converted("1.50"), "1.5");
    assert_eq!(converted("1.0"), "1");
    assert_eq!(converted("0"), "0");
    assert_eq!(converted("-0.10"), "-0.1");
    assert_eq!(converted("1e3"), "1000");
    assert_eq!(converted("1.25e1"), "12.5");
    assert_eq!(converted("125e-3"), "0.125");
    assert_eq!(converted("1e-9"), "0.000000001");
    assert_eq!(converted("1e999999999"), "1e999999999");
}

#[test]
fn each_json_kind_has_its_bytes() {
    assert_eq!(converted(r#""a\nb \u00e9""#), "a\nb é");
    assert_eq!(converted("true"), "true");
    assert_eq!(converted("null"), "");
    assert_eq!(
        converted(r#"[ 1, {"b": 2, "a": "<"} ]"#),
        r#"[1,{"a":"\u003c","b":2}]"#
    );
}

#[test]
fn html_is_escaped_only_where_the_provider_does() {
    let document = r#"{ "b": "<&>", "a": 1 }"#;
    assert_eq!(
        text(&compact(document, Html::Plain).unwrap()),
        r#"{"a":1,"b":"<&>"}"#
    );
    assert_eq!(
        text(&compact(document, Html::Escaped).unwrap()),
        r#"{"a":1,"b":"\u003c\u0026\u003e"}"#
    );
}

#[test]
fn other_members_keep_their_own_text() {
    let document = r#"{"a": "x", "b": [1,  2], "c": 1.0}"#;
    let members = members(document).unwrap();
    let texts: Vec<String> = members
        .values()
        .map(|member| text(&text_or_json(member.get())))
        .collect();
    assert_eq!(texts, ["x", "[1,  2]", "1.0"]);
}

#[test]
fn bytes_that_are_no_text_become_replacement_characters() {
    let members: [(&str, &[u8]); 2] = [("b", b"\xff"), ("a", b"1\"")];
    assert_eq!(
        text(&object_of_strings(members, Html::Plain)),
        r#"{"a":"1\"","b":"\ufffd"}"#
    );
}

#[test]
fn deep_documents_are_refused() {
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    assert!(matches!(
        compact(&deep, Html::Plain),
        Err(NotJson::Depth | NotJson::Document)
    ));
    assert_eq!(members("[1]").unwrap_err(), NotJson::Object);
}

proptest! {
    #[test]
    fn compact_documents_mean_the_same(value in "[ -~é\u{2028}\n\u{1}]{0,40}") {
        let document = serde_json::json!({ "k": [value, 1, null] }).to_string();
        let compacted = text(&compact(&document, Html::Escaped).unwrap());
        let before: serde_json::Value = serde_json::from_str(&document).unwrap();
        let after: serde_json::Value = serde_json::from_str(&compacted).unwrap();
        prop_assert_eq!(before, after);
    }

    #[test]
    fn any_bytes_are_refused_or_converted(document in ".{0,60}") {
        let _ = compact(&document, Html::Plain);
        let _ = bytes(&document, Html::Plain);
    }
}
