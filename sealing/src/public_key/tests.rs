use crate::certificate::{Certificate, ReadCertificate};
use crate::public_key::ReadPublicKey;

fn certificate(text: &str) -> Certificate {
    Certificate::from_pem(text.as_bytes()).unwrap()
}

/// K-021: what `ssh-keygen -l` prints for the same keys.
#[test]
fn fingerprint_is_that_of_openssh() {
    let a = certificate(include_str!("../../tests/keys/test-key-a.crt"));
    let b = certificate(include_str!("../../tests/keys/test-key-b.crt"));
    assert_eq!(
        a.public_key().fingerprint().to_string(),
        "SHA256:BsiABfQMftfd3p8enZ9KKeK92j5FzbuW8WYwSvbvPWY"
    );
    assert_eq!(
        b.public_key().fingerprint().to_string(),
        "SHA256:UoeOOkMKMJn7EPEpiJZAVe+55vqp9gMvjjyWYKFJ0eM"
    );
}

#[test]
fn key_of_another_kind_is_named() {
    let error = Certificate::from_pem(include_bytes!("../../tests/keys/test-key-ec.crt"));
    assert_eq!(
        error,
        Err(ReadCertificate::Key {
            source: ReadPublicKey::NotRsa { found: "ECDSA" }
        })
    );
    assert_eq!(
        error.unwrap_err().to_string(),
        "expected RSA public key but found ECDSA"
    );
}

#[test]
fn size_is_that_of_the_modulus() {
    let a = certificate(include_str!("../../tests/keys/test-key-a.crt"));
    assert_eq!(a.public_key().bits(), 2048);
}
