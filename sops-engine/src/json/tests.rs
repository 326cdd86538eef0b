use super::*;

fn rewritten(text: &str) -> String {
    let entries = read(text.as_bytes()).expect("reads");
    write(&entries, JsonIndent::Tab).expect("writes")
}

/// S-001, S-002, S-006, S-116
#[test]
fn order_duplicates_and_empty_containers_stay() {
    assert_eq!(
        rewritten(r#"{"b":1,"a":{},"b":[],"c":[1,{"x":null}]} trailing"#),
        "{\n\t\"b\": 1,\n\t\"a\": {},\n\t\"b\": [],\n\t\"c\": [\n\t\t1,\n\t\t{\n\t\t\t\"x\": null\n\t\t}\n\t]\n}"
    );
}

/// S-115, S-118
#[test]
fn numbers_are_integers_or_floats() {
    assert_eq!(
        rewritten(r#"{"a":1.0,"b":1e3,"c":9223372036854775808,"d":1e-7,"e":1e21}"#),
        "{\n\t\"a\": 1,\n\t\"b\": 1000,\n\t\"c\": 9223372036854776000,\n\t\"d\": 1e-7,\n\t\"e\": 1e+21\n}"
    );
    assert!(read(b"{\"a\":1e400}").is_err());
}

/// S-114
#[test]
fn only_an_object_may_stand_at_the_top() {
    let error = read(b"[1]").expect_err("a list");
    assert!(
        error
            .reason
            .starts_with("SOPS only supports JSON files with a top-level object")
    );
}

/// S-117
#[test]
fn strings_are_escaped_for_html_too() {
    assert_eq!(
        rewritten(r#"{"a":"<&>\u2028/é\u0001\t"}"#),
        "{\n\t\"a\": \"\\u003c\\u0026\\u003e\\u2028/é\\u0001\\t\"\n}"
    );
}
