use proptest::prelude::*;

use super::*;
use crate::test_support::{data_key, encryption, rng, with_rule};
use crate::{EncryptedFile, RuleKind};

fn try_encrypted(plain: &[u8], encryption: &Encryption) -> Result<String, EncryptError> {
    let bytes = encrypt(
        plain,
        Format::Yaml,
        Format::Yaml,
        encryption,
        &data_key(),
        &mut rng(),
    )?;
    Ok(String::from_utf8(bytes).expect("UTF-8"))
}

fn encrypted(plain: &str, encryption: &Encryption) -> String {
    try_encrypted(plain.as_bytes(), encryption).expect("encrypts")
}

fn decrypted(sealed: &str) -> String {
    let file = EncryptedFile::parse(Format::Yaml, sealed.as_bytes()).expect("reads");
    let verified = file.decrypt(&data_key()).expect("decrypts");
    assert!(verified.warnings().is_empty(), "{:?}", verified.warnings());
    let plain = verified.to_bytes(Format::Yaml).expect("writes");
    plain.expose_str().expect("UTF-8").to_owned()
}

/// Ciphertext as `ENC[type]`, and no metadata.
fn outline(sealed: &str) -> String {
    let body = sealed.split("sops:\n").next().expect("a first part");
    let pattern = regex::Regex::new(r"ENC\[[^\]]*type:(\w+)\]").expect("valid");
    pattern.replace_all(body, "ENC[$1]").into_owned()
}

/// Files of the vectors whose bytes ciphertext cannot keep: folding, escapes, number spelling,
/// words that YAML 1.1 reads as booleans, tags, one-line literals, aliases of what is encrypted.
const REWRITTEN: [&str; 17] = [
    "01_comments_all.yaml",
    "04_literal.yaml",
    "05_folded.yaml",
    "06_indent_ind.yaml",
    "07_block_comment.yaml",
    "08_dq.yaml",
    "09_sq.yaml",
    "10_plain_multi.yaml",
    "11_flow.yaml",
    "13_anchors.yaml",
    "14_merge.yaml",
    "15_tags.yaml",
    "18_directives.yaml",
    "27_bools.yaml",
    "29_floats.yaml",
    "30_timestamps.yaml",
    "35_no_final_newline.yaml",
];

/// More of them, for what stands at the end of lines and in other line breaks.
const REWRITTEN_TOO: [&str; 6] = [
    "36_trailing_ws.yaml",
    "37_colon_in_values.yaml",
    "40_anchor_styles.yaml",
    "48_nel_ls.yaml",
    "49_dq_slash.yaml",
    "56_tab_after_dash.yaml",
];

/// S-001, S-005, S-006, S-091, S-094
#[test]
#[expect(clippy::disallowed_methods, reason = "a test reads the vectors")]
fn bytes_of_the_vectors_survive() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/yaml/valid");
    let mut kept = 0;
    for entry in std::fs::read_dir(folder).expect("vectors") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let plain = std::fs::read(&path).expect("readable");
        let Ok(sealed) = try_encrypted(&plain, &encryption()) else {
            continue;
        };
        let back = decrypted(&sealed);
        if back.as_bytes() == &*plain {
            kept += 1;
        } else {
            let expected = REWRITTEN.contains(&&*name) || REWRITTEN_TOO.contains(&&*name);
            assert!(expected, "{name} became\n{back}");
        }
        // What was rewritten once is stable.
        assert_eq!(decrypted(&encrypted(&back, &encryption())), back, "{name}");
    }
    assert!(kept >= 20, "only {kept} files kept their bytes");
}

/// S-003, S-004, S-023, S-072, S-083, S-084
#[test]
fn what_cannot_be_encrypted_is_refused() {
    let refused =
        |plain: &str| try_encrypted(plain.as_bytes(), &encryption()).expect_err("refused");
    assert!(
        matches!(refused("a: 9223372036854775808\n"), EncryptError::Seal(SealError::TooLarge { path }) if path == "a")
    );
    assert!(matches!(
        refused("1: x\n"),
        EncryptError::Seal(SealError::Key { .. })
    ));
    assert!(matches!(refused("[a]: x\n"), EncryptError::Read(_)));
    assert!(matches!(refused("sops: x\n"), EncryptError::Reserved));
    assert!(matches!(
        refused("a: 1\n---\nsops: x\n"),
        EncryptError::ReservedLater { document: 2 }
    ));
    assert!(matches!(refused("- a\n"), EncryptError::Read(_)));
    assert!(matches!(refused(""), EncryptError::Empty));
    assert!(matches!(
        refused("a: 1\n---\nb: 1\nb: 2\n"),
        EncryptError::Read(_)
    ));
}

