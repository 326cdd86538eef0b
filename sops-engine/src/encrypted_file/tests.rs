use super::*;
use crate::test_support::{data_key, encryption, rng, with_rule};
use crate::{Encryption, MacScope, OpenValue, RuleKind, encrypt};

fn sealed_with(plain: &str, encryption: &Encryption) -> String {
    let bytes = encrypt(
        plain.as_bytes(),
        Format::Yaml,
        Format::Yaml,
        encryption,
        &data_key(),
        &mut rng(),
    )
    .expect("encrypts");
    String::from_utf8(bytes).expect("UTF-8")
}

fn sealed(plain: &str) -> String {
    sealed_with(plain, &encryption())
}

fn decrypt(text: &str) -> Result<String, DecryptError> {
    let file = EncryptedFile::parse(Format::Yaml, text.as_bytes()).expect("reads");
    let verified = file.decrypt(&data_key())?;
    let plain = verified.to_bytes(Format::Yaml).expect("writes");
    Ok(plain.expose_str().expect("UTF-8").to_owned())
}

fn mac_of(text: &str) -> MacError {
    match decrypt(text) {
        Err(DecryptError::Mac(error)) => error,
        other => panic!("expected a MAC error, found {other:?}"),
    }
}

/// The known MAC of a document, from the values alone.
///
/// S-047, S-050
#[test]
fn macs_are_the_known_ones() {
    let plain = "a: 1\nb: x\nc: true\nd: 1.5\n";
    let mac = |encryption: &Encryption| {
        let text = sealed_with(plain, encryption);
        let file = EncryptedFile::parse(Format::Yaml, text.as_bytes()).expect("reads");
        let cipher = Cipher::new(&data_key()).expect("32 bytes");
        let opened = cipher
            .open(&file.metadata().mac, b"2024-01-02T03:04:05Z")
            .expect("opens");
        opened.1.expose_str().expect("UTF-8").to_owned()
    };
    assert_eq!(
        mac(&encryption()),
        "2CB66C706BB0EAE57110C02D9FD167425F9864E952173EE3ED3A1ED9EB36124745ACD84A9C9291E32768A48\
         46BC9EED7C3028D1EA2C3540DA15EB8C04DA7FDE9"
    );
    let only_encrypted = Encryption {
        mac_scope: MacScope::EncryptedValues,
        ..with_rule(RuleKind::UnencryptedRegex, "^d$")
    };
    assert_eq!(
        mac(&only_encrypted),
        "105AED38EE8A3031C42606A8976EF6F4ACCF5442600D6D51888CA2CDE7BD33DC50AE47407DC87F7AB6F1B62\
         FCE9250D4715CF348BE00C6DC4CAF608E2F244462"
    );
}

/// S-048, S-049, S-052, and the refusal of G-201
#[test]
fn the_mac_covers_plain_values_and_not_names() {
    let text = sealed("a: 1\nb_unencrypted: two\nc_unencrypted: null\n");
    assert!(matches!(
        mac_of(&text.replace("two", "three")),
        MacError::Mismatch { .. }
    ));
    assert!(decrypt(&text.replace("b_unencrypted", "z_unencrypted")).is_ok());
    assert!(decrypt(&text.replace("c_unencrypted: null\n", "")).is_ok());
    let mac = text
        .lines()
        .find(|line| line.trim_start().starts_with("mac:"))
        .expect("a MAC");
    assert_eq!(
        mac_of(&text.replace(mac, "    mac: \"\"")),
        MacError::Missing
    );
    assert_eq!(
        mac_of(&text.replace(mac, "    mac: x")),
        MacError::Unreadable
    );
    let file = EncryptedFile::parse(Format::Yaml, text.replace("two", "three").as_bytes());
    let (_, error) = file
        .expect("reads")
        .decrypt_unverified(&data_key())
        .expect("values hold");
    assert!(matches!(error, Some(MacError::Mismatch { .. })));
}

