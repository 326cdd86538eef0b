//! Output bytes beside upstream's, with the ciphertext masked.

use super::{certificate, kubeseal, masked, upstream};

/// Texts that need a style of their own in YAML, and some that look as if they did.
const TEXTS: &[&str] = &[
    "",
    " ",
    "~",
    "null",
    "Null",
    "true",
    "True",
    "tRue",
    "yes",
    "No",
    "on",
    "OFF",
    "y",
    "N",
    "n",
    "0",
    "1",
    "-1",
    "+1",
    "007",
    "08",
    "0x1F",
    "0o17",
    "0b11",
    "0b12",
    "1_000",
    "_1",
    "1.",
    ".5",
    ".",
    "..",
    "...",
    "... x",
    "---",
    "--- x",
    "-",
    "- x",
    "-x",
    "1e3",
    "1e",
    "1.5E-7",
    ".inf",
    "-.Inf",
    "+.INF",
    ".nan",
    ".NaN",
    "+.nan",
    ".e3",
    "1:20",
    "1:60",
    "190:20:30.15",
    "12:3",
    "2024-01-01",
    "2024-1-1",
    "2024-13-01",
    "2024-01-01T10:00:00Z",
    "2024-01-01 10:00:00",
    "2024-01-01 1:2:3.5",
    "20240-1-1",
    "a: b",
    "a:b",
    "a:",
    ":a",
    ": a",
    "a #b",
    "a# b",
    "#a",
    "&a",
    "*a",
    "!a",
    "!!str a",
    "%a",
    "@a",
    "`a",
    "|",
    ">",
    "|a",
    "'a'",
    "\"a\"",
    "it's",
    "[a]",
    "{a}",
    "a, b",
    "a]",
    ",a",
    "?",
    "? a",
    "?a",
    "<<",
    "=",
    "a\tb",
    "\ta",
    "a\t",
    "a\nb",
    "a\n",
    "a\n\n",
    "\n",
    "\n\n",
    "\na",
    " a\nb",
    "a \nb",
    "a\n b",
    "a\n b\n",
    "a\r\nb",
    "a\rb",
    "a ",
    " a",
    "  ",
    "ä",
    "☃",
    "😀 smile",
    "a\u{85}b",
    "a\u{a0}b",
    "a\u{200b}b",
    "a\u{feff}b",
    "a\u{7f}b",
    "a\u{1}b",
    "a\u{1b}b",
    "back\\slash",
    "say \"hi\" it's",
    "</script>&amp;",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen",
    "one: two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen",
    "it's: two  three four  five six seven eight nine ten eleven  twelve thirteen  fourteen  fifteen",
    "\u{1} two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen",
    "\u{1} two  three four five six seven eight nine ten eleven twelve  thirteen fourteen  fifteen  x ",
    "one two three four five six seven eight nine ten eleven twelve thirteen  fourteen  fifteen  sixteen",
    "{\"apiVersion\":\"v1\", \"kind\": \"Secret\", \"metadata\": {\"name\": \"a\", \"labels\": {\"b\": \"c\"}}}\n",
    "10",
    "1,000",
    "0.0.0.0/0",
    "v1.2.3",
    "1.2.3",
    "12e03",
    "0x",
    "0b",
    "0xZZ",
    "-0x1",
    "-0b1",
    "9223372036854775808",
    "18446744073709551616",
    "1e400",
    "+",
    "+a",
    "-a",
    "--",
    "..a",
    "Infinity",
    "2024-02-30",
    "0001-01-01",
    "12h30m",
    "1__0",
    "0_8",
    "-_1",
    "1.e1",
    ".1_0",
    "1_0.5",
    "nUll",
];

/// Keys whose order upstream is itself sure of: with `1.5`, `1e3` or `0a` among them it varies.
const KEYS: &[&str] = &[
    "a1", "a10", "a2", "a02", "a-b", "a.b", "a_b", "ab", "aB", "B", "b", "Z", "1", "10", "2", "01",
    "a", "tls.crt", "tls.key", "ca.crt", "true", "no", "x/y", "x.y/z", "x-y.z/a", "00", "a00",
    "a0", "a100", "a1000", "y", "null",
];

/// Upstream's writer refuses these, although they are valid in JSON, or makes a space of them.
fn is_control(text: &str) -> bool {
    text.contains(['\u{1}', '\u{1b}', '\u{7f}', '\u{85}'])
}

