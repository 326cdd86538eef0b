use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use manifests::{CONCEALED, Limits, read_yaml};
use secret_bytes::SecretBytes;
use serde_json::{Value, json};
use sops_engine::Format;

use crate::decrypt::{Authenticated, DataKeys, Decrypt, WarningKind, scan_objects};
use crate::fixtures::sealed::{
    COMPLETE, INCOMPLETE, PLAIN, body, message, read, run, scan, sealed, sealed_with, secret,
    unwrap,
};
use crate::redact::Taint;
use crate::unit::{Decryption, MacPolicy, flux};

/// G-196: the twin of M-30, written by upstream `sops`, opens to what it was made of.
#[test]
fn secret_written_by_upstream_opens() {
    let opened = run(COMPLETE, |_| {}).unwrap();
    let expected = read(PLAIN);
    assert_eq!(body(&opened.manifests[0]), *expected[0].object());
    assert!(opened.warnings.is_empty());
}

/// M-14, S15: a Secret that stands in the source as plaintext is named, once; one that was encrypted,
/// or made of a decrypted file, is not, nor one without values.
#[test]
fn plaintext_secret_in_the_source_is_named() {
    let warned = |text: &str, decryption: Option<&Decryption>| -> Vec<String> {
        let nothing = Authenticated::default();
        let objects = scan_objects(read(text), &nothing, decryption, &flux::protections()).unwrap();
        let mut keys = DataKeys::default();
        unwrap(objects.needs(&DataKeys::default()), &mut keys);
        let mut taint = Taint::default();
        taint.add(Arc::new(SecretBytes::from("hunter2".to_owned())));
        let opened = objects.open(&keys, MacPolicy::Refuse, taint).unwrap();
        let kinds = opened.warnings.iter().map(|warning| warning.kind);
        assert!(
            kinds
                .clone()
                .all(|kind| kind == WarningKind::PlaintextSecret)
        );
        opened.warnings.iter().map(ToString::to_string).collect()
    };
    let named = warned(&secret("db", "plain-password"), None);
    assert_eq!(
        named,
        [
            "Secret/apps/db: its values are plaintext in the source; hint: encrypt the file with sops, or seal it with kubeseal"
        ]
    );
    let generated = secret("db", "hunter2");
    let encoded = "apiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: apps}\ndata: {k: aHVudGVyMg==}\n";
    let empty =
        "apiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: apps}\nstringData: {k: ''}\n";
    let other = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: plain}\n";
    for text in [generated.as_str(), encoded, empty, other] {
        assert!(warned(text, None).is_empty(), "{text}");
    }
    assert!(warned(COMPLETE, Some(&Decryption::default())).is_empty());
}

/// I1, D-12: plaintext is concealed in the manifest and known to the taint.
#[test]
fn opened_secret_shows_no_value() {
    let opened = run(COMPLETE, |_| {}).unwrap();
    let object = opened.manifests[0].object();
    assert_eq!(object["data"]["API_KEY"], CONCEALED);
    assert!(object.get("sops").is_none());
    assert!(opened.taint.is_in("an error about fixture-api-key"));
    assert!(!format!("{opened:?}").contains("fixture"));
}

/// D-10: a build that changes an object after its file was authenticated is fine.
#[test]
fn object_changed_by_the_build_opens_when_its_file_was_authenticated() {
    let opened = run(COMPLETE, |object| {
        object["metadata"]["namespace"] = json!("elsewhere");
        object["metadata"]["labels"] = json!({"a": "b"});
    })
    .unwrap();
    let body = body(&opened.manifests[0]);
    assert_eq!(body["metadata"]["namespace"], "elsewhere");
    assert_eq!(body["data"]["API_KEY"], "Zml4dHVyZS1hcGkta2V5");
}

