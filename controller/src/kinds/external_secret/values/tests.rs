use super::*;

fn secret(bytes: &[u8]) -> Arc<SecretBytes> {
    Arc::new(SecretBytes::new(bytes.to_vec()))
}

fn data(keys: &[&str]) -> Data {
    keys.iter()
        .map(|key| ((*key).to_owned(), secret(b"v")))
        .collect()
}

fn keys(data: &Data) -> Vec<&str> {
    data.keys().map(String::as_str).collect()
}

/// E-077.
#[test]
fn unfit_characters_become_underscores_or_code_points() {
    let fit = converted(data(&["a/b", "c.d-e_f"]), ConversionStrategy::Default).unwrap();
    assert_eq!(keys(&fit), ["a_b", "c.d-e_f"]);
    let fit = converted(data(&["a/b", "ä€"]), ConversionStrategy::Unicode).unwrap();
    assert_eq!(keys(&fit), ["a_U002f_b", "ä_U20ac_"]);
}

/// E-077.
#[test]
fn two_keys_that_become_one_are_an_error() {
    let error = converted(data(&["a/b", "a_b"]), ConversionStrategy::Default).unwrap_err();
    assert_eq!(
        error.to_string(),
        "secret name collision during conversion: a_b"
    );
}

#[test]
fn empty_keys_are_dropped_and_unfit_ones_refused() {
    assert_eq!(keys(&with_valid_keys(data(&["", "a"])).unwrap()), ["a"]);
    assert!(matches!(
        with_valid_keys(data(&["a/b"])),
        Err(UnfitValue::Character { .. })
    ));
    assert_eq!(
        with_valid_keys(data(&[&"a".repeat(254)])),
        Err(UnfitValue::Length { length: 254 })
    );
}

/// E-084.
#[test]
fn values_are_decoded_as_said() {
    let decode = |text: &str, strategy| decoded("k", secret(text.as_bytes()), strategy);
    assert_eq!(
        decode("aGVs\nbG8=\r\n", DecodingStrategy::Base64),
        Ok(secret(b"hello"))
    );
    assert_eq!(
        decode("-_-_", DecodingStrategy::Base64Url),
        Ok(secret(&[0xfb, 0xff, 0xbf]))
    );
    assert_eq!(
        decode("aGVsbG8=", DecodingStrategy::None),
        Ok(secret(b"aGVsbG8="))
    );
    assert_eq!(
        decode("-_-_", DecodingStrategy::Auto),
        Ok(secret(&[0xfb, 0xff, 0xbf]))
    );
    assert_eq!(
        decode("no base64!", DecodingStrategy::Auto),
        Ok(secret(b"no base64!"))
    );
}

/// E-084: padding is required; the failure names the key and shows nothing of the value.
#[test]
fn value_that_is_not_encoded_is_named_by_its_key() {
    for text in ["aGVsbG8", "not base64!"] {
        let error = decoded("token", secret(text.as_bytes()), DecodingStrategy::Base64);
        assert_eq!(
            error.unwrap_err().to_string(),
            "failure decoding key token: illegal base64 data"
        );
    }
}

/// E-085: a plain word that happens to be base64 is decoded.
#[test]
fn auto_decodes_what_looks_encoded() {
    let decoded = decoded("k", secret(b"test1234"), DecodingStrategy::Auto).unwrap();
    assert_ne!(decoded, secret(b"test1234"));
}

/// E-086.
#[test]
fn null_bytes_fail_only_where_asked_and_without_the_value() {
    let value = secret(b"hidden\0part");
    assert!(without_null_bytes("k", &value, NullBytePolicy::Ignore).is_ok());
    let error = without_null_bytes("k", &value, NullBytePolicy::Fail).unwrap_err();
    assert_eq!(error.to_string(), "value of key k holds a null byte");
}