fn secret(texts: &[&str]) -> Vec<u8> {
    let annotations: serde_json::Map<String, serde_json::Value> = texts
        .iter()
        .enumerate()
        .map(|(index, text)| (format!("text-{index:03}"), (*text).into()))
        .collect();
    let keyed: serde_json::Map<String, serde_json::Value> = KEYS
        .iter()
        .map(|key| ((*key).to_owned(), "x".into()))
        .collect();
    let mut labels = keyed.clone();
    labels.insert("k".repeat(140), "long key".into());
    serde_json::json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": "db",
            "namespace": "prod",
            "generateName": "x-",
            "annotations": annotations,
            "labels": labels,
            "finalizers": ["a/b", "- c"],
        },
        "type": "Opaque",
        "immutable": false,
        "stringData": keyed,
    })
    .to_string()
    .into_bytes()
}

#[track_caller]
fn same_bytes(arguments: &[&str], input: &[u8]) {
    let certificate = certificate();
    let arguments = [&["--cert", certificate.as_str()], arguments].concat();
    let ours = masked(&kubeseal(&arguments, input).output());
    let theirs = masked(&upstream(&arguments, input).output());
    for (ours, theirs) in ours.lines().zip(theirs.lines()) {
        assert_eq!(ours, theirs);
    }
    assert_eq!(ours, theirs);
}

/// K-114, K-116
#[test]
fn json_is_upstreams_byte_for_byte() {
    same_bytes(&[], &secret(TEXTS));
}

/// K-115, K-116
#[test]
fn yaml_is_upstreams_byte_for_byte() {
    let texts: Vec<_> = TEXTS
        .iter()
        .filter(|text| !is_control(text))
        .copied()
        .collect();
    same_bytes(&["-o", "yaml"], &secret(&texts));
}

/// K-117
#[test]
fn several_documents_are_upstreams_byte_for_byte() {
    let one = "metadata: {name: a, namespace: x}\nstringData: {a: b}\n";
    let two = "metadata: {name: b, namespace: x}\ntype: kubernetes.io/tls\ndata: {a: Yg==}\n";
    let stream = format!("# a comment\n---\n{one}---\n\n---\n# nothing\n---\n{two}");
    for format in ["json", "yaml"] {
        same_bytes(&["-o", format], stream.as_bytes());
    }
    let json = r#"{"metadata":{"name":"a","namespace":"x"},"stringData":{"a":"b"}}"#;
    same_bytes(&[], format!("{json}\n{json}").as_bytes());
}

/// K-124, K-125, K-126
#[test]
fn every_scope_is_upstreams_byte_for_byte() {
    let plain = "metadata: {name: a, namespace: x}\nstringData: {a: b}\n";
    let annotated = "metadata: {name: a, namespace: x, annotations: \
                     {sealedsecrets.bitnami.com/cluster-wide: \"true\", \
                     sealedsecrets.bitnami.com/namespace-wide: \"true\"}}\nstringData: {a: b}\n";
    let nowhere = "metadata: {name: a}\nstringData: {a: b}\n";
    for scope in ["strict", "namespace-wide", "cluster-wide"] {
        same_bytes(&["-o", "yaml", "--scope", scope], plain.as_bytes());
        same_bytes(&["--scope", scope], annotated.as_bytes());
    }
    same_bytes(&["--scope", "cluster-wide"], nowhere.as_bytes());
}

/// K-127: what the server or another tool added is left out. `managedFields` are too, which
/// upstream keeps.
#[test]
fn fields_of_the_server_are_left_out_as_upstream_does() {
    let input = "\
metadata:
  name: a
  namespace: x
  uid: 123
  resourceVersion: '5'
  generation: 7
  selfLink: /x
  creationTimestamp: 2024-01-01T00:00:00Z
  ownerReferences: [{apiVersion: v1, kind: Pod, name: p, uid: u}]
  annotations:
    keep: me
    kubectl.kubernetes.io/last-applied-configuration: '{}'
    kubecfg.ksonnet.io/last-applied-configuration: '{}'
stringData: {a: b}
";
    same_bytes(&["-o", "yaml"], input.as_bytes());
    let managed =
        "metadata: {name: a, namespace: x, managedFields: [{manager: m}]}\nstringData: {a: b}";
    let ours = kubeseal(&["--cert", &certificate()], managed.as_bytes()).output();
    assert!(!ours.contains("manage"));
}

/// K-120
#[test]
fn empty_data_is_upstreams_byte_for_byte() {
    let input = b"metadata: {name: a, namespace: x}";
    same_bytes(&["--allow-empty-data"], input);
    same_bytes(&["--allow-empty-data=true", "-oyaml"], input);
}
