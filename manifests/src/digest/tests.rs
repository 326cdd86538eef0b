use super::Digest;

/// G-174: the text form of an artifact's digest.
#[test]
fn digest_is_sha256_and_64_hex_digits() {
    let digest = Digest::from_sha256([0xab; 32]);
    assert_eq!(digest.as_str(), format!("sha256:{}", "ab".repeat(32)));
    assert_eq!(digest.hex(), "ab".repeat(32));
    assert_eq!(digest.to_string().parse::<Digest>().unwrap(), digest);
}

#[test]
fn what_is_no_digest_is_refused() {
    let upper = format!("sha256:{}", "AB".repeat(32));
    let short = format!("sha256:{}", "ab".repeat(31));
    for text in ["", "sha256:", "abc", &upper, &short, "sha1:abab"] {
        assert!(text.parse::<Digest>().is_err(), "{text:?}");
    }
}
