use std::collections::BTreeMap;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_128_GCM, AES_192_GCM, Aad, Algorithm, LessSafeKey, Nonce, UnboundKey};
use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;
use secret_bytes::SecretBytes;

use super::{UnsealError, unseal, unseal_items};
use crate::item::SealedItem;
use crate::label::{Label, Scope};
use crate::seal::seal;
use crate::sealing_key::SealingKey;

const SCOPES: [Scope; 3] = [Scope::Strict, Scope::NamespaceWide, Scope::ClusterWide];

fn key_a() -> Arc<SealingKey> {
    let (key, certificate) = (
        include_bytes!("../../tests/keys/test-key-a.pem"),
        include_bytes!("../../tests/keys/test-key-a.crt"),
    );
    Arc::new(SealingKey::from_pem(key, certificate).unwrap())
}

fn key_b() -> Arc<SealingKey> {
    let (key, certificate) = (
        include_bytes!("../../tests/keys/test-key-b.pem"),
        include_bytes!("../../tests/keys/test-key-b.crt"),
    );
    Arc::new(SealingKey::from_pem(key, certificate).unwrap())
}

fn small_key() -> Arc<SealingKey> {
    let (key, certificate) = (
        include_bytes!("../../tests/keys/test-key-small.pem"),
        include_bytes!("../../tests/keys/test-key-small.crt"),
    );
    Arc::new(SealingKey::from_pem(key, certificate).unwrap())
}

fn secret(bytes: &[u8]) -> SecretBytes {
    SecretBytes::new(bytes.to_vec())
}

fn sealed(bytes: &[u8], label: &Label, key: &SealingKey) -> SealedItem {
    seal(
        &secret(bytes),
        label,
        key.public_key(),
        &mut StdRng::seed_from_u64(1),
    )
    .unwrap()
}

/// K-002, K-003: sealing and unsealing are two implementations, which agree.
#[test]
fn item_opens_in_every_scope() {
    for scope in SCOPES {
        let label = scope.label("prod", "db");
        let item = sealed(b"hunter2", &label, &key_a());
        assert_eq!(
            unseal(&item, &label, &[key_a()]),
            Ok(secret(b"hunter2")),
            "{scope}"
        );
    }
}

/// K-007, K-008, K-009
#[test]
fn scope_decides_what_may_be_renamed_and_moved() {
    let opens = |scope: Scope, namespace, name| {
        let item = sealed(b"x", &scope.label("prod", "db"), &key_a());
        unseal(&item, &scope.label(namespace, name), &[key_a()]).is_ok()
    };
    assert!(!opens(Scope::Strict, "prod", "other"));
    assert!(!opens(Scope::Strict, "test", "db"));
    assert!(opens(Scope::NamespaceWide, "prod", "other"));
    assert!(!opens(Scope::NamespaceWide, "test", "db"));
    assert!(opens(Scope::ClusterWide, "test", "other"));
}

#[test]
fn item_of_one_scope_does_not_open_in_another() {
    for (sealed_in, opened_in) in [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)] {
        let item = sealed(b"x", &SCOPES[sealed_in].label("prod", "db"), &key_a());
        let label = SCOPES[opened_in].label("prod", "db");
        assert_eq!(unseal(&item, &label, &[key_a()]), Err(UnsealError));
    }
}

/// K-014, K-015
#[test]
fn empty_and_binary_values_survive() {
    let label = Scope::Strict.label("prod", "db");
    let all_bytes: Vec<u8> = (0..=255).collect();
    for value in [&[][..], &all_bytes] {
        let item = sealed(value, &label, &key_a());
        assert_eq!(unseal(&item, &label, &[key_a()]), Ok(secret(value)));
    }
}

/// K-033
#[test]
fn any_of_several_keys_opens() {
    let label = Scope::Strict.label("prod", "db");
    let item = sealed(b"old", &label, &key_b());
    assert_eq!(
        unseal(&item, &label, &[key_a(), key_b()]),
        Ok(secret(b"old"))
    );
    assert_eq!(unseal(&item, &label, &[key_a()]), Err(UnsealError));
    assert_eq!(unseal(&item, &label, &[]), Err(UnsealError));
}

