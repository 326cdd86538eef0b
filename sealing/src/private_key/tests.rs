use super::{Engine, PrivateKey, pkcs8_to_pkcs1};
use crate::pem_blocks;

fn document(text: &[u8]) -> Vec<u8> {
    pem_blocks::blocks(text).remove(0).into_contents()
}

/// Keys of a usual size must never reach the portable implementation.
#[test]
fn usual_sizes_are_opened_in_constant_time() {
    let key = document(include_bytes!("../../tests/keys/test-key-a.pem"));
    let key = PrivateKey::from_pkcs1(&key).unwrap();
    assert!(matches!(key.private.engine, Engine::Constant(_)));
    let small = document(include_bytes!("../../tests/keys/test-key-small.pem"));
    let small = PrivateKey::from_pkcs1(&small).unwrap();
    assert!(matches!(small.private.engine, Engine::Portable(_)));
}

/// I5: an input that the library would refuse at once takes the usual way instead.
#[test]
fn wrapped_key_is_brought_to_the_length_of_the_modulus() {
    let key = document(include_bytes!("../../tests/keys/test-key-a.pem"));
    let key = PrivateKey::from_pkcs1(&key).unwrap().private;
    let padded = key.fitted(&[9; 255]);
    assert_eq!((padded.len(), padded[0], padded[1]), (256, 0, 9));
    let modulus = key.modulus.clone();
    let mut below = modulus.clone();
    below[255] -= 1;
    assert_eq!(key.fitted(&below), below);
    for odd in [&[][..], &[0; 256], &[7; 300], &[0xff; 256], &modulus] {
        let replaced = key.fitted(odd);
        assert_eq!(replaced.len(), 256);
        assert_eq!(replaced[0], 0);
        assert_ne!(replaced[255], 0);
    }
}

#[test]
fn wrapping_of_other_kinds_of_key_is_refused() {
    assert!(pkcs8_to_pkcs1(b"junk").is_none());
    let ec = document(include_bytes!("../../tests/keys/test-key-ec.pem"));
    assert!(pkcs8_to_pkcs1(&ec).is_none());
}
