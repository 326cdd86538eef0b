//! Both ways between our tools and upstream's: what one seals, the other opens.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sealing::{Scope, SealedItem, SealingKey, unseal_items};
use serde_json::{Value, json};

use super::{Folder, certificate, key_file, kubeseal, upstream};

const SCOPES: [&str; 3] = ["strict", "namespace-wide", "cluster-wide"];

/// Text, nothing, every byte, and more than a megabyte.
fn values() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("text", b"hunter2".to_vec()),
        ("empty", Vec::new()),
        ("bytes", (0..=255).collect()),
        (
            "large",
            (0u32..400_000)
                .flat_map(u32::to_le_bytes)
                .take(1 << 20)
                .collect(),
        ),
    ]
}

fn secret() -> Vec<u8> {
    let data: serde_json::Map<String, Value> = values()
        .into_iter()
        .map(|(key, value)| (key.to_owned(), STANDARD.encode(value).into()))
        .collect();
    json!({ "metadata": { "name": "db", "namespace": "prod" }, "data": data })
        .to_string()
        .into_bytes()
}

fn private_key() -> Arc<SealingKey> {
    let key = std::fs::read(key_file("test-key-a.pem")).unwrap();
    Arc::new(SealingKey::from_private_pem(&key).unwrap())
}

/// K-002, K-003, K-007, K-008, K-009, K-014, K-015: upstream seals, ours opens.
#[test]
fn what_upstream_seals_opens_here() {
    for scope in SCOPES {
        let arguments = ["--cert", &certificate(), "--scope", scope];
        let sealed = upstream(&arguments, &secret()).json();
        let items: Vec<(&str, &str)> = sealed["spec"]["encryptedData"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(key, item)| (key.as_str(), item.as_str().unwrap()))
            .collect();
        let label = scope.parse::<Scope>().unwrap().label("prod", "db");
        let opened = unseal_items(items, &label, &[private_key()]).unwrap();
        for (key, value) in values() {
            assert_eq!(opened[key].expose(), value, "{scope} {key}");
        }
    }
}

/// K-002, K-003, K-004, K-007, K-008, K-009, K-014, K-015: ours seals, upstream opens.
#[test]
fn what_is_sealed_here_opens_with_upstream() {
    for scope in SCOPES {
        let sealed = kubeseal(&["--cert", &certificate(), "--scope", scope], &secret()).output();
        let key = key_file("test-key-a.pem");
        let arguments = ["--recovery-unseal", "--recovery-private-key", &key];
        let opened = upstream(&arguments, sealed.as_bytes()).json();
        assert_eq!(opened["metadata"]["name"], "db");
        for (key, value) in values() {
            // Upstream leaves out the value of an empty item.
            let text = opened["data"][key].as_str().unwrap_or_default();
            assert_eq!(STANDARD.decode(text).unwrap(), value, "{scope} {key}");
        }
    }
}

/// K-128: items sealed one by one, put together by hand.
#[test]
fn raw_items_open_both_ways() {
    for scope in SCOPES {
        let arguments = [
            "--cert",
            &certificate(),
            "--raw",
            "--scope",
            scope,
            "--name",
            "db",
            "-n",
            "prod",
        ];
        let label = scope.parse::<Scope>().unwrap().label("prod", "db");
        let theirs = SealedItem::from_base64(&upstream(&arguments, b"hunter2").output()).unwrap();
        let opened = sealing::unseal(&theirs, &label, &[private_key()]).unwrap();
        assert_eq!(opened.expose(), b"hunter2");

        let ours = kubeseal(&arguments, b"hunter2\n").output();
        let annotations = match scope {
            "strict" => json!({}),
            scope => json!({ format!("sealedsecrets.bitnami.com/{scope}"): "true" }),
        };
        let object = json!({
            "apiVersion": "bitnami.com/v1alpha1",
            "kind": "SealedSecret",
            "metadata": { "name": "db", "namespace": "prod", "annotations": annotations },
            "spec": { "encryptedData": { "password": ours } },
        });
        let key = key_file("test-key-a.pem");
        let arguments = ["--recovery-unseal", "--recovery-private-key", &key];
        let opened = upstream(&arguments, object.to_string().as_bytes()).json();
        assert_eq!(opened["data"]["password"], STANDARD.encode("hunter2\n"));
    }
}

/// K-012: opened by the object's own scope, whatever its template says, and by nothing else.
#[test]
fn scope_in_the_template_opens_nothing_on_either_side() {
    let arguments = ["--cert", &certificate(), "--scope", "cluster-wide"];
    let mut sealed = kubeseal(&arguments, &secret()).json();
    sealed["metadata"]["annotations"] = json!({});
    let key = key_file("test-key-a.pem");
    let arguments = ["--recovery-unseal", "--recovery-private-key", &key];
    let input = sealed.to_string();
    for outcome in [
        kubeseal(&arguments, input.as_bytes()),
        upstream(&arguments, input.as_bytes()),
    ] {
        assert!(
            outcome
                .refusal(1)
                .starts_with("error: no key could decrypt secret (")
        );
    }
}

/// K-029, K-046: a key made here serves upstream for sealing and for opening.
#[test]
fn upstream_works_with_a_key_made_here() {
    let options = sealing::GenerateOptions {
        bits: 2048,
        ..sealing::GenerateOptions::default()
    };
    let now = jiff::Timestamp::now();
    let made = sealing::generate(&options, now, &mut rand::rng()).unwrap();
    let folder = Folder::new();
    let certificate = folder.write("tls.crt", &made.certificate_pem);
    let key = folder.write("tls.key", made.private_pem.expose_str().unwrap());
    let sealed = upstream(&["--cert", &certificate], &secret()).output();
    let recover = ["--recovery-unseal", "--recovery-private-key", &key];
    let theirs = upstream(&recover, sealed.as_bytes()).json();
    let ours = kubeseal(&recover, sealed.as_bytes()).json();
    for opened in [theirs, ours] {
        assert_eq!(opened["data"]["text"], STANDARD.encode("hunter2"));
    }
}
