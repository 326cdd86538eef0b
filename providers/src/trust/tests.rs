use base64::Engine as _;

use super::*;

const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----
MIIBfTCCASOgAwIBAgIUTEST
-----END CERTIFICATE-----
";

/// E-148: PEM, and PEM that was encoded once more than needed.
#[test]
fn doubly_encoded_bundle_is_read() {
    let pem = CERTIFICATE.replace("MIIBfTCCASOgAwIBAgIUTEST", "AAAA");
    assert_eq!(parse(pem.as_bytes(), "caBundle").unwrap().len(), 1);
    let encoded = base64::engine::general_purpose::STANDARD.encode(&pem);
    assert_eq!(parse(encoded.as_bytes(), "caBundle").unwrap().len(), 1);
}

#[test]
fn bundle_without_certificates_is_refused() {
    for bytes in [&b""[..], b"hello", b"aGVsbG8="] {
        let error = parse(bytes, "caBundle").unwrap_err().to_string();
        assert_eq!(error, "caBundle holds no certificates in PEM");
    }
}
