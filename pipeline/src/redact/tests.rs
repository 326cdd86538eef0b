use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;
use secret_bytes::SecretBytes;
use serde_json::json;

use super::{Taint, View, masked, url_encoded};
use crate::fixtures::read;

fn view() -> View {
    View::new(&[7; 32])
}

fn taint(values: &[&str]) -> Taint {
    let mut taint = Taint::default();
    for value in values {
        taint.add(Arc::new(SecretBytes::new(value.as_bytes().to_vec())));
    }
    taint
}

/// S6
#[test]
fn tokens_are_equal_for_equal_values_and_of_one_length() {
    let view = view();
    assert_eq!(view.token(b"hunter2"), view.token(b"hunter2"));
    assert_ne!(view.token(b"hunter2"), view.token(b"hunter3"));
    assert_eq!(view.token(b"").chars().count(), 10);
    assert_eq!(view.token(&[b'x'; 4096]).chars().count(), 10);
    assert!(view.token(b"x").starts_with("••••"));
    assert_ne!(
        view.token(b"hunter2"),
        View::new(&[8; 32]).token(b"hunter2")
    );
}

/// S4: every form.
#[test]
fn value_is_masked_in_every_form() {
    let secret = "p\"ss wörd/?";
    let taint = taint(&[secret]);
    let view = view();
    for form in [
        secret.to_owned(),
        STANDARD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
        String::from_utf8(url_encoded(secret.as_bytes())).unwrap(),
        json!(secret).to_string(),
    ] {
        let text = format!("before {form} after");
        assert!(taint.is_in(&text), "{form}");
        let masked = taint.mask(&text, &view);
        assert!(masked.contains(&view.token(secret.as_bytes())), "{masked}");
        assert!(!masked.contains(form.trim_matches('"')), "{masked}");
        assert!(masked.starts_with("before ") && masked.ends_with(" after"));
    }
}

/// S4: per line.
#[test]
fn each_line_of_a_value_is_masked() {
    let taint = taint(&["-----BEGIN-----\nMIIabcdef\nxy\n"]);
    assert!(taint.is_in("it says MIIabcdef here"));
    assert!(!taint.is_in("xy"), "shorter than four bytes");
}

#[test]
fn short_values_are_not_looked_for() {
    assert!(taint(&["abc", ""]).is_empty());
    assert_eq!(taint(&["abcd"]).len(), 1);
}

#[test]
fn longer_value_is_masked_before_one_it_contains() {
    let view = view();
    let taint = taint(&["pass", "password"]);
    assert_eq!(taint.mask("password", &view), view.token(b"password"));
}

/// S6, S7: what `signet build` prints of a Secret.
#[test]
fn secret_shows_keys_and_tokens_and_no_copy() {
    let view = view();
    let manifests = read(
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n  annotations:\n    own: x\n    \
         kubectl.kubernetes.io/last-applied-configuration: '{\"data\":{\"k\":\"aHVudGVyMg==\"}}'\n\
         data: {k: aHVudGVyMg==}\nstringData: {l: hunter2}\n",
    );
    let object = masked(&manifests[0], &Taint::default(), &view);
    let token = view.token(b"hunter2");
    assert_eq!(object["data"], json!({"k": token}));
    assert_eq!(object["stringData"], json!({"l": token}));
    assert_eq!(object["metadata"]["annotations"], json!({"own": "x"}));
}

/// D-12: other kinds are masked by value, and what they conceal too.
#[test]
fn tainted_text_of_other_kinds_is_masked() {
    let view = view();
    let mut manifests = read(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {url: 'https://u:hunter2@x', own: word}\n",
    );
    manifests[0].conceal("/data/own");
    let object = masked(&manifests[0], &taint(&["hunter2"]), &view);
    assert_eq!(
        object["data"]["url"],
        format!("https://u:{}@x", view.token(b"hunter2"))
    );
    assert_eq!(object["data"]["own"], view.token(b"word"));
}

#[test]
fn concealed_values_taint() {
    let mut manifests = read(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {k: aHVudGVyMg==}\nstringData: {l: other-value}\n",
    );
    manifests[0].conceal_secret_data();
    let mut taint = Taint::default();
    taint.add_concealed(&manifests[0]);
    assert!(taint.is_in("hunter2") && taint.is_in("aHVudGVyMg==") && taint.is_in("other-value"));
}

#[test]
fn debug_text_holds_no_value() {
    assert!(!format!("{:?}", taint(&["hunter2"])).contains("hunter2"));
}

proptest! {
    /// S4: nothing of what is tainted is left, whatever the text.
    #[test]
    fn masked_text_holds_no_tainted_value(
        values in proptest::collection::vec("[ -~ä\n]{4,20}", 1..4),
        before in "[ -~]{0,10}",
    ) {
        let values: Vec<_> = values.iter().map(String::as_str).collect();
        let taint = taint(&values);
        let view = view();
        for value in &values {
            let text = format!("{before}{value}|{}", STANDARD.encode(value));
            let masked = taint.mask(&text, &view);
            let encoded = STANDARD.encode(value);
            prop_assert!(!masked.contains(encoded.as_str()));
        }
    }
}
