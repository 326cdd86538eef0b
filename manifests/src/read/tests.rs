use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{
    Dialect, Limits, Problem, ReadManifests, read_json, read_values, read_yaml, read_yaml_as,
};
use crate::{ArtifactPath, Manifest};

fn value_of(scalar: &str, dialect: Dialect) -> Result<Value, Problem> {
    let text = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: x}}\nv: {scalar}\n");
    let read = read_yaml_as(dialect, text.as_bytes(), None, &Limits::default())
        .map_err(|error| error.problem)?;
    Ok(read[0].object()["v"].clone())
}

fn yaml(text: &str) -> Result<Vec<Manifest>, ReadManifests> {
    read_yaml(text.as_bytes(), None, &Limits::default())
}

fn problem(text: &str) -> Problem {
    yaml(text).unwrap_err().problem
}

/// What both `kubectl`'s reader (sigs.k8s.io/yaml 1.6.0) and kustomize's (kyaml 0.21.1) answered.
#[test]
fn scalars_that_both_tools_read_alike() {
    let table = [
        ("true", json!(true)),
        ("True", json!(true)),
        ("FALSE", json!(false)),
        ("tRUE", json!("tRUE")),
        ("", json!(null)),
        ("~", json!(null)),
        ("Null", json!(null)),
        ("nULL", json!("nULL")),
        ("0777", json!(511)),
        ("-0777", json!(-511)),
        ("0o14", json!(12)),
        ("0O14", json!(12)),
        ("-0o14", json!(-12)),
        ("0x1F", json!(31)),
        ("-0x1F", json!(-31)),
        ("0b101", json!(5)),
        ("-0b101", json!(-5)),
        ("0b102", json!("0b102")),
        ("0o8", json!("0o8")),
        ("0x", json!("0x")),
        ("08", json!(8)),
        ("007", json!(7)),
        ("1_000", json!(1000)),
        ("1_", json!(1)),
        ("_1", json!("_1")),
        ("1_000.5", json!(1000.5)),
        ("1e3", json!(1000)),
        ("1E+3", json!(1000)),
        ("1.50", json!(1.5)),
        (".5", json!(0.5)),
        ("5.", json!(5)),
        ("-.5", json!(-0.5)),
        ("+1", json!(1)),
        ("-0", json!(0)),
        ("0.0", json!(0)),
        ("1e400", json!("1e400")),
        ("9223372036854775808", json!(9_223_372_036_854_775_808_u64)),
        ("18446744073709551616", json!(18_446_744_073_709_552_000.0)),
        ("-9223372036854775808", json!(i64::MIN)),
        ("0xFFFFFFFFFFFFFFFF", json!(u64::MAX)),
        ("12:30", json!("12:30")),
        ("190:20:30", json!("190:20:30")),
        ("=", json!("=")),
        ("<<", json!("<<")),
        ("!!str 5", json!("5")),
        ("!!int \"5\"", json!(5)),
        ("!!float 5", json!(5)),
        ("!!binary aGVsbG8=", json!("hello")),
        ("!!null \"\"", json!(null)),
        ("!custom 5", json!("5")),
        ("\"yes\"", json!("yes")),
        ("'0777'", json!("0777")),
        ("2020-02-30", json!("2020-02-30")),
        ("2020-01-01T10:20Z", json!("2020-01-01T10:20Z")),
        ("20200101", json!(20_200_101)),
        ("1e-7", json!(1e-7)),
    ];
    for (scalar, expected) in table {
        for dialect in [Dialect::Kubectl, Dialect::Kustomize] {
            assert_eq!(
                value_of(scalar, dialect).unwrap(),
                expected,
                "{scalar:?} {dialect:?}"
            );
        }
    }
}