#[test]
fn key_of_1024_bits_still_opens() {
    let label = Scope::Strict.label("prod", "db");
    let item = sealed(b"old", &label, &small_key());
    assert_eq!(
        unseal(&item, &label, &[key_a(), small_key()]),
        Ok(secret(b"old"))
    );
    let other = Scope::Strict.label("prod", "other");
    assert_eq!(unseal(&item, &other, &[small_key()]), Err(UnsealError));
}

fn sealed_with_session_key(algorithm: &'static Algorithm, session_key: &[u8]) -> SealedItem {
    let label = Scope::Strict.label("prod", "db");
    let rng = &mut StdRng::seed_from_u64(1);
    let wrapped = key_a().public_key().wrap(session_key, &label, rng).unwrap();
    let mut buffer = b"hunter2".to_vec();
    LessSafeKey::new(UnboundKey::new(algorithm, session_key).unwrap())
        .seal_in_place_append_tag(
            Nonce::assume_unique_for_key([0; 12]),
            Aad::empty(),
            &mut buffer,
        )
        .unwrap();
    SealedItem::assemble(&wrapped, &buffer).unwrap()
}

/// K-016
#[test]
fn shorter_session_keys_are_accepted() {
    let label = Scope::Strict.label("prod", "db");
    for item in [
        sealed_with_session_key(&AES_128_GCM, &[1; 16]),
        sealed_with_session_key(&AES_192_GCM, &[1; 24]),
    ] {
        assert_eq!(unseal(&item, &label, &[key_a()]), Ok(secret(b"hunter2")));
    }
}

#[test]
fn session_key_of_another_length_is_refused() {
    let label = Scope::Strict.label("prod", "db");
    let rng = &mut StdRng::seed_from_u64(1);
    let wrapped = key_a().public_key().wrap(&[1; 20], &label, rng).unwrap();
    let item = SealedItem::assemble(&wrapped, &[0; 40]).unwrap();
    assert_eq!(unseal(&item, &label, &[key_a()]), Err(UnsealError));
}

/// I5: a message that decrypts under the key standing in for a failed unwrapping is still refused.
#[test]
fn ciphertext_for_the_stand_in_key_does_not_open() {
    let label = Scope::Strict.label("prod", "db");
    let mut buffer = b"forged".to_vec();
    let cipher = UnboundKey::new(&aws_lc_rs::aead::AES_256_GCM, &[0; 32]).unwrap();
    LessSafeKey::new(cipher)
        .seal_in_place_append_tag(
            Nonce::assume_unique_for_key([0; 12]),
            Aad::empty(),
            &mut buffer,
        )
        .unwrap();
    let item = SealedItem::assemble(&[5; 256], &buffer).unwrap();
    assert_eq!(unseal(&item, &label, &[key_a()]), Err(UnsealError));
}

/// A wrapped key without its leading zero bytes is tolerated, as upstream does.
#[test]
fn shorter_wrapped_key_is_padded() {
    let label = Scope::Strict.label("prod", "db");
    let rng = &mut StdRng::seed_from_u64(1);
    let item =
        std::iter::repeat_with(|| seal(&secret(b"x"), &label, key_a().public_key(), rng).unwrap())
            .find(|item| item.as_bytes()[2] == 0)
            .unwrap();
    let (wrapped, ciphertext) = item.parts().unwrap();
    let short = SealedItem::assemble(&wrapped[1..], ciphertext).unwrap();
    assert_eq!(unseal(&short, &label, &[key_a()]), Ok(secret(b"x")));
}

fn opened(items: &[(&str, &str)]) -> Result<Vec<String>, String> {
    let label = Scope::Strict.label("prod", "db");
    unseal_items(items.iter().copied(), &label, &[key_a()])
        .map(|items| items.into_keys().collect())
        .map_err(|faults| faults.to_string())
}

