use std::sync::Arc;

use jiff::Timestamp;

use super::{KeyOrder, KeyRing, ParseKeyOrder, RegisteredKey};
use crate::sealing_key::SealingKey;

const A: &[u8] = include_bytes!("../../tests/keys/test-key-a.pem");
const B: &[u8] = include_bytes!("../../tests/keys/test-key-b.pem");
const CERTIFICATE_2024: &[u8] = include_bytes!("../../tests/keys/test-key-a.crt");
const CERTIFICATE_2025: &[u8] = include_bytes!("../../tests/keys/test-key-b.crt");
const CERTIFICATE_2005: &[u8] = include_bytes!("../../tests/keys/test-key-a-expired.crt");

fn registered(key: &[u8], certificate: &[u8], created: &str) -> RegisteredKey {
    RegisteredKey {
        key: Arc::new(SealingKey::from_pem(key, certificate).unwrap()),
        created: created.parse().unwrap(),
    }
}

fn not_before(ring: &KeyRing) -> String {
    ring.sealing_certificate().unwrap().not_before().to_string()
}

/// K-031
#[test]
fn latest_key_is_that_of_the_latest_certificate() {
    let ring = KeyRing::new(
        vec![
            registered(B, CERTIFICATE_2025, "2025-01-01T00:00:00Z"),
            registered(A, CERTIFICATE_2024, "2025-06-01T00:00:00Z"),
        ],
        KeyOrder::CertNotBefore,
    );
    assert_eq!(not_before(&ring), "2025-01-01T00:00:00Z");
    assert_eq!(
        ring.latest_time(),
        Some("2025-01-01T00:00:00Z".parse::<Timestamp>().unwrap())
    );
}

/// K-032
#[test]
fn creation_order_goes_by_the_secret() {
    let ring = KeyRing::new(
        vec![
            registered(A, CERTIFICATE_2024, "2025-06-01T00:00:00Z"),
            registered(B, CERTIFICATE_2025, "2025-01-01T00:00:00Z"),
        ],
        KeyOrder::SecretCreationTimestamp,
    );
    assert_eq!(not_before(&ring), "2024-01-01T00:00:00Z");
}

/// K-031: of two equal times the older Secret is kept.
#[test]
fn tie_keeps_the_older_secret() {
    let older = registered(A, CERTIFICATE_2024, "2024-01-01T00:00:00Z");
    let mut younger = registered(A, CERTIFICATE_2024, "2024-02-01T00:00:00Z");
    younger.key = Arc::new(SealingKey::from_pem(A, CERTIFICATE_2024).unwrap());
    let expected = Arc::clone(&older.key);
    let ring = KeyRing::new(vec![younger, older], KeyOrder::CertNotBefore);
    let (_, latest) = ring.latest.unwrap();
    assert!(Arc::ptr_eq(&latest, &expected));
}

#[test]
fn key_in_two_secrets_counts_once() {
    let ring = KeyRing::new(
        vec![
            registered(A, CERTIFICATE_2005, "2024-01-01T00:00:00Z"),
            registered(A, CERTIFICATE_2024, "2024-02-01T00:00:00Z"),
            registered(B, CERTIFICATE_2025, "2024-02-01T00:00:00Z"),
        ],
        KeyOrder::CertNotBefore,
    );
    assert_eq!(ring.keys().len(), 2);
    assert_eq!(
        ring.keys()[0]
            .certificate()
            .unwrap()
            .not_before()
            .to_string(),
        "2025-01-01T00:00:00Z"
    );
}

#[test]
fn key_with_a_foreign_certificate_unseals_but_never_seals() {
    let ring = KeyRing::new(
        vec![registered(A, CERTIFICATE_2025, "2025-01-01T00:00:00Z")],
        KeyOrder::CertNotBefore,
    );
    assert_eq!(ring.keys().len(), 1);
    assert!(ring.sealing_certificate().is_none());
    assert!(ring.latest_time().is_none());
}

#[test]
fn unknown_order_is_refused() {
    assert_eq!("CertNotBefore".parse(), Ok(KeyOrder::CertNotBefore));
    assert_eq!(
        "SecretCreationTimestamp".parse(),
        Ok(KeyOrder::SecretCreationTimestamp)
    );
    assert_eq!("newest".parse::<KeyOrder>(), Err(ParseKeyOrder));
    assert!(KeyRing::default().is_empty());
}
