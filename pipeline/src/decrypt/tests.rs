use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use manifests::{
    ArtifactPath, CONCEALED, Dialect, File, Limits, Manifest, Tree, read_yaml, read_yaml_as,
};
use rand::SeedableRng;
use rand::rngs::StdRng;
use secret_bytes::SecretBytes;
use serde_json::{Value, json};
use sops_engine::{
    AgeKeyService, AgeRecipient, DataKey, DecryptionOrder, Encryption, Format, Indents, MacScope,
    MasterKey, RuleKind, SelectionRule, encrypt, unwrap_data_key, wrap_data_key,
};

use super::{
    Authenticated, DataKeys, Decrypt, EncryptedFiles, EncryptedObjects, InputFile, OpenedObjects,
    scan_files, scan_objects,
};
use crate::redact::Taint;
use crate::unit::{Decryption, MacPolicy, flux};

const IDENTITY: &str = include_str!("../../tests/vectors/age-identity.txt");
const RECIPIENT: &str = "age1kskym8adf7gj3re6w7492m98r4s9vtzxwp0npn6tnvyeps3fr3nsnshag5";
const COMPLETE: &str = include_str!("../../tests/vectors/secret-for-age.yaml");
const PLAIN: &str = include_str!("../../tests/vectors/secret-for-age-decrypted.yaml");
const INCOMPLETE: &str = include_str!("../../tests/vectors/secret-without-data-key.yaml");

/// Runs a future that never waits.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("age needs no waiting"),
    }
}

fn identity() -> AgeKeyService {
    let text = SecretBytes::new(IDENTITY.as_bytes().to_vec());
    AgeKeyService::from_identities(&text, "test").unwrap()
}

/// Encrypts the data of a Secret, or with `None` every value.
fn sealed_with(plain: &str, format: Format, regex: Option<&str>, seed: u64) -> String {
    let mut rng = StdRng::seed_from_u64(seed);
    let data_key = DataKey::generate(&mut rng);
    let age = MasterKey::Age(AgeRecipient {
        recipient: RECIPIENT.to_owned(),
    });
    let now = "2030-01-01T00:00:00Z";
    let groups = ready(wrap_data_key(
        &data_key,
        &[vec![age]],
        0,
        &identity(),
        now,
        &mut rng,
    ))
    .unwrap();
    let rule = match regex {
        Some(regex) => SelectionRule::new(RuleKind::EncryptedRegex, regex).unwrap(),
        None => SelectionRule::default(),
    };
    let encryption = Encryption {
        rule,
        mac_scope: MacScope::AllValues,
        shamir_threshold: 0,
        groups,
        last_modified: now.to_owned(),
        indents: Indents::default(),
    };
    let bytes = encrypt(
        plain.as_bytes(),
        format,
        format,
        &encryption,
        &data_key,
        &mut rng,
    )
    .unwrap();
    String::from_utf8(bytes).unwrap()
}

fn sealed(plain: &str) -> String {
    sealed_with(plain, Format::Yaml, Some("^(data|stringData)$"), 1)
}

fn secret(name: &str, value: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\n  namespace: apps\nstringData:\n  password: {value}\n"
    )
}

fn tree(files: &[(&str, &str)]) -> Tree {
    let mut tree = Tree::default();
    for (path, content) in files {
        let content = Bytes::copy_from_slice(content.as_bytes());
        tree.insert(
            path.parse().unwrap(),
            File {
                content,
                executable: false,
            },
        );
    }
    tree
}

fn input(path: &str, format_name: &str) -> InputFile {
    InputFile {
        path: path.parse().unwrap(),
        format_name: format_name.to_owned(),
        environment: false,
    }
}

fn scan(files: &[(&str, &str)], inputs: &[InputFile]) -> Result<EncryptedFiles, Decrypt> {
    let resources: Vec<ArtifactPath> = files
        .iter()
        .map(|(path, _)| path.parse().unwrap())
        .filter(|path| inputs.iter().all(|input| input.path != *path))
        .collect();
    scan_files(
        &tree(files),
        inputs,
        &resources,
        Some(&Decryption::default()),
        &flux::protections(),
    )
}

fn unwrap_files(files: &EncryptedFiles, keys: &mut DataKeys) {
    let mut unwrapped = Vec::new();
    for need in files.needs(keys) {
        let order = DecryptionOrder::default();
        let key = ready(unwrap_data_key(need.metadata, &identity(), &order)).unwrap();
        unwrapped.push((need.metadata.clone(), key));
    }
    unwrapped
        .into_iter()
        .for_each(|(metadata, key)| keys.insert(&metadata, key));
}

fn unwrap_objects(objects: &EncryptedObjects, keys: &mut DataKeys) {
    let mut unwrapped = Vec::new();
    for need in objects.needs(keys) {
        let order = DecryptionOrder::default();
        let key = ready(unwrap_data_key(need.metadata, &identity(), &order)).unwrap();
        unwrapped.push((need.metadata.clone(), key));
    }
    unwrapped
        .into_iter()
        .for_each(|(metadata, key)| keys.insert(&metadata, key));
}