/// S-050
#[test]
fn plain_values_are_free_when_the_mac_covers_encrypted_ones_only() {
    let only_encrypted = Encryption {
        mac_scope: MacScope::EncryptedValues,
        ..encryption()
    };
    let text = sealed_with("a: 1\nb_unencrypted: two\n", &only_encrypted);
    assert!(text.contains("mac_only_encrypted: true"));
    assert!(decrypt(&text.replace("two", "three")).is_ok());
}

/// S-051, S-066
#[test]
fn lastmodified_is_normalised_before_it_authenticates() {
    let text = sealed("a: 1\n");
    assert!(decrypt(&text.replace("03:04:05Z", "03:04:05+00:00")).is_ok());
    assert!(decrypt(&text.replace("\"2024-01-02T03:04:05Z\"", "2024-01-02T03:04:05Z")).is_ok());
    assert_eq!(
        mac_of(&text.replace("03:04:05Z", "03:04:06Z")),
        MacError::Unreadable
    );
}

/// S-017, S-020, S-021, S-039, S-053
#[test]
fn values_are_bound_to_their_place() {
    let swapped = |plain: &str, first: &str, second: &str| {
        let text = sealed(plain);
        let value = |key: &str| {
            let line = text.lines().find(|line| line.trim_start().starts_with(key));
            line.and_then(|line| line.split_once(key))
                .expect("a line")
                .1
                .to_owned()
        };
        let (one, two) = (value(first), value(second));
        decrypt(
            &text
                .replace(&one, "#")
                .replace(&two, &one)
                .replace('#', &two),
        )
    };
    assert!(matches!(
        swapped("a: x\nb: y\n", "a: ", "b: "),
        Err(DecryptError::Leaf(LeafError::Open {
            cause: OpenValue::Authentication,
            ..
        }))
    ));
    let text = sealed("l:\n  - x\n  - y\n");
    let items: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("  - ENC"))
        .collect();
    let turned = text
        .replacen(items[0], "@", 1)
        .replacen(items[1], items[0], 1)
        .replacen('@', items[1], 1);
    assert!(matches!(mac_of(&turned), MacError::Mismatch { .. }));
    let text = sealed("a: x\n");
    let number = text
        .lines()
        .skip(1)
        .fold("a: 5".to_owned(), |text, line| text + "\n" + line);
    assert!(matches!(
        decrypt(&number),
        Err(DecryptError::Leaf(LeafError::NotText { .. }))
    ));
}

/// S-232: the plain value that stands where ciphertext should is not in the message.
#[test]
fn errors_do_not_hold_values() {
    let text = sealed("a: x\n");
    let plain = text
        .lines()
        .skip(1)
        .fold("a: hunter2".to_owned(), |text, line| text + "\n" + line);
    let error = decrypt(&plain).expect_err("no ciphertext");
    let mut shown = format!("{error} {error:?}");
    if let Some(source) = std::error::Error::source(&error) {
        shown.push_str(&source.to_string());
    }
    assert!(!shown.contains("hunter2"), "{shown}");
}

/// S-040
#[test]
fn a_plain_comment_in_an_encrypted_file_stays_with_a_warning() {
    let text = format!("# added by hand\n{}", sealed("a: x\n"));
    let file = EncryptedFile::parse(Format::Yaml, text.as_bytes()).expect("reads");
    let verified = file.decrypt(&data_key()).expect("decrypts");
    assert_eq!(verified.warnings().len(), 1);
    let plain = verified.to_bytes(Format::Yaml).expect("writes");
    assert_eq!(plain.expose(), b"# added by hand\na: x\n");
}