/// Where the two tools disagree, each was asked.
#[test]
fn scalars_that_the_tools_read_differently() {
    let table = [
        ("yes", json!(true), json!("yes")),
        ("ON", json!(true), json!("ON")),
        ("y", json!(true), json!("y")),
        ("no", json!(false), json!("no")),
        ("Off", json!(false), json!("Off")),
        ("n", json!(false), json!("n")),
        ("! 5", json!("5"), json!(5)),
        (
            "2020-01-01",
            json!("2020-01-01"),
            json!("2020-01-01T00:00:00Z"),
        ),
        ("2020-1-2", json!("2020-1-2"), json!("2020-01-02T00:00:00Z")),
        (
            "2020-01-01 10:20:30.50",
            json!("2020-01-01 10:20:30.50"),
            json!("2020-01-01T10:20:30.5Z"),
        ),
        (
            "2001-12-14t21:59:43.10-05:00",
            json!("2001-12-14t21:59:43.10-05:00"),
            json!("2001-12-14T21:59:43.1-05:00"),
        ),
        ("{yes: 1}", json!({"true": 1}), json!({"yes": 1})),
    ];
    for (scalar, kubectl, kustomize) in table {
        assert_eq!(
            value_of(scalar, Dialect::Kubectl).unwrap(),
            kubectl,
            "{scalar:?}"
        );
        assert_eq!(
            value_of(scalar, Dialect::Kustomize).unwrap(),
            kustomize,
            "{scalar:?}"
        );
    }
}

#[test]
fn what_json_cannot_hold_is_refused() {
    for scalar in [".inf", "-.Inf", "+.INF", ".nan"] {
        assert_eq!(
            value_of(scalar, Dialect::Kubectl),
            Err(Problem::Number),
            "{scalar:?}"
        );
    }
    assert_eq!(value_of("{~: 1}", Dialect::Kubectl), Err(Problem::Key));
    assert_eq!(value_of("{[a]: 1}", Dialect::Kubectl), Err(Problem::Key));
    assert_eq!(value_of("{1: a}", Dialect::Kustomize), Err(Problem::Key));
    assert_eq!(
        value_of("{1: a, 0x10: b}", Dialect::Kubectl).unwrap(),
        json!({"1": "a", "16": "b"})
    );
}

#[test]
fn a_stream_gives_its_objects_with_origins_and_skips_empty_documents() {
    let text = "---\n# nothing\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\n---\n\
                apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n...\n---\nnull\n";
    let path: ArtifactPath = "apps/all.yaml".parse().unwrap();
    let read = read_yaml(text.as_bytes(), Some(&path), &Limits::default()).unwrap();
    let names: Vec<_> = read.iter().map(Manifest::name).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(read[0].origin().unwrap().path, path);
    assert!(read[0].origin().unwrap().document < read[1].origin().unwrap().document);
    assert!(yaml("").unwrap().is_empty());
    assert!(yaml("# only a comment\n").unwrap().is_empty());
}