/// D-10: an object that comes from no authenticated file must carry a MAC that holds.
#[test]
fn object_of_unknown_origin_must_have_a_mac_that_holds() {
    let open = |policy, change: &dyn Fn(&mut Value)| {
        let mut manifests = read(COMPLETE);
        change(manifests[0].object_mut());
        let decryption = Decryption::default();
        let nothing = Authenticated::default();
        let objects =
            scan_objects(manifests, &nothing, Some(&decryption), &flux::protections()).unwrap();
        let mut keys = DataKeys::default();
        unwrap(objects.needs(&DataKeys::default()), &mut keys);
        objects.open(&keys, policy, Taint::default())
    };
    assert!(open(MacPolicy::Refuse, &|_| {}).is_ok());
    let change = |object: &mut Value| object["metadata"]["namespace"] = json!("elsewhere");
    let error = open(MacPolicy::Refuse, &change).unwrap_err();
    assert!(matches!(error, Decrypt::Open { .. }), "{error}");
    let opened = open(MacPolicy::Warn, &change).unwrap();
    assert_eq!(opened.warnings.len(), 1, "the opt-in shows");
    assert!(
        opened.warnings[0]
            .to_string()
            .starts_with("Secret/elsewhere/api-secrets: ")
    );
}

/// G-199
#[test]
fn encrypted_object_without_decryption_is_an_error() {
    let error = scan_objects(
        read(COMPLETE),
        &Authenticated::default(),
        None,
        &flux::protections(),
    )
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "Secret/production/api-secrets is SOPS encrypted and decryption is not configured; \
         hint: set decryption on the unit"
    );
}

/// G-200: M-30 as printed fails naming file and missing metadata, and no value.
#[test]
fn secret_without_data_key_fails_naming_what_is_missing() {
    let error = scan(&[("apps/secret.yaml", INCOMPLETE)], &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "failed to decrypt apps/secret.yaml: SOPS metadata lacks mac, lastmodified, version, \
         an encrypted data key; hint: encrypt the document again"
    );
    let error = scan_objects(
        read(INCOMPLETE),
        &Authenticated::default(),
        Some(&Decryption::default()),
        &flux::protections(),
    )
    .unwrap_err();
    assert!(
        error.to_string().contains("Secret/production/api-secrets"),
        "{error}"
    );
    assert!(!message(&error).contains("encrypted_value"));
}

/// §9.3.3: ciphertext is never applied silently.
#[test]
fn value_that_is_still_encrypted_is_an_error() {
    let sealed = "ENC[AES256_GCM,data:YQ==,iv:YQ==,tag:YQ==,type:str]";
    for field in [
        format!("stringData: {{k: '{sealed}'}}"),
        format!("data: {{k: '{sealed}'}}"),
        format!("data: {{k: {}}}", STANDARD.encode(sealed)),
    ] {
        let text = format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: a, namespace: apps}}\n{field}\n"
        );
        for decryption in [None, Some(&Decryption::default())] {
            let objects = scan_objects(
                read(&text),
                &Authenticated::default(),
                decryption,
                &flux::protections(),
            )
            .unwrap();
            let error = objects
                .open(&DataKeys::default(), MacPolicy::Refuse, Taint::default())
                .unwrap_err();
            assert!(
                error
                    .to_string()
                    .starts_with("Secret/apps/a:k is still encrypted"),
                "{error}"
            );
        }
    }
}

/// G-202: the annotation keeps an object as it is.
#[test]
fn object_marked_to_be_kept_encrypted_is_kept() {
    let marked = COMPLETE.replace(
        "  namespace: production",
        "  namespace: production\n  annotations:\n    kustomize.toolkit.fluxcd.io/decrypt: disabled",
    );
    let opened = run(&marked, |_| {}).unwrap();
    assert_eq!(body(&opened.manifests[0]), *read(&marked)[0].object());
}

/// G-197: what a patch carried into another kind is concealed there.
#[test]
fn value_patched_into_another_kind_is_concealed() {
    let mut taint = Taint::default();
    taint.add(Arc::new(SecretBytes::new(b"patched-in".to_vec())));
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  annotations: {token: 'x patched-in', other: y}\n";
    let objects = scan_objects(
        read(text),
        &Authenticated::default(),
        None,
        &flux::protections(),
    )
    .unwrap();
    let opened = objects
        .open(&DataKeys::default(), MacPolicy::Refuse, taint)
        .unwrap();
    let annotations = &opened.manifests[0].object()["metadata"]["annotations"];
    assert_eq!(annotations, &json!({"token": CONCEALED, "other": "y"}));
    assert_eq!(
        body(&opened.manifests[0])["metadata"]["annotations"]["token"],
        "x patched-in"
    );
}

