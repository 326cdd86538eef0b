use proptest::prelude::*;

use super::*;

fn known_key() -> DataKey {
    DataKey::from_unwrapped((0x00..=0x1f).collect::<Vec<u8>>().into())
}

fn known_nonce() -> [u8; NONCE_LENGTH] {
    std::array::from_fn(|index| 0xa0 + u8::try_from(index).expect("under 32"))
}

fn cipher() -> Cipher {
    Cipher::new(&known_key()).expect("32 bytes")
}

/// S-012, S-013, S-020, S-022
#[test]
fn known_answers_both_ways() {
    let cipher = cipher();
    for (path, plaintext, data, tag, value_type) in [
        (
            "foo:bar:",
            "hello",
            "wd2e6q0=",
            "lMcsqTrzG4v6iIc88MeQFw==",
            ValueType::Str,
        ),
        (
            "n:",
            "42",
            "nYo=",
            "ZGlLQt72Et/ckit/Bqaj4g==",
            ValueType::Int,
        ),
        (
            "f:",
            "1.5",
            "mJbH",
            "RS9AzGA06VPk6NWFB0uDMQ==",
            ValueType::Float,
        ),
        (
            "t:",
            "True",
            "/cqH4w==",
            "M9j99dTAGthnX6p0LlBCrQ==",
            ValueType::Bool,
        ),
        (
            ":",
            " top comment",
            "icyd9uLccaiG83hl",
            "QnVnyUBZFqzC2p17rzIhvQ==",
            ValueType::Comment,
        ),
        (
            "d:",
            "2024-01-02T03:04:05Z",
            "m4jAsu+PL+jbpEIhy6aViCwAKqU=",
            "usMH9nQ8LZs4UZlgVnUu2w==",
            ValueType::Time,
        ),
    ] {
        let text = format!(
            "ENC[AES256_GCM,data:{data},iv:oKGio6SlpqeoqaqrrK2ur7CxsrO0tba3uLm6u7y9vr8=,\
             tag:{tag},type:{}]",
            value_type.name()
        );
        let sealed = cipher.seal(
            plaintext.as_bytes(),
            value_type,
            path.as_bytes(),
            &known_nonce(),
        );
        assert_eq!(sealed, text);
        let (read, bytes) = cipher.open(&text, path.as_bytes()).expect("opens");
        assert_eq!((read, bytes.expose()), (value_type, plaintext.as_bytes()));
    }
}

/// S-016
#[test]
fn a_nonce_of_twelve_bytes_is_read() {
    let text = "ENC[AES256_GCM,data:ZtnZsto=,iv:AAAAAAAAAAAAAAAA,\
                tag:uS+2hpq3AjSxYQ7HqneWoA==,type:str]";
    let (_, bytes) = cipher().open(text, b"foo:bar:").expect("opens");
    assert_eq!(bytes.expose(), b"hello");
}

/// S-015
#[test]
fn text_after_the_bracket_does_not_count_and_text_before_does() {
    let cipher = cipher();
    let text = cipher.seal(b"x", ValueType::Str, b"a:", &known_nonce());
    assert!(
        cipher
            .open(&format!("{text} trailing\n]more"), b"a:")
            .is_ok()
    );
    assert_eq!(
        cipher
            .open(&format!(" {text}"), b"a:")
            .expect_err("anchored"),
        OpenValue::Form
    );
}

/// S-017
#[test]
fn every_defect_is_named_without_detail() {
    let cipher = cipher();
    let text = cipher.seal(b"xyz", ValueType::Str, b"a:", &known_nonce());
    let open = |text: &str| cipher.open(text, b"a:").expect_err("must fail");
    assert_eq!(open("plain"), OpenValue::Form);
    assert_eq!(
        open(&text.replace("type:str", "type:odd")),
        OpenValue::UnknownType
    );
    assert_eq!(open(&text.replace("data:", "data:!")), OpenValue::Encoding);
    assert_eq!(
        open(&text.replace("iv:", "iv:AAAA")),
        OpenValue::NonceLength
    );
    assert_eq!(
        cipher.open(&text, b"b:").expect_err("other place"),
        OpenValue::Authentication
    );
}

proptest! {
    #[test]
    fn opening_undoes_sealing(plaintext in prop::collection::vec(any::<u8>(), 1..200), path: String, nonce: [u8; NONCE_LENGTH]) {
        let cipher = cipher();
        let text = cipher.seal(&plaintext, ValueType::Str, path.as_bytes(), &nonce);
        let (_, opened) = cipher.open(&text, path.as_bytes()).expect("opens");
        prop_assert_eq!(opened.expose(), &*plaintext);
    }

    #[test]
    fn tampering_never_panics(text: String, at: prop::sample::Index, byte: u8) {
        let cipher = cipher();
        let _ = cipher.open(&text, b"a:");
        let mut sealed = cipher.seal(b"secret", ValueType::Str, b"a:", &known_nonce()).into_bytes();
        let at = at.index(sealed.len());
        let changed = sealed[at] != byte;
        sealed[at] = byte;
        if let Ok(sealed) = String::from_utf8(sealed)
            && let Ok((_, opened)) = cipher.open(&sealed, b"a:")
        {
            // Only the type and unused base64 bits may change without notice; never the bytes.
            prop_assert_eq!(opened.expose(), b"secret", "changed: {}", changed);
        }
    }
}
