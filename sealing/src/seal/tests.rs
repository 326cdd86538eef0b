use rand::SeedableRng;
use rand::rngs::StdRng;
use secret_bytes::SecretBytes;

use super::seal;
use crate::certificate::Certificate;
use crate::label::Scope;
use crate::sealing_key::SealingKey;

const KEY: &[u8] = include_bytes!("../../tests/keys/test-key-a.pem");
const CERTIFICATE: &[u8] = include_bytes!("../../tests/keys/test-key-a.crt");

fn certificate() -> Certificate {
    Certificate::from_pem(CERTIFICATE).unwrap()
}

fn secret(text: &[u8]) -> SecretBytes {
    SecretBytes::new(text.to_vec())
}

/// K-001, K-005
#[test]
fn item_is_length_wrapped_key_ciphertext_and_tag() {
    let label = Scope::Strict.label("prod", "db");
    let rng = &mut StdRng::seed_from_u64(1);
    let item = seal(&secret(b"hunter2"), &label, certificate().public_key(), rng).unwrap();
    assert_eq!(item.as_bytes().len(), 274 + 7);
    assert_eq!(item.as_bytes()[..2], [1, 0]);
    assert!(item.to_string().starts_with("AQ"));
}

/// K-005: the marker of the default key size.
#[test]
fn item_for_4096_bits_starts_with_its_marker() {
    let item = crate::item::SealedItem::assemble(&[0; 512], b"").unwrap();
    assert!(item.to_string().starts_with("Ag"));
}

/// K-004: the key that wraps is fresh, and 32 bytes long, for every item.
#[test]
fn session_keys_of_two_items_differ() {
    let label = Scope::ClusterWide.label("prod", "db");
    let rng = &mut StdRng::seed_from_u64(1);
    let key = SealingKey::from_private_pem(KEY).unwrap();
    let session_keys: Vec<_> = (0..2)
        .map(|_| {
            let item = seal(&secret(b"x"), &label, certificate().public_key(), rng).unwrap();
            let (wrapped, _) = item.parts().unwrap();
            key.private().unwrap_session_key(wrapped, &label).bytes
        })
        .collect();
    assert_eq!(session_keys[0].len(), 32);
    assert_ne!(session_keys[0], session_keys[1]);
}

#[test]
fn same_randomness_gives_the_same_item() {
    let label = Scope::Strict.label("prod", "db");
    let once = || {
        let rng = &mut StdRng::seed_from_u64(7);
        seal(&secret(b"hunter2"), &label, certificate().public_key(), rng).unwrap()
    };
    assert_eq!(once(), once());
}