/// G-198: documents inside a Secret's values, told by their marks and written by the key's ending.
#[test]
fn encrypted_documents_inside_a_secret_are_opened() {
    let yaml = sealed_with("password: hunter2\n", Format::Yaml, None, 4);
    let json = sealed_with("{\"password\": \"hunter3\"}", Format::Json, None, 5);
    let text = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a", "namespace": "apps"},
        "data": {"app.yaml": STANDARD.encode(&yaml), "plain": STANDARD.encode("plain-value")},
        "stringData": {"app.json": json},
    })
    .to_string();
    let objects = scan_objects(
        read(&text),
        &Authenticated::default(),
        Some(&Decryption::default()),
        &flux::protections(),
    )
    .unwrap();
    let mut keys = DataKeys::default();
    unwrap(objects.needs(&DataKeys::default()), &mut keys);
    let opened = objects
        .open(&keys, MacPolicy::Refuse, Taint::default())
        .unwrap();
    let body = body(&opened.manifests[0]);
    let yaml = STANDARD
        .decode(body["data"]["app.yaml"].as_str().unwrap())
        .unwrap();
    assert_eq!(yaml, b"password: hunter2\n");
    assert_eq!(body["data"]["plain"], STANDARD.encode("plain-value"));
    let json: Value =
        serde_json::from_str(body["stringData"]["app.json"].as_str().unwrap()).unwrap();
    assert_eq!(json, json!({"password": "hunter3"}));
    assert_eq!(opened.manifests[0].object()["data"]["app.yaml"], CONCEALED);
}

/// One data key, one call to a key service, however many documents.
#[test]
fn one_data_key_is_asked_for_once() {
    let two = format!("{}---\n{}", secret("a", "hunter2"), secret("b", "hunter3"));
    let text = sealed(&two);
    let objects = scan_objects(
        read(&text),
        &Authenticated::default(),
        Some(&Decryption::default()),
        &flux::protections(),
    )
    .unwrap();
    assert_eq!(objects.needs(&DataKeys::default()).len(), 1);
    let opened = run(&text, |_| {}).unwrap();
    assert_eq!(
        body(&opened.manifests[0])["stringData"]["password"],
        "hunter2"
    );
    assert_eq!(
        body(&opened.manifests[1])["stringData"]["password"],
        "hunter3"
    );
}

/// A whole object of any kind is opened, and what was encrypted in it is concealed.
#[test]
fn object_of_another_kind_is_opened_and_concealed() {
    let plain = "apiVersion: example.com/v1\nkind: Thing\nmetadata:\n  name: a\nspec:\n  token: hunter2\n  open: word\n";
    let text = sealed_with(plain, Format::Yaml, Some("^token$"), 6);
    let opened = run(&text, |_| {}).unwrap();
    assert_eq!(
        opened.manifests[0].object()["spec"],
        json!({"token": CONCEALED, "open": "word"})
    );
    assert_eq!(body(&opened.manifests[0])["spec"]["token"], "hunter2");
}

/// I2: anything wrong with any object gives no manifests at all.
#[test]
fn one_broken_object_fails_the_whole_build() {
    let text = format!("{PLAIN}---\n{INCOMPLETE}");
    let manifests = read_yaml(text.as_bytes(), None, &Limits::default()).unwrap();
    let error = scan_objects(
        manifests,
        &Authenticated::default(),
        Some(&Decryption::default()),
        &flux::protections(),
    );
    assert!(error.is_err());
}

#[test]
fn plain_secrets_pass_and_are_concealed() {
    let opened = run(PLAIN, |_| {}).unwrap();
    assert_eq!(opened.manifests[0].object()["data"]["API_KEY"], CONCEALED);
    assert!(opened.taint.is_in("fixture-api-key"));
}
