use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::*;
use crate::scalar::float_bytes;

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/yaml");

/// Writes a tree in the form of the expectations.
fn written(tree: &Tree) -> String {
    let mut out = String::new();
    for (index, document) in tree.documents.iter().enumerate() {
        let _ = writeln!(out, "-- doc {index}");
        mapping(document, "", &mut out);
    }
    out
}

fn mapping(entries: &[Entry], path: &str, out: &mut String) {
    for entry in entries {
        match entry {
            Entry::Comment(found) => comment(found, path, out),
            Entry::Pair { key, value } => node(value, &format!("{path}{}:", key.text), out),
        }
    }
}

fn comment(comment: &Comment, path: &str, out: &mut String) {
    let text = comment.text.expose_str().expect("UTF-8");
    let _ = writeln!(out, "{path}\tCOMMENT {text:?}");
}

fn node(found: &Node, path: &str, out: &mut String) {
    match found {
        Node::Mapping(entries) => mapping(entries, path, out),
        Node::Sequence(elements) => {
            for element in elements {
                match element {
                    Element::Comment(found) => comment(found, path, out),
                    Element::Node(found) => node(found, path, out),
                }
            }
        }
        Node::Alias { copy, .. } => node(copy, path, out),
        Node::Leaf(leaf) => {
            let (kind, value) = match &leaf.value {
                Scalar::Null => ("null", String::new()),
                Scalar::Text(text) => ("str", String::from_utf8_lossy(text.expose()).into_owned()),
                Scalar::Int(number) => ("int", number.to_string()),
                Scalar::Unsigned(number) => ("uint64!", number.to_string()),
                Scalar::Float(number) => ("float", float_bytes(*number)),
                Scalar::Bool(flag) => ("bool", flag.to_string()),
                Scalar::Time(text) => ("time", text.clone()),
            };
            let _ = writeln!(out, "{path}\t{kind}\t{value:?}");
        }
    }
}

/// The expectations by file name, in the form of [`written`]. An alias has no copies of comments
/// here, whose place nobody authenticates twice.
#[expect(clippy::disallowed_methods, reason = "a test reads the vectors")]
fn expected() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(format!("{VECTORS}/expected-tree.txt")).expect("readable");
    let mut by_name = BTreeMap::new();
    let mut name = String::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("==== corpus/") {
            name = rest.to_owned();
            by_name.insert(name.clone(), String::new());
            continue;
        }
        let wanted: &mut String = by_name.get_mut(&name).expect("a name comes first");
        let line = line.replace(":[]\t", ":\t").replace("[]:", ":");
        let line = line
            .replace("COMMENT inline=false\t", "COMMENT ")
            .replace("COMMENT inline=true\t", "COMMENT ");
        if line.contains("EMPTY") {
            continue;
        }
        wanted.push_str(&rewritten(&line));
        wanted.push('\n');
    }
    by_name
}

/// The expectations write strings as JSON and floats with exponents.
fn rewritten(line: &str) -> String {
    let Some(at) = line.find(['\t']).map(|at| at + 1) else {
        return line.to_owned();
    };
    let (path, rest) = line.split_at(at);
    let Some(quote) = rest.find('"') else {
        return line.to_owned();
    };
    let (kind, value) = rest.split_at(quote);
    let mut value: String = serde_json::from_str(value).expect("a JSON string");
    if kind.starts_with("float") {
        value = float_bytes(value.parse().expect("a float"));
    }
    format!("{path}{kind}{value:?}")
}

/// Read by one side only, or otherwise: keys that are no text, line breaks of YAML 1.1, escapes
/// that only YAML 1.2 has, a comment without a blank before it, `{e:}`, a quoted scalar that goes
/// on at its parent's indentation, a tab behind a dash.
const DIFFERENT: [&str; 7] = [
    "47_nonstr_keys.yaml",
    "48_nel_ls.yaml",
    "49_dq_slash.yaml",
    "50_glued_comment.yaml",
    "51_flow_plain_adjacent.yaml",
    "53_dq_dedent.yaml",
    "56_tab_after_dash.yaml",
];

/// S-085, S-086, S-091, S-092, S-093, S-094
#[test]
#[expect(clippy::disallowed_methods, reason = "a test reads the vectors")]
fn trees_of_the_vectors_are_as_expected() {
    let mut wrong = Vec::new();
    for (name, wanted) in expected() {
        let bytes = std::fs::read(format!("{VECTORS}/valid/{name}")).expect("readable");
        let text = String::from_utf8(bytes).expect("UTF-8");
        let text = text.trim_start_matches('\u{feff}');
        let found = match read(text) {
            Ok(read) => written(&read.tree),
            Err(error) => format!("ERROR {error}\n"),
        };
        let sorted = |text: &str| {
            let mut lines: Vec<String> = text.lines().map(ToOwned::to_owned).collect();
            lines.sort();
            lines
        };
        let both_refuse = found.starts_with("ERROR") && wanted.starts_with("ERROR");
        let empty = found.is_empty() && wanted.contains("EOF");
        if both_refuse || empty || DIFFERENT.contains(&&*name) {
            continue;
        }
        if sorted(&found) != sorted(&wanted) {
            wrong.push(format!("#### {name}\nfound\n{found}\nwanted\n{wanted}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
