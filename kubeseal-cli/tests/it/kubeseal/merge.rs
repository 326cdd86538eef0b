//! `--merge-into`.

use serde_json::Value;

use super::{Folder, certificate, key_file, kubeseal};

const FIRST: &[u8] =
    b"metadata: {name: db, namespace: prod, labels: {a: '1'}}\nstringData: {x: one, w: two}\n";
const SECOND: &[u8] =
    b"metadata: {name: other, labels: {b: '2'}, annotations: {c: '3'}}\nstringData: {w: new, z: three}\n";

fn sealed(folder: &Folder, name: &str, scope: &str) -> String {
    let path = folder.path(name);
    let arguments = ["--cert", &certificate(), "--scope", scope, "-w", &path];
    assert_eq!(kubeseal(&arguments, FIRST).output(), "");
    path
}

fn opened(path: &str) -> Value {
    let key = key_file("test-key-a.pem");
    kubeseal(
        &[
            "--recovery-unseal",
            "--recovery-private-key",
            &key,
            "-f",
            path,
        ],
        b"",
    )
    .json()
}

fn plain(object: &Value, key: &str) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD
        .decode(object["data"][key].as_str().unwrap())
        .unwrap()
}

/// K-129, K-130
#[test]
fn items_labels_and_annotations_are_added_under_the_name_of_the_target() {
    let folder = Folder::new();
    for (name, start) in [("a.yaml", "---\napiVersion:"), ("a.json", "{\n  \"kind\"")] {
        let path = sealed(&folder, name, "strict");
        let arguments = ["--cert", &certificate(), "--merge-into", &path];
        assert_eq!(kubeseal(&arguments, SECOND).output(), "");
        assert!(folder.read(name).starts_with(start));
        let opened = opened(&path);
        assert_eq!(opened["metadata"]["name"], "db");
        assert_eq!(
            opened["metadata"]["labels"],
            serde_json::json!({"a": "1", "b": "2"})
        );
        assert_eq!(opened["metadata"]["annotations"]["c"], "3");
        assert_eq!(plain(&opened, "x"), b"one");
        assert_eq!(plain(&opened, "w"), b"new");
        assert_eq!(plain(&opened, "z"), b"three");
    }
}

/// K-130: items follow the scope of the object that they are merged into.
#[test]
fn scope_is_that_of_the_target() {
    let folder = Folder::new();
    for scope in ["namespace-wide", "cluster-wide"] {
        let path = sealed(&folder, scope, scope);
        kubeseal(&["--cert", &certificate(), "--merge-into", &path], SECOND).output();
        assert_eq!(plain(&opened(&path), "z"), b"three");
    }
}

#[test]
fn another_scope_than_that_of_the_target_is_refused() {
    let folder = Folder::new();
    let path = sealed(&folder, "a.json", "strict");
    let before = folder.read("a.json");
    let arguments = [
        "--cert",
        &certificate(),
        "--merge-into",
        &path,
        "--scope",
        "cluster-wide",
    ];
    let refusal = kubeseal(&arguments, SECOND).refusal(1);
    assert!(
        refusal.contains("has scope strict but cluster-wide was asked for"),
        "{refusal}"
    );
    assert_eq!(folder.read("a.json"), before);
}

#[test]
fn another_namespace_than_that_of_the_target_is_refused() {
    let folder = Folder::new();
    let path = sealed(&folder, "a.json", "strict");
    let arguments = [
        "--cert",
        &certificate(),
        "--merge-into",
        &path,
        "-n",
        "test",
    ];
    assert_eq!(
        kubeseal(&arguments, SECOND).refusal(1),
        "error: namespace mismatch: input secret is in namespace \"prod\" but \"test\" was specified\n"
    );
}

#[test]
fn maps_that_the_target_lacks_are_made() {
    let folder = Folder::new();
    let path = folder.write(
        "bare.yaml",
        "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\n\
         metadata: {name: db, namespace: prod}\nspec: {template: null}\n",
    );
    kubeseal(&["--cert", &certificate(), "--merge-into", &path], SECOND).output();
    assert_eq!(plain(&opened(&path), "z"), b"three");
}

/// The file is rewritten in its place, so that hard links to it stay.
#[cfg(unix)]
#[test]
fn inode_of_the_target_stays() {
    use std::os::unix::fs::MetadataExt;
    let folder = Folder::new();
    let path = sealed(&folder, "a.json", "strict");
    let before = std::fs::metadata(&path).unwrap().ino();
    kubeseal(&["--cert", &certificate(), "--merge-into", &path], SECOND).output();
    assert_eq!(std::fs::metadata(&path).unwrap().ino(), before);
}