fn read(text: &str) -> Vec<Manifest> {
    read_yaml_as(
        Dialect::Kustomize,
        text.as_bytes(),
        None,
        &Limits::default(),
    )
    .unwrap()
}

/// Both passes over one file of manifests, with a build in between that may change them.
fn run(text: &str, build: impl Fn(&mut Value)) -> Result<OpenedObjects, Decrypt> {
    let files = scan(&[("secret.yaml", text)], &[])?;
    let mut keys = DataKeys::default();
    unwrap_files(&files, &mut keys);
    let files = files.open(&keys, MacPolicy::Refuse)?;
    let mut manifests = read(text);
    manifests
        .iter_mut()
        .for_each(|manifest| build(manifest.object_mut()));
    let decryption = Decryption::default();
    let objects = scan_objects(
        manifests,
        &files.authenticated,
        Some(&decryption),
        &flux::protections(),
    )?;
    unwrap_objects(&objects, &mut keys);
    objects.open(&keys, MacPolicy::Refuse, files.taint)
}

fn body(manifest: &Manifest) -> Value {
    serde_json::from_slice(manifest.to_body().expose()).unwrap()
}

fn message(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text = format!("{text}: {error}");
        next = error.source();
    }
    text
}

/// G-196: the twin of M-30, written by upstream `sops`, opens to what it was made of.
#[test]
fn secret_written_by_upstream_opens() {
    let opened = run(COMPLETE, |_| {}).unwrap();
    let expected = read(PLAIN);
    assert_eq!(body(&opened.manifests[0]), *expected[0].object());
    assert!(opened.warnings.is_empty());
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
        unwrap_objects(&objects, &mut keys);
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

/// G-201: the opt-in lets a changed file pass, and says so.
#[test]
fn mac_policy_warn_lets_a_changed_file_pass_with_a_warning() {
    let tampered = COMPLETE.replace("type: Opaque", "type: kubernetes.io/tls");
    let files = scan(&[("secret.yaml", &tampered)], &[]).unwrap();
    let mut keys = DataKeys::default();
    unwrap_files(&files, &mut keys);
    let opened = files.open(&keys, MacPolicy::Warn).unwrap();
    assert_eq!(opened.warnings.len(), 1);
    assert!(opened.warnings[0].to_string().starts_with("secret.yaml: "));
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
    let files = [
        ("values.yaml", values.as_str()),
        ("patch.json", patch.as_str()),
        ("plain.txt", "not encrypted"),
    ];
    let inputs = [
        input("values.yaml", "values.yaml"),
        input("patch.json", "patch.json"),
        input("plain.txt", "plain.txt"),
    ];
    let found = scan(&files, &inputs).unwrap();
    let mut keys = DataKeys::default();
    assert_eq!(found.needs(&keys).len(), 2);
    unwrap_files(&found, &mut keys);
    assert!(found.needs(&keys).is_empty());
    let opened = found.open(&keys, MacPolicy::Refuse).unwrap();
    assert_eq!(opened.overlay.len(), 2);
    let plain = &opened.overlay[&"values.yaml".parse().unwrap()];
    assert_eq!(plain.expose(), b"user: app\npassword: hunter2\n");
    assert!(opened.taint.is_in("hunter2") && opened.taint.is_in("patched-in"));
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
    unwrap_objects(&objects, &mut keys);
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

/// §9.3.2: the size limit.
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

proptest::proptest! {
    /// Whatever is changed in an encrypted file, it is refused or opens to the same values.
    #[test]
    fn changed_ciphertext_never_opens_to_something_else(at in 0..COMPLETE.len(), byte in b' '..b'~') {
        let mut changed = COMPLETE.as_bytes().to_vec();
        changed[at] = byte;
        let Ok(text) = String::from_utf8(changed) else { return Ok(()) };
        if read_yaml_as(Dialect::Kustomize, text.as_bytes(), None, &Limits::default()).is_err() {
            return Ok(());
        }
        let Ok(files) = scan(&[("secret.yaml", &text)], &[]) else { return Ok(()) };
        let keys = {
            let mut keys = DataKeys::default();
            let unwrapped: Vec<_> = files
                .needs(&keys)
                .into_iter()
                .filter_map(|need| {
                    let key = ready(unwrap_data_key(need.metadata, &identity(), &DecryptionOrder::default()));
                    Some((need.metadata.clone(), key.ok()?))
                })
                .collect();
            unwrapped.into_iter().for_each(|(metadata, key)| keys.insert(&metadata, key));
            keys
        };
        let Ok(opened) = files.open(&keys, MacPolicy::Refuse) else { return Ok(()) };
        let Ok(objects) = scan_objects(
            read(&text), &opened.authenticated, Some(&Decryption::default()), &flux::protections(),
        ) else { return Ok(()) };
        let Ok(opened) = objects.open(&keys, MacPolicy::Refuse, Taint::default()) else { return Ok(()) };
        let expected = read(PLAIN);
        proptest::prop_assert_eq!(&body(&opened.manifests[0])["data"], &expected[0].object()["data"]);
    }
}