/// S-026, S-064, S-067, S-068, S-072
#[test]
fn unusable_metadata_is_named() {
    let text = sealed("a: x\n");
    let error = |text: String| {
        EncryptedFile::parse(Format::Yaml, text.as_bytes())
            .expect_err("unusable")
            .to_string()
    };
    assert_eq!(error("a: x\n".into()), "sops metadata not found");
    assert_eq!(
        error("sops: x\n".into()),
        "the entry named \"sops\" does not hold metadata"
    );
    assert_eq!(
        error(text.replace("    age:", "    other:")),
        "No keys found in file"
    );
    assert_eq!(
        error(text.replace("2024-01-02T", "yesterday")),
        "metadata field \"lastmodified\" is not a time in RFC 3339 form"
    );
    assert_eq!(
        error(text.replace("version: 3", "version: x")),
        "metadata field \"version\" is missing or not a semantic version"
    );
    assert_eq!(
        error(format!("{text}    shamir_threshold: two\n")),
        "metadata field \"shamir_threshold\" is not a number"
    );
    assert_eq!(
        error(format!("{text}    encrypted_regex: a\n")),
        "metadata holds an invalid selection rule"
    );
}

/// S-028, S-060, S-065, S-095
#[test]
fn metadata_is_read_leniently() {
    let text = sealed("a: x\n");
    let lenient = text
        .replace(
            "    unencrypted_suffix: _unencrypted\n",
            "    # a comment\n    pgp: []\n    kms: null\n",
        )
        .replace(
            "    version:",
            "    Shamir_Threshold: \"2\"\n    unknown: {a: [b]}\n    VERSION:",
        );
    let file = EncryptedFile::parse(Format::Yaml, lenient.as_bytes()).expect("reads");
    assert_eq!(file.metadata().shamir_threshold, 2);
    assert_eq!(decrypt(&lenient).expect("decrypts"), "a: x\n");
}

/// Hostile files: each a clear error with a place, and no panic.
///
/// S-084, S-085, S-233
#[test]
fn hostile_yaml_is_refused_with_a_place() {
    let bomb = {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..9 {
            let below = format!("*a{}, ", level - 1).repeat(10);
            text = format!("{text}a{level}: &a{level} [{below}]\n");
        }
        text
    };
    let deep_flow = format!("a: {}{}\n", "[".repeat(10_000), "]".repeat(10_000));
    let deep_block = (0..10_000).fold(String::new(), |text, depth| {
        text + &" ".repeat(depth) + "a:\n"
    });
    let hostile = [
        bomb,
        deep_flow,
        deep_block,
        "a: &a [*a]\n".into(),
        "a: 1\n---\nb: &b {c: *b}\n".into(),
        "a: 1\na: 2\n".into(),
        "a: \u{1}\n".into(),
        "a: [\n".into(),
    ];
    for text in hostile {
        let error = EncryptedFile::parse(Format::Yaml, text.as_bytes()).expect_err("hostile");
        assert!(
            matches!(error, ReadError::Yaml(YamlError { line: 1.., .. })),
            "{error:?}"
        );
    }
    let error = EncryptedFile::parse(Format::Yaml, b"a: \xff\n").expect_err("not UTF-8");
    assert!(matches!(error, ReadError::Encoding { offset: 3 }));
    let deep_json = format!("{{\"a\":{}", "[".repeat(10_000));
    let error = EncryptedFile::parse(Format::Json, deep_json.as_bytes()).expect_err("deep");
    assert!(matches!(error, ReadError::Json(_)));
}

/// The verdicts of the malformed vectors: none panics, and what reads is the same as elsewhere.
#[test]
#[expect(clippy::disallowed_methods, reason = "a test reads the vectors")]
fn malformed_vectors_are_refused() {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../tests/vectors/yaml/malformed"
    );
    let mut read = Vec::new();
    for entry in std::fs::read_dir(folder).expect("vectors") {
        let path = entry.expect("an entry").path();
        let bytes = std::fs::read(&path).expect("readable");
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let error = EncryptedFile::parse(Format::Yaml, &bytes).expect_err("no metadata");
        if matches!(error, ReadError::Metadata(_)) {
            read.push(name);
        }
    }
    read.sort();
    // An empty key is YAML 1.2, and UTF-16 is read everywhere.
    assert_eq!(read, ["23_utf16le.yaml", "30_only_colon.yaml"]);
}

