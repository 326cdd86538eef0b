use manifests::{Limits, Manifest, read_yaml};
use pipeline::redact::Taint;

use super::render;
use crate::signet::mode::{Format, Secrets};

const OBJECTS: &[u8] = b"
apiVersion: v1
kind: Secret
metadata: {name: db}
data: {password: aHVudGVyMg==, user: YWRtaW4x}
stringData: {again: hunter2}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: notes}
data: {url: 'https://admin1:hunter2@db'}
";

fn concealed() -> (Vec<Manifest>, Taint) {
    let mut manifests = read_yaml(OBJECTS, None, &Limits::default()).unwrap();
    let mut taint = Taint::default();
    for manifest in &mut manifests {
        manifest.conceal_secret_data();
        taint.add_concealed(manifest);
    }
    (manifests, taint)
}

fn text(secrets: Secrets, format: Format) -> String {
    let (manifests, taint) = concealed();
    let text = render(&manifests, &taint, secrets, format);
    // EXPOSE: test values.
    text.expose_str().unwrap().to_owned()
}

#[test]
fn masked_output_holds_tokens_and_no_value_in_any_form() {
    for format in [Format::Yaml, Format::Json] {
        let text = text(Secrets::Masked, format);
        for value in ["hunter2", "aHVudGVyMg", "admin1", "YWRtaW4x"] {
            assert!(!text.contains(value), "{value} in {text}");
        }
        assert_eq!(text.matches("••••").count(), 5, "{text}");
    }
}

#[test]
fn shown_output_is_what_would_be_applied() {
    assert_eq!(
        text(Secrets::Shown, Format::Yaml),
        "apiVersion: v1
data:
  password: aHVudGVyMg==
  user: YWRtaW4x
kind: Secret
metadata:
  name: db
stringData:
  again: hunter2
---
apiVersion: v1
data:
  url: https://admin1:hunter2@db
kind: ConfigMap
metadata:
  name: notes
"
    );
}

#[test]
fn json_is_one_list() {
    let list: serde_json::Value =
        serde_json::from_str(&text(Secrets::Shown, Format::Json)).unwrap();
    assert_eq!(list["kind"], "List");
    assert_eq!(list["items"][1]["metadata"]["name"], "notes");
}