/// K-013: keys of items are not part of what is sealed.
#[test]
fn item_may_be_given_another_key() {
    let label = Scope::Strict.label("prod", "db");
    let text = sealed(b"x", &label, &key_a()).to_string();
    assert_eq!(
        opened(&[("renamed", &text), ("b", &text)]),
        Ok(vec!["b".into(), "renamed".into()])
    );
    assert_eq!(opened(&[]), Ok(vec![]));
}

/// K-006, K-017, K-059
#[test]
fn faults_are_grouped_by_message_with_sorted_keys() {
    let label = Scope::Strict.label("prod", "db");
    let good = sealed(b"x", &label, &key_a()).to_string();
    let mut broken = good.clone();
    broken.truncate(40);
    assert_eq!(
        opened(&[
            ("username", &broken),
            ("good", &good),
            ("cert", "!"),
            ("password", "")
        ]),
        Err("illegal base64 data at input byte 0 (cert)\n\
             no key could decrypt secret (password, username)"
            .to_owned())
    );
}

/// K-018: the legacy blob is one item whose plaintext is a whole Secret.
#[test]
fn blob_of_the_first_format_is_one_item() {
    let label = Scope::Strict.label("prod", "db");
    let whole = br#"{"apiVersion":"v1","kind":"Secret","data":{"a":"Yg=="}}"#;
    let blob = sealed(whole, &label, &key_a()).to_string();
    let item = SealedItem::from_base64(&blob).unwrap();
    assert_eq!(unseal(&item, &label, &[key_a()]), Ok(secret(whole)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn what_is_sealed_unseals(
        value in proptest::collection::vec(any::<u8>(), 0..2000),
        namespace in "[a-z0-9-]{1,20}",
        name in "[a-z0-9.-]{1,20}",
        scope in proptest::sample::select(SCOPES.to_vec()),
        seed in any::<u64>(),
    ) {
        let label = scope.label(&namespace, &name);
        let key = key_a();
        let rng = &mut StdRng::seed_from_u64(seed);
        let item = seal(&secret(&value), &label, key.public_key(), rng).unwrap();
        let read = SealedItem::from_base64(&item.to_string()).unwrap();
        prop_assert_eq!(unseal(&read, &label, &[key]), Ok(secret(&value)));
    }

    /// I5
    #[test]
    fn any_changed_byte_gives_the_same_error(place in any::<prop::sample::Index>(), flip in 1u8..) {
        let label = Scope::Strict.label("prod", "db");
        let mut bytes = sealed(b"hunter2", &label, &key_a()).as_bytes().to_vec();
        let place = place.index(bytes.len());
        bytes[place] ^= flip;
        let item = SealedItem::from_bytes(bytes);
        prop_assert_eq!(unseal(&item, &label, &[key_a(), key_b()]), Err(UnsealError));
    }

    /// I5
    #[test]
    fn any_cut_gives_the_same_error(length in 0usize..280) {
        let label = Scope::Strict.label("prod", "db");
        let mut bytes = sealed(b"hunter2", &label, &key_a()).as_bytes().to_vec();
        bytes.truncate(length);
        let item = SealedItem::from_bytes(bytes);
        prop_assert_eq!(unseal(&item, &label, &[key_a(), small_key()]), Err(UnsealError));
    }

    #[test]
    fn foreign_bytes_never_open(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let label = Scope::ClusterWide.label("prod", "db");
        let item = SealedItem::from_bytes(bytes);
        prop_assert_eq!(unseal(&item, &label, &[key_a()]), Err(UnsealError));
    }

    #[test]
    fn foreign_text_never_panics(items in proptest::collection::btree_map(".{0,8}", ".{0,80}", 0..4)) {
        let label = Scope::ClusterWide.label("prod", "db");
        let items: BTreeMap<String, String> = items;
        let pairs = items.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        prop_assert_eq!(unseal_items(pairs, &label, &[key_a()]).is_err(), !items.is_empty());
    }
}
