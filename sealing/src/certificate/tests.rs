use jiff::Timestamp;

use super::{Certificate, ReadCertificate};

const A: &str = include_str!("../../tests/keys/test-key-a.crt");
const B: &str = include_str!("../../tests/keys/test-key-b.crt");
const EXPIRED: &str = include_str!("../../tests/keys/test-key-a-expired.crt");

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// K-028
#[test]
fn only_the_first_certificate_of_a_chain_counts() {
    let chain = format!("{A}{B}");
    let first = Certificate::from_pem(chain.as_bytes()).unwrap();
    assert_eq!(first, Certificate::from_pem(A.as_bytes()).unwrap());
    assert_eq!(first.to_pem(), A);
}

#[test]
fn blocks_with_headers_and_other_text_are_passed_over() {
    let with_header = A.replace("CERTIFICATE-----\nM", "CERTIFICATE-----\nProc-Type: 4\n\nM");
    assert_ne!(with_header, A);
    let text = format!("some words\n{with_header}-----BEGIN CERTIFICATE-----\n%%\n{B}");
    let read = Certificate::from_pem(text.as_bytes()).unwrap();
    assert_eq!(read, Certificate::from_pem(B.as_bytes()).unwrap());
}

#[test]
fn text_without_a_certificate_says_so() {
    let error = Certificate::from_pem(b"hello").unwrap_err();
    assert_eq!(error, ReadCertificate::Absent);
    assert_eq!(
        error.to_string(),
        "data does not contain any valid RSA or ECDSA certificates"
    );
    let junk = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert_eq!(Certificate::from_pem(junk), Err(ReadCertificate::Malformed));
}

/// K-136: the date is written out as upstream does.
#[test]
fn expired_certificate_is_refused_with_its_date() {
    let certificate = Certificate::from_pem(EXPIRED.as_bytes()).unwrap();
    assert!(certificate.check_expiry(at("2015-04-09T00:00:00Z")).is_ok());
    let error = certificate
        .check_expiry(at("2015-04-09T00:00:01Z"))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "failed to encrypt using an expired certificate on April 9, 2015"
    );
}

#[test]
fn times_are_read() {
    let certificate = Certificate::from_pem(A.as_bytes()).unwrap();
    assert_eq!(certificate.not_before(), at("2024-01-01T00:00:00Z"));
    assert_eq!(certificate.not_after(), at("2044-01-01T00:00:00Z"));
}
