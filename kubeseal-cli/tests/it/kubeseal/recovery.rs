//! `--recovery-unseal`.

use std::io::Read;
use std::os::unix::fs::MetadataExt;

use serde_json::{Value, json};

use super::{Folder, Outcome, certificate, key_file, kubeseal, upstream};

const SECRET: &[u8] = b"metadata: {name: db, namespace: prod, labels: {a: b}}\n\
    type: Opaque\nimmutable: true\nstringData: {foo: bar}\n";

fn sealed() -> String {
    kubeseal(&["--cert", &certificate()], SECRET).output()
}

fn key_text(name: &str) -> String {
    std::fs::read_to_string(key_file(name)).unwrap()
}

fn key_secret(name: &str) -> Value {
    use base64::Engine;
    let encoded = base64::engine::general_purpose::STANDARD.encode(key_text(name));
    json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": { "name": name }, "data": { "tls.key": encoded, "tls.crt": "" },
    })
}

fn recovered(files: &[&str]) -> Outcome {
    let mut arguments = vec!["--recovery-unseal"];
    for file in files {
        arguments.extend(["--recovery-private-key", file]);
    }
    kubeseal(&arguments, sealed().as_bytes())
}

/// K-133: the shapes that a backup of keys comes in.
#[test]
fn keys_are_read_from_pem_and_from_secrets() {
    let folder = Folder::new();
    let (a, c) = (key_secret("test-key-a.pem"), key_secret("test-key-c.pem"));
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": [c] });
    let secret_list = json!({ "apiVersion": "v1", "kind": "SecretList", "items": [c, a] });
    let shapes = [
        folder.write("pem", &key_text("test-key-a.pem")),
        folder.write(
            "two-pems",
            &(key_text("test-key-c.pem") + &key_text("test-key-a.pem")),
        ),
        folder.write("secret", &a.to_string()),
        folder.write("stream", &format!("---\n{c}\n---\n{a}\n")),
        folder.write("secret-list", &secret_list.to_string()),
        folder.write("list-and-document", &format!("{list}\n---\n{a}\n")),
    ];
    for shape in shapes {
        assert_eq!(
            recovered(&[&shape]).json()["data"]["foo"],
            "YmFy",
            "{shape}"
        );
    }
    let others = format!(
        "{},{}",
        key_file("test-key-b.pem"),
        key_file("test-key-a.pem")
    );
    assert_eq!(recovered(&[&others]).json()["data"]["foo"], "YmFy");
}

/// Bytes as upstream's, but for the owner reference that no API server would accept.
#[test]
fn recovered_secret_is_upstreams_without_the_dangling_owner() {
    let key = key_file("test-key-a.pem");
    let arguments = ["--recovery-unseal", "--recovery-private-key", &key];
    let mut theirs = upstream(&arguments, sealed().as_bytes()).json();
    let metadata = theirs["metadata"].as_object_mut().unwrap();
    assert!(metadata.shift_remove("ownerReferences").is_some());
    let ours = kubeseal(&arguments, sealed().as_bytes()).output();
    assert_eq!(ours, serde_json::to_string_pretty(&theirs).unwrap() + "\n");
}

/// K-134
#[test]
fn without_the_right_key_nothing_is_opened() {
    let wrong = key_file("test-key-b.pem");
    for outcome in [recovered(&[]), recovered(&[&wrong])] {
        assert_eq!(
            outcome.refusal(1),
            "error: no key could decrypt secret (foo)\n"
        );
    }
}

#[test]
fn file_without_a_key_is_named() {
    let folder = Folder::new();
    let file = folder.write("junk", "kind: Secret\ndata: {a: b}\n");
    let refusal = recovered(&[&file]).refusal(1);
    assert_eq!(
        refusal,
        format!("error: {file}: secret must contain a 'tls.data' key\n")
    );
}

/// K-018: the oldest format, which upstream's tool no longer opens here.
#[test]
fn blob_of_the_first_format_opens() {
    let inner = r#"{"metadata":{"name":"x"},"type":"Opaque","data":{"foo":"YmFy"}}"#;
    let raw = [
        "--raw",
        "--cert",
        &certificate(),
        "-n",
        "prod",
        "--name",
        "db",
    ];
    let blob = kubeseal(&raw, inner.as_bytes()).output();
    let object = json!({
        "apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret",
        "metadata": { "name": "db", "namespace": "prod" },
        "spec": { "data": blob, "encryptedData": {} },
    });
    let key = key_file("test-key-a.pem");
    let arguments = ["--recovery-unseal", "--recovery-private-key", &key];
    let opened = kubeseal(&arguments, object.to_string().as_bytes()).json();
    assert_eq!(
        opened["metadata"],
        json!({ "name": "db", "namespace": "prod" })
    );
    assert_eq!(
        (&opened["data"]["foo"], &opened["type"]),
        (&json!("YmFy"), &json!("Opaque"))
    );
}

#[test]
fn plaintext_in_a_file_is_for_its_owner_alone_and_replaced_whole() {
    let folder = Folder::new();
    let (path, key) = (folder.path("plain.yaml"), key_file("test-key-a.pem"));
    let arguments = [
        "--recovery-unseal",
        "--recovery-private-key",
        &key,
        "-w",
        &path,
    ];
    kubeseal(&arguments, sealed().as_bytes()).output();
    assert!(folder.read("plain.yaml").contains("foo: YmFy"));
    assert_eq!(folder.permissions("plain.yaml"), 0o600);
    // Who reads the old file reads it to its end.
    let mut old = std::fs::File::open(&path).unwrap();
    kubeseal(&arguments, sealed().as_bytes()).output();
    let mut text = String::new();
    old.read_to_string(&mut text).unwrap();
    assert!(text.contains("foo: YmFy"));
    assert_ne!(
        old.metadata().unwrap().ino(),
        std::fs::metadata(&path).unwrap().ino()
    );
    assert_eq!(folder.len(), 1);
}

#[test]
fn templates_are_refused_rather_than_left_out() {
    let mut object: Value = serde_json::from_str(&sealed()).unwrap();
    object["spec"]["template"]["data"] = json!({ "url": "x{{ .foo }}" });
    let key = key_file("test-key-a.pem");
    let arguments = ["--recovery-unseal", "--recovery-private-key", &key];
    let refusal = kubeseal(&arguments, object.to_string().as_bytes()).refusal(1);
    assert!(
        refusal.contains("templates in spec.template.data"),
        "{refusal}"
    );
}
