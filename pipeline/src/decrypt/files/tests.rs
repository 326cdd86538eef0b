use manifests::InputKind;
use sops_engine::{AgeKeyService, DecryptionOrder, Format, unwrap_data_key};

use crate::decrypt::{DataKeys, Decrypt};
use crate::fixtures::sealed::{
    COMPLETE, RECIPIENT, body, input, message, ready, run, scan, sealed, sealed_with, secret,
    unwrap,
};
use crate::unit::MacPolicy;

/// G-201, I4: a file that was changed after it was encrypted is refused before the build.
#[test]
fn changed_file_is_refused() {
    let tampered = COMPLETE.replace("type: Opaque", "type: kubernetes.io/tls");
    let error = run(&tampered, |_| {}).unwrap_err();
    assert!(matches!(error, Decrypt::Open { .. }), "{error}");
    let text = message(&error);
    assert!(
        text.starts_with("failed to decrypt secret.yaml: "),
        "{text}"
    );
    assert!(text.contains("MAC"), "{text}");
}

/// G-201: the opt-in lets a changed file pass, and says so.
#[test]
fn mac_policy_warn_lets_a_changed_file_pass_with_a_warning() {
    let tampered = COMPLETE.replace("type: Opaque", "type: kubernetes.io/tls");
    let files = scan(&[("secret.yaml", &tampered)], &[]).unwrap();
    let mut keys = DataKeys::default();
    unwrap(files.needs(&DataKeys::default()), &mut keys);
    let opened = files.open(&keys, MacPolicy::Warn).unwrap();
    assert_eq!(opened.warnings.len(), 1);
    assert!(opened.warnings[0].to_string().starts_with("secret.yaml: "));
}

/// G-197: generator files and patches become an overlay.
#[test]
fn encrypted_inputs_become_the_overlay() {
    let values = sealed_with("user: app\npassword: hunter2\n", Format::Yaml, None, 2);
    let patch = sealed_with(
        "{\"metadata\": {\"annotations\": {\"token\": \"patched-in\"}}}",
        Format::Json,
        None,
        3,
    );
    let variables = sealed_with("TOKEN=dotenv-value\n", Format::Dotenv, None, 4);
    let files = [
        ("values.yaml", values.as_str()),
        ("patch.json", patch.as_str()),
        ("legacy", variables.as_str()),
        ("plain.txt", "not encrypted"),
    ];
    let inputs = [
        input("values.yaml", InputKind::File),
        input("patch.json", InputKind::Patch),
        input("legacy", InputKind::Environment),
        input("plain.txt", InputKind::File),
    ];
    let found = scan(&files, &inputs).unwrap();
    let mut keys = DataKeys::default();
    assert_eq!(found.needs(&keys).len(), 3);
    unwrap(found.needs(&DataKeys::default()), &mut keys);
    assert!(found.needs(&keys).is_empty());
    let opened = found.open(&keys, MacPolicy::Refuse).unwrap();
    assert_eq!(opened.overlay.len(), 3);
    let plain = &opened.overlay[&"values.yaml".parse().unwrap()];
    assert_eq!(plain.expose(), b"user: app\npassword: hunter2\n");
    let variables = &opened.overlay[&"legacy".parse().unwrap()];
    assert_eq!(variables.expose(), b"TOKEN=dotenv-value\n");
    assert!(opened.taint.is_in("hunter2") && opened.taint.is_in("patched-in"));
}

/// Documents that were encrypted apart and put into one file are authenticated one by one.
#[test]
fn documents_encrypted_apart_are_authenticated_apart() {
    let one = sealed(&secret("a", "hunter2"));
    let other = sealed_with(
        &secret("b", "hunter3"),
        Format::Yaml,
        Some("^stringData$"),
        9,
    );
    let plain = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n";
    let text = format!("{one}---\n{plain}---\n{other}");
    let opened = run(&text, |_| {}).unwrap();
    assert_eq!(
        body(&opened.manifests[0])["stringData"]["password"],
        "hunter2"
    );
    assert_eq!(
        body(&opened.manifests[2])["stringData"]["password"],
        "hunter3"
    );
    let error = run(&text.replace("name: b", "name: x"), |_| {}).unwrap_err();
    assert!(
        error.to_string().contains("secret.yaml (document 3)"),
        "{error}"
    );
}

/// S11: the error names file and recipients, and no value.
#[test]
fn missing_key_names_the_recipients() {
    let files = scan(&[("secret.yaml", COMPLETE)], &[]).unwrap();
    let keys = DataKeys::default();
    let need = files.needs(&keys)[0];
    let nobody = AgeKeyService::new();
    let failure = ready(unwrap_data_key(
        need.metadata,
        &nobody,
        &DecryptionOrder::default(),
    ))
    .unwrap_err();
    let error = need.failed(failure);
    assert_eq!(
        error.to_string(),
        format!("failed to decrypt secret.yaml: document needs one of {RECIPIENT}")
    );
    let error = files.open(&keys, MacPolicy::Refuse).unwrap_err();
    assert!(matches!(error, Decrypt::KeyNotGiven { .. }));
}

/// I7: the size limit of §9.3.2.
#[test]
fn huge_encrypted_file_is_refused() {
    let huge = format!("{COMPLETE}\n# {}\n", "x".repeat(5 << 20));
    let error = scan(&[("secret.yaml", &huge)], &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "encrypted file secret.yaml is larger than 5242880 bytes"
    );
    let plain = format!("# {}\n", "x".repeat(6 << 20));
    assert!(scan(&[("plain.yaml", &plain)], &[]).unwrap().is_empty());
}