#[test]
fn a_list_gives_its_items() {
    let text = "apiVersion: v1\nkind: List\nitems:\n\
                - {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n\
                - apiVersion: v1\n  kind: SecretList\n  items: [{metadata: {name: b}}]\n";
    let ids: Vec<_> = yaml(text)
        .unwrap()
        .iter()
        .map(|m| m.id().to_string())
        .collect();
    assert_eq!(ids, ["ConfigMap/a", "Secret/b"]);
    assert!(
        yaml("apiVersion: v1\nkind: List\nitems: []\n")
            .unwrap()
            .is_empty()
    );
    // A kind that ends in List without items is an object of its own.
    assert_eq!(
        yaml("apiVersion: x/v1\nkind: AllowList\nmetadata: {name: a}\n")
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn block_scalars_keep_exactly_their_line_breaks() {
    let cases = [
        ("|\n  a\n  b\n", "a\nb\n"),
        ("|-\n  a\n", "a"),
        ("|+\n  a\n\n", "a\n\n"),
        (">\n  a\n  b\n", "a b\n"),
        ("|\n  a", "a"),
        ("|\n  a\n# end", "a\n"),
    ];
    for (scalar, expected) in cases {
        let text = format!(
            "{{apiVersion: v1, kind: A, metadata: {{name: x}}}}\n---\napiVersion: v1\nkind: A\nmetadata: {{name: x}}\nv: {scalar}"
        );
        assert_eq!(
            yaml(&text).unwrap()[1].object()["v"],
            expected,
            "{scalar:?}"
        );
    }
}

#[test]
fn anchors_and_merge_keys_are_expanded_and_own_keys_win() {
    let text = "apiVersion: v1\nkind: A\nmetadata: {name: x}\nbase: &b {k: 1, l: 2}\n\
                one:\n  k: 3\n  <<: *b\ntwo:\n  <<: [{l: 9}, *b]\nthree: *b\n";
    let read = yaml(text).unwrap();
    assert_eq!(read[0].object()["one"], json!({"k": 3, "l": 2}));
    assert_eq!(read[0].object()["two"], json!({"l": 9, "k": 1}));
    assert_eq!(read[0].object()["three"], json!({"k": 1, "l": 2}));
    assert_eq!(problem("a:\n  <<: 5\n"), Problem::Merge);
}

/// I7
#[test]
fn an_alias_bomb_stops_at_the_limit() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..20 {
        let before = format!("*a{}", level - 1);
        let items = vec![before; 10].join(", ");
        writeln!(text, "a{level}: &a{level} [{items}]").unwrap();
    }
    assert!(matches!(problem(&text), Problem::TooManyValues { .. }));

    let long = "x".repeat(1 << 20);
    let text = format!("a: &a {long}\nb: [{}]\n", vec!["*a"; 1000].join(", "));
    assert!(matches!(problem(&text), Problem::TooLarge { .. }));

    assert_eq!(problem("a: &a [*a]\n"), Problem::RecursiveAlias);
}

/// I7
#[test]
fn nesting_ten_thousand_deep_is_refused_without_a_crash() {
    for text in [
        "[".repeat(10_000),
        "{a: ".repeat(10_000),
        "- ".repeat(10_000) + "x",
    ] {
        assert!(matches!(problem(&text), Problem::TooDeep { limit: 128 }));
    }
    let json = "[".repeat(10_000);
    let error = read_json(json.as_bytes(), None, &Limits::default()).unwrap_err();
    assert!(matches!(error.problem, Problem::TooDeep { .. }), "{error}");
}

/// I7
#[test]
fn aliases_cannot_nest_deeper_than_the_limit() {
    let mut text = "a0: &a0 [x]\n".to_owned();
    for level in 1..200 {
        writeln!(text, "a{level}: &a{level} [*a{}]", level - 1).unwrap();
    }
    assert!(matches!(problem(&text), Problem::TooDeep { .. }));
}

#[test]
fn duplicate_keys_are_refused_with_their_place() {
    let path: ArtifactPath = "a.yaml".parse().unwrap();
    let text = "kind: A\n---\napiVersion: v1\ndata:\n  k: one\n  k: two\n";
    let error = read_yaml(text.as_bytes(), Some(&path), &Limits::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a.yaml:6:3 (document 2): duplicate key \"k\""
    );
    assert_eq!(
        problem("{1: a, \"1\": b}"),
        Problem::DuplicateKey {
            key: "1".to_owned()
        }
    );

    let text = "{\"apiVersion\": \"v1\", \"data\": {\"k\": \"one\", \"k\": \"two\"}}";
    let error = read_json(text.as_bytes(), Some(&path), &Limits::default()).unwrap_err();
    assert_eq!(
        error.problem,
        Problem::DuplicateKey {
            key: "k".to_owned()
        }
    );
}

#[test]
fn what_is_no_object_says_what_it_lacks() {
    let cases = [
        (
            "just text\n",
            "line 1 column 1: the document is not an object",
        ),
        (
            "\n\nkind: A\nmetadata: {name: x}\n",
            "line 3 column 1: A/x has no apiVersion",
        ),
        (
            "apiVersion: v1\nmetadata: {name: x}\n",
            "line 1 column 1: the object named \"x\" has no kind",
        ),
        (
            "apiVersion: v1\nkind: A\n",
            "line 1 column 1: A has no metadata.name",
        ),
        (
            "apiVersion: 1\nkind: A\n",
            "line 1 column 1: apiVersion of A is not text; hint: quote it",
        ),
        (
            "apiVersion: v1\nkind: A\nmetadata: {name: x, namespace: n}\n",
            "line 1 column 1: metadata.namespace of A/x is not text; hint: quote it",
        ),
        (
            "apiVersion: v1\nkind: A\nmetadata: {generateName: x-}\n",
            "line 1 column 1: A has no metadata.name",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(yaml(text).unwrap_err().to_string(), expected);
    }
}

#[test]
fn errors_hold_no_values() {
    let secret = "hunter2";
    for text in [
        format!("a: {secret}\n b: c\n"),
        format!("a: \"{secret}\\q\"\n"),
        format!("a: {secret}: b\n"),
        format!("a: [{secret}\n"),
        format!("a: @{secret}\n"),
        format!("a: !!int {secret}\n"),
        format!("a: *{secret}\n"),
        secret.to_owned(),
        format!("{secret}\0"),
    ] {
        let error = yaml(&text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(secret), "{error:?}");
    }
    for text in [
        format!("{{\"a\": {secret}}}"),
        format!("{{\"a\": \"{secret}\n\"}}"),
        format!("\"{secret}"),
    ] {
        let error = read_json(text.as_bytes(), None, &Limits::default()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(secret), "{error:?}");
    }
}

#[test]
fn invalid_utf8_is_refused_with_its_place() {
    let error = read_yaml(b"a: b\nc: \xff\xfe\n", None, &Limits::default()).unwrap_err();
    assert_eq!(error.to_string(), "line 2 column 4: not UTF-8 text");
    let error = read_json(b"{\"a\": \"\xff\"}", None, &Limits::default()).unwrap_err();
    assert_eq!(error.problem, Problem::Encoding);
}

/// I7
#[test]
fn size_and_number_of_documents_are_bounded() {
    let limits = Limits {
        bytes: 100,
        documents: 2,
        ..Limits::default()
    };
    let error = read_yaml(&[b'a'; 101], None, &limits).unwrap_err();
    assert_eq!(error.problem, Problem::TooLarge { limit: 100 });
    let error = read_yaml(b"--- 1\n--- 2\n--- 3\n", None, &limits).unwrap_err();
    assert_eq!(error.problem, Problem::TooManyDocuments { limit: 2 });
    let error = read_json(b"{} {} {}", None, &limits).unwrap_err();
    assert_eq!(error.problem, Problem::TooManyDocuments { limit: 2 });
}

#[test]
fn a_json_stream_is_read_as_yaml_readers_would() {
    let text = br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"n":1.0,"u":"\ud83d\ude00"}
                   {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b"}} null"#;
    let read = read_json(text, None, &Limits::default()).unwrap();
    assert_eq!(read.len(), 2);
    assert_eq!(read[0].object()["n"], json!(1));
    assert_eq!(read[0].object()["u"], "😀");
    assert!(
        read_json(b"  \n", None, &Limits::default())
            .unwrap()
            .is_empty()
    );
}

#[test]
fn line_endings_byte_order_marks_and_json_in_yaml_are_fine() {
    let text = "\u{feff}apiVersion: v1\r\nkind: A\r\nmetadata:\r\n  name: x\r\nv: |\r\n  a\r\n";
    assert_eq!(yaml(text).unwrap()[0].object()["v"], "a\n");
    let text = "{\"apiVersion\": \"v1\", \"kind\": \"A\", \"metadata\": {\"name\": \"x\"}, \"v\":\"a\\/b\"}";
    assert_eq!(yaml(text).unwrap()[0].object()["v"], "a/b");
}

proptest::proptest! {
    #[test]
    fn reading_never_panics(text in "[ -~\n\t]{0,200}") {
        let _ = yaml(&text);
        let _ = read_json(text.as_bytes(), None, &Limits::default());
    }

    #[test]
    fn reading_foreign_bytes_never_panics(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
        for dialect in [Dialect::Kubectl, Dialect::Kustomize] {
            let _ = read_values(dialect, &bytes, None, &Limits::default());
        }
        let _ = read_json(&bytes, None, &Limits::default());
    }

    #[test]
    fn reading_yaml_structure_never_panics(parts in proptest::collection::vec(
        proptest::sample::select(vec!["a", ": ", "- ", "\n", "  ", "&x ", "*x", "[", "]", "{", "}", ",", "!!int ", "|", "\"", "<<", "---\n", "?", "#", "é"]), 0..60)) {
        let _ = yaml(&parts.concat());
    }
}
