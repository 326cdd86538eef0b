use super::{ReadKey, SealingKey, read_private_keys};
use crate::certificate::ReadCertificate;

const A: &[u8] = include_bytes!("../../tests/keys/test-key-a.pem");
const A_CERTIFICATE: &[u8] = include_bytes!("../../tests/keys/test-key-a.crt");
const B_CERTIFICATE: &[u8] = include_bytes!("../../tests/keys/test-key-b.crt");
const C: &[u8] = include_bytes!("../../tests/keys/test-key-c.pem");
const C_PKCS8: &[u8] = include_bytes!("../../tests/keys/test-key-c-pkcs8.pem");
const EC: &[u8] = include_bytes!("../../tests/keys/test-key-ec.pem");

#[test]
fn keys_are_shared_between_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<SealingKey>();
}

/// K-024
#[test]
fn both_encodings_of_a_key_are_the_same_key() {
    let pkcs1 = SealingKey::from_private_pem(C).unwrap();
    let pkcs8 = SealingKey::from_private_pem(C_PKCS8).unwrap();
    assert_eq!(pkcs1.fingerprint(), pkcs8.fingerprint());
}

/// K-024
#[test]
fn key_on_a_curve_is_refused() {
    let error = SealingKey::from_private_pem(EC).unwrap_err();
    assert_eq!(error, ReadKey::NotRsa);
    assert_eq!(error.to_string(), "private key is not an RSA key");
}

#[test]
fn unknown_blocks_before_the_key_are_passed_over() {
    let text = [EC, A].concat();
    let key = SealingKey::from_private_pem(&text).unwrap();
    assert_eq!(
        key.fingerprint(),
        SealingKey::from_private_pem(A).unwrap().fingerprint()
    );
}

/// K-027: each of these is an error value, which the caller logs before it goes on.
#[test]
fn malformed_key_secret_is_an_error() {
    assert_eq!(
        SealingKey::from_pem(b"", A_CERTIFICATE).unwrap_err(),
        ReadKey::Absent
    );
    let junk = b"-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n";
    assert_eq!(
        SealingKey::from_pem(junk, A_CERTIFICATE).unwrap_err(),
        ReadKey::Absent
    );
    assert_eq!(
        SealingKey::from_pem(A, b"").unwrap_err(),
        ReadKey::Certificate {
            source: ReadCertificate::Absent
        }
    );
}

#[test]
fn certificate_of_another_key_does_not_seal() {
    let key = SealingKey::from_pem(A, B_CERTIFICATE).unwrap();
    assert!(key.certificate().is_some());
    assert!(key.sealing_certificate().is_none());
    assert!(
        SealingKey::from_pem(A, A_CERTIFICATE)
            .unwrap()
            .sealing_certificate()
            .is_some()
    );
}

#[test]
fn backup_may_hold_several_keys() {
    let keys = read_private_keys(&[A, C].concat()).unwrap();
    assert_eq!(keys.len(), 2);
    assert_eq!(read_private_keys(EC).unwrap_err(), ReadKey::NotRsa);
}

#[test]
fn debug_text_of_a_key_is_its_fingerprint() {
    let key = SealingKey::from_private_pem(A).unwrap();
    assert_eq!(
        format!("{key:?}"),
        "SealingKey(SHA256:BsiABfQMftfd3p8enZ9KKeK92j5FzbuW8WYwSvbvPWY)"
    );
}
