use bytes::Bytes;
use manifests::{File, KustomizeOptions};

use super::*;
use crate::walk::walk;

fn tree(files: &[(&str, &str)]) -> Tree {
    let mut tree = Tree::default();
    for (path, text) in files {
        let content = Bytes::copy_from_slice(text.as_bytes());
        let executable = false;
        tree.insert(
            path.parse().unwrap(),
            File {
                content,
                executable,
            },
        );
    }
    tree
}

fn explained(files: &[(&str, &str)], message: &str) -> RenderError {
    let tree = tree(files);
    let walk = walk(
        &tree,
        &ArtifactPath::default(),
        &KustomizeOptions::default(),
    )
    .unwrap();
    let message = message.to_owned();
    explain(RenderError::Kustomize { message }, &tree, &walk)
}

fn withheld(files: &[(&str, &str)], message: &str) -> bool {
    matches!(explained(files, message), RenderError::Withheld { .. })
}

const SECRET: &str =
    "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {password: hunter2}\n";

/// S5: wherever a value of a plain Secret stands in the artifact.
#[test]
fn no_message_quotes_a_plain_secret() {
    let all = "resources: [db.yaml]\n";
    let message = "it is about hunter2";
    assert!(withheld(
        &[("kustomization.yaml", all), ("db.yaml", SECRET)],
        message
    ));
    // The folder has no kustomization file.
    assert!(withheld(&[("db.yaml", SECRET)], message));
    let literal = "secretGenerator: [{name: db, literals: [password=hunter2]}]\n";
    assert!(withheld(&[("kustomization.yaml", literal)], message));
    let list = "secretGenerator: [{name: db, envs: [db.env], files: [token]}]\n";
    let files = |line, token| {
        [
            ("kustomization.yaml", list),
            ("db.env", line),
            ("token", token),
        ]
    };
    assert!(withheld(&files("PASSWORD=hunter2\n", "x"), message));
    assert!(withheld(&files("hunter2\n", "x"), "\"hunter2\" is no name"));
    assert!(withheld(&files("a=b\n", "one\nhunter2\n"), message));
    let inline = "patches: [{patch: '[{op: add, path: /data/p, value: hunter2}]'}]\n";
    assert!(withheld(&[("kustomization.yaml", inline)], message));
    let patched = "patches: [{path: p.yaml}]\n";
    assert!(withheld(
        &[("kustomization.yaml", patched), ("p.yaml", SECRET)],
        message
    ));
    // What cannot be read may be a Secret all the same; our own reader says where.
    for broken in [
        "kind: Secret\nstringData:\n  password: *hunter2\n  : [\n",
        "kind: Secret\nmetadata: {name: db}\nstringData: {user: app, password: *hunter2, a: b}\n",
        "kind: Secret\nstringData: {password: [&hunter2\n",
    ] {
        let files = [("kustomization.yaml", all), ("db.yaml", broken)];
        let error = explained(&files, "unknown anchor 'hunter2' referenced");
        let RenderError::Read { source } = error else {
            panic!("{error:?}")
        };
        let shown = source.to_string();
        assert!(
            shown.starts_with("db.yaml:") && !shown.contains("hunter2"),
            "{shown}"
        );
    }
}

/// What quotes none is shown, and names of objects are no values.
#[test]
fn other_messages_are_shown() {
    let files = [
        ("kustomization.yaml", "resources: [db.yaml]\n"),
        ("db.yaml", SECRET),
    ];
    let message = "may not add v1 Secret db: `hunte...` again";
    let RenderError::Kustomize { message } = explained(&files, message) else {
        panic!("it quotes no whole value");
    };
    assert_eq!(message, "may not add v1 Secret db: `…` again");
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: hunter2}\n";
    let files = [
        ("kustomization.yaml", "resources: [a.yaml]\n"),
        ("a.yaml", map),
    ];
    assert!(!withheld(&files, "it is about hunter2"));
}

/// I7: kustomize names neither the file nor the line.
#[test]
fn files_beyond_the_limits_are_named() {
    let deep = format!("a: {}{}\n", "[".repeat(10_000), "]".repeat(10_000));
    for (text, problem) in [
        (deep.as_str(), "levels deep"),
        ("a: 1\na: 2\n", "duplicate key"),
    ] {
        let files = [
            ("kustomization.yaml", "resources: [a.yaml]\n"),
            ("a.yaml", text),
        ];
        let RenderError::Read { source } = explained(&files, "recursion limit exceeded") else {
            panic!("the file is at fault");
        };
        let shown = source.to_string();
        assert!(
            shown.contains("a.yaml") && shown.contains(problem),
            "{shown}"
        );
    }
}