/// S-012, S-014, S-027, S-029, S-041
#[test]
fn the_default_rule_leaves_a_suffix_plain() {
    let plain = "a: x\nb_unencrypted:\n  c: ENC[AES256_GCM,data:x\nempty: ''\nnothing: null\n";
    let sealed = encrypted(plain, &encryption());
    insta::assert_snapshot!(outline(&sealed), @r"
    a: ENC[str]
    b_unencrypted:
      c: ENC[AES256_GCM,data:x
    empty: ''
    nothing: null
    ");
    assert!(sealed.contains("unencrypted_suffix: _unencrypted"));
    assert_eq!(decrypted(&sealed), plain);
}

/// S-030, S-031, S-032, S-033
#[test]
fn rules_look_at_every_component_of_the_path() {
    let plain = "# top\ndata:\n  # in\n  x: 1\nother: 2\n";
    let of = |kind, text| outline(&encrypted(plain, &with_rule(kind, text)));
    let data_only = "# top\ndata:\n  #ENC[comment]\n  x: ENC[int]\nother: 2\n";
    let all_but_data = "#ENC[comment]\ndata:\n  # in\n  x: 1\nother: ENC[int]\n";
    assert_eq!(
        of(RuleKind::EncryptedRegex, "^(data|stringData)$"),
        data_only
    );
    assert_eq!(of(RuleKind::EncryptedSuffix, "ata"), data_only);
    assert_eq!(of(RuleKind::UnencryptedRegex, "dat"), all_but_data);
    assert_eq!(of(RuleKind::UnencryptedSuffix, "data"), all_but_data);
}

/// S-034, S-035, S-036, S-038
#[test]
fn comments_choose_what_follows_them() {
    let plain = "a: 1\n# secret\n# more\nb:\n  c: 2\nd: 3 # secret\ne: 4\n";
    let chosen = with_rule(RuleKind::EncryptedCommentRegex, "secret");
    let sealed = encrypted(plain, &chosen);
    assert_eq!(
        outline(&sealed),
        "a: 1\n# secret\n#ENC[comment]\nb:\n  c: ENC[int]\nd: ENC[int] # secret\ne: 4\n"
    );
    assert_eq!(decrypted(&sealed), plain);
    let exempt = with_rule(RuleKind::UnencryptedCommentRegex, "secret");
    let sealed = encrypted(plain, &exempt);
    assert_eq!(
        outline(&sealed),
        "a: ENC[int]\n# secret\n# more\nb:\n  c: 2\nd: 3 # secret\ne: ENC[int]\n"
    );
    assert_eq!(decrypted(&sealed), plain);
}

/// S-037
#[test]
fn a_comment_rule_that_matches_ciphertext_is_refused() {
    let exempt = with_rule(RuleKind::UnencryptedCommentRegex, "ENC");
    let error = try_encrypted(b"# a\nb: 1\n", &exempt).expect_err("refused");
    assert!(matches!(
        error,
        EncryptError::Seal(SealError::CommentRule { .. })
    ));
}

/// S-042, S-043, S-044, S-045
#[test]
fn comments_between_items_are_items_while_encrypted() {
    let plain = "l:\n  # first\n  - a # inline\n  #\n  # second\n  - b\n  # last\n";
    let sealed = encrypted(plain, &encryption());
    assert_eq!(
        outline(&sealed),
        "l:\n  - ENC[comment]\n  - ENC[str] #ENC[comment]\n  #\n  - ENC[comment]\n  - ENC[str]\n  \
         - ENC[comment]\n"
    );
    assert_eq!(decrypted(&sealed), plain);
    let chosen = with_rule(RuleKind::EncryptedCommentRegex, "first");
    assert_eq!(decrypted(&encrypted(plain, &chosen)), plain);
}

/// S-071, S-099
#[test]
fn every_document_ends_with_the_block() {
    let plain = "a: 1\n---\nb: 2 # c\n";
    let sealed = encrypted(plain, &encryption());
    assert_eq!(sealed.matches("\nsops:\n").count(), 2);
    assert_eq!(decrypted(&sealed), plain);
}

/// S-085
#[test]
fn aliases_of_encrypted_values_become_copies() {
    let plain = "a: &x\n  b: 1\nc: *x\nd: [*x]\n? &k key\n: v\n*k2 : w\n".replace("*k2 : w\n", "");
    let sealed = encrypted(&plain, &encryption());
    assert_eq!(
        outline(&sealed),
        "a: &x\n  b: ENC[int]\nc: \n  b: ENC[int]\nd: [{\"b\": \"ENC[int]\"}]\n? &k key\n: ENC[str]\n"
    );
    let unencrypted = with_rule(RuleKind::EncryptedRegex, "^z$");
    assert_eq!(decrypted(&encrypted(&plain, &unencrypted)), plain);
}

#[test]
fn a_file_without_final_line_break_gets_none() {
    for plain in [
        "a: 1",
        "a: |-\n  x\n  y",
        "{a: 1}",
        "a: 1\r\nb: x\r\n",
        "\u{feff}a: 1\n",
        "  a: 1\n  b: 2",
    ] {
        assert_eq!(
            decrypted(&encrypted(plain, &encryption())),
            plain,
            "{plain:?}"
        );
    }
}

/// S-104, S-105, S-106
#[test]
fn blocks_come_back_with_their_line_breaks() {
    for plain in [
        "a:\n  b: |\n    x\n\n    y\n  c: |-\n    x\n    y\n  d: |+\n    x\n\n  e: 1\n",
        "a:\n  - |\n    x\n    y\n  - |2-\n     lead\n    y\n",
        "a: \"\\tx\\ny\\n\"\n",
    ] {
        assert_eq!(
            decrypted(&encrypted(plain, &encryption())),
            plain,
            "{plain:?}"
        );
    }
}

/// S-058, S-059, S-062
#[test]
fn metadata_fields_are_sorted() {
    let sealed = encrypted("a: 1\n", &encryption());
    let fields: Vec<&str> = sealed
        .lines()
        .filter_map(|line| line.strip_prefix("    ")?.split(':').next())
        .filter(|name| !name.starts_with([' ', '-']))
        .collect();
    assert_eq!(
        fields,
        [
            "age",
            "lastmodified",
            "mac",
            "unencrypted_suffix",
            "version"
        ]
    );
}

/// S-121
#[test]
fn any_bytes_survive_as_binary() {
    for plain in [&b""[..], b"\xff\x00text\n"] {
        let sealed = encrypt(
            plain,
            Format::Binary,
            Format::Binary,
            &encryption(),
            &data_key(),
            &mut rng(),
        )
        .expect("encrypts");
        let file = EncryptedFile::parse(Format::Binary, &sealed).expect("reads");
        let verified = file.decrypt(&data_key()).expect("decrypts");
        assert_eq!(
            verified.to_bytes(Format::Binary).expect("writes").expose(),
            plain
        );
    }
}

/// S-074, S-075, S-124, S-126
#[test]
fn dotenv_keeps_lines_and_flattens_metadata() {
    let plain = b"# c\nA=1=2\nexport B= x \nC=a\\nb\n";
    let sealed = encrypt(
        plain,
        Format::Dotenv,
        Format::Dotenv,
        &encryption(),
        &data_key(),
        &mut rng(),
    )
    .expect("encrypts");
    let text = String::from_utf8(sealed.clone()).expect("UTF-8");
    assert!(text.contains("\nsops_age__list_0__map_recipient=age1test\n"));
    let file = EncryptedFile::parse(Format::Dotenv, &sealed).expect("reads");
    let verified = file.decrypt(&data_key()).expect("decrypts");
    assert_eq!(
        verified.to_bytes(Format::Dotenv).expect("writes").expose(),
        plain
    );
}

fn key() -> impl Strategy<Value = String> {
    "[a-z][a-z_ :#-]{0,6}[a-z]"
}

fn value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        "(?s).{0,20}".prop_map(serde_json::Value::from),
        "[ \t\na-c#:-]{0,12}".prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::from),
            prop::collection::btree_map(key(), inner, 0..5)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    /// Decryption undoes encryption for any tree, in JSON and in the YAML we write.
    #[test]
    fn decryption_undoes_encryption(map in prop::collection::btree_map(key(), value(), 1..5)) {
        prop_assume!(!map.contains_key("sops"));
        let object = serde_json::Value::Object(map.into_iter().collect());
        let plain = object.to_string();
        for output in [Format::Json, Format::Yaml] {
            let sealed = encrypt(plain.as_bytes(), Format::Json, output, &encryption(), &data_key(), &mut rng())
                .expect("encrypts");
            let file = EncryptedFile::parse(output, &sealed).expect("reads");
            let verified = file.decrypt(&data_key()).expect("decrypts");
            let mut objects = verified.into_objects().expect("objects");
            prop_assert_eq!(&objects.remove(0).object, &object);
        }
        // The same tree written as YAML by us, then encrypted in place.
        let sealed = encrypt(plain.as_bytes(), Format::Json, Format::Yaml, &encryption(), &data_key(), &mut rng())
            .expect("encrypts");
        let yaml = decrypted(std::str::from_utf8(&sealed).expect("UTF-8"));
        let again = decrypted(&encrypted(&yaml, &encryption()));
        let reread = crate::yaml::to_tree::read(&again).expect("reads");
        let verified = crate::Verified::new(reread.tree, crate::verified::Source::Tree, Vec::new(), Vec::new());
        prop_assert_eq!(&verified.into_objects().expect("objects").remove(0).object, &object);
    }

    /// S-233: no bytes, however changed, make a panic.
    #[test]
    fn tampering_never_panics(at: prop::sample::Index, with in "[ -~\n\t]{0,3}", cut in 0usize..40) {
        let plain = "a: 1 # c\nl:\n  - x\n  # y\n  - {b: z}\nt: |\n  text\n\n# end\n";
        let mut sealed = encrypted(plain, &encryption());
        let at = at.index(sealed.len());
        let end = (at + cut).min(sealed.len());
        if sealed.is_char_boundary(at) && sealed.is_char_boundary(end) {
            sealed.replace_range(at..end, &with);
        }
        if let Ok(file) = EncryptedFile::parse(Format::Yaml, sealed.as_bytes())
            && let Ok(verified) = file.decrypt(&data_key())
        {
            let _ = verified.to_bytes(Format::Yaml);
        }
        let _ = try_encrypted(sealed.as_bytes(), &encryption());
    }
}