/// An object after a build: found, decrypted as JSON, its plaintext listed by place. For G-196.
#[test]
fn objects_are_decrypted_with_their_plaintext_listed() {
    let text = sealed_with(
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n  pass/word: hunter2\n",
        &with_rule(RuleKind::EncryptedRegex, "^(data|stringData)$"),
    );
    let file = EncryptedFile::parse(Format::Yaml, text.as_bytes()).expect("reads");
    let cipher = file.tree;
    let json = json::write(&cipher.documents[0], crate::JsonIndent::OneLine).expect("finite");
    let mut object: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let sops = text.split("sops:\n").nth(1).expect("a block");
    let field = |name: &str| {
        sops.lines()
            .find_map(|line| line.trim_start().strip_prefix(&format!("{name}: ")))
            .expect("a field")
            .trim_matches('"')
            .to_owned()
    };
    object["sops"] = serde_json::json!({
        "age": [{"recipient": "age1test", "enc": "x"}],
        "encrypted_regex": "^(data|stringData)$",
        "lastmodified": field("lastmodified"),
        "mac": field("mac"),
        "version": "3.13.2",
    });
    assert!(crate::is_encrypted_object(&object));
    let file = EncryptedFile::from_object(&object).expect("reads");
    let verified = file.decrypt(&data_key()).expect("decrypts");
    assert_eq!(verified.plaintexts().len(), 1);
    let plain = verified.into_objects().expect("objects").remove(0);
    assert_eq!(plain.leaves.len(), 1);
    assert_eq!(plain.leaves[0].pointer, "/stringData/pass~1word");
    assert_eq!(plain.leaves[0].value.expose(), b"hunter2");
    assert_eq!(plain.object["stringData"]["pass/word"], "hunter2");
    assert!(plain.object.get("sops").is_none());
}

proptest::proptest! {
    /// S-233: whatever stands in a file, in whatever format it is read, is read or refused.
    #[test]
    fn foreign_files_never_panic(
        bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300),
        parts in proptest::collection::vec(proptest::sample::select(vec![
            "sops", ": ", "mac", "\"", "ENC[AES256_GCM,data:", "iv:", "tag:", "type:str]", "\n", "  ",
            "- ", "{", "}", "[", "]", ",", "=", "sops_", "__list_", "__map_", "0", "age", "enc", "&a",
            "*a", "lastmodified", "2024-01-02T03:04:05Z", "version", "3.9.0", "#", "é", "\u{0}",
        ]), 0..60),
    ) {
        for content in [bytes.as_slice(), parts.concat().as_bytes()] {
            for format in [Format::Yaml, Format::Json, Format::Dotenv, Format::Ini, Format::Binary] {
                let _ = crate::is_encrypted(format, content);
                if let Ok(file) = EncryptedFile::parse(format, content) {
                    let _refused_or_not = file.decrypt(&data_key()).is_ok();
                }
            }
        }
        let _refused_or_not = crate::config::Config::parse(&parts.concat()).is_ok();
    }

    /// Metadata of any shape, as an object of a build may carry it.
    #[test]
    fn foreign_metadata_never_panics(
        names in proptest::collection::vec(proptest::sample::select(vec![
            "mac", "lastmodified", "age", "kms", "key_groups", "version", "shamir_threshold",
            "encrypted_regex", "hc_vault", "pgp", "recipient", "enc",
        ]), 0..6),
        value in proptest::sample::select(vec![
            serde_json::json!(null), serde_json::json!("ENC[AES256_GCM,data:,iv:,tag:,type:str]"),
            serde_json::json!([{"recipient": "age1", "enc": ""}]), serde_json::json!({"a": [[]]}),
            serde_json::json!(-1), serde_json::json!("("), serde_json::json!([[[]]]),
        ]),
    ) {
        let sops: serde_json::Map<_, _> = names
            .iter()
            .map(|name| ((*name).to_owned(), value.clone()))
            .collect();
        let object = serde_json::json!({"kind": "Secret", "data": {"a": value}, "sops": sops});
        if let Ok(file) = EncryptedFile::from_object(&object) {
            let _refused_or_not = file.decrypt(&data_key()).is_ok();
        }
    }
}
