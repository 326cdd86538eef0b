//! Making a sealed item.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use rand::CryptoRng;
use secret_bytes::SecretBytes;
use zeroize::Zeroizing;

use crate::item::SealedItem;
use crate::label::Label;
use crate::public_key::PublicKey;

/// The nonce is fixed because a session key encrypts one item only.
pub(crate) const NONCE: [u8; 12] = [0; 12];

/// Seals one plaintext for the holder of `key`, bound to `label`.
///
/// Each call draws a session key of its own.
pub fn seal(
    plaintext: &SecretBytes,
    label: &Label,
    key: &PublicKey,
    rng: &mut impl CryptoRng,
) -> Result<SealedItem, SealError> {
    let mut session_key = Zeroizing::new([0; 32]);
    rng.fill_bytes(session_key.as_mut());
    let wrapped = key
        .wrap(session_key.as_ref(), label, rng)
        .ok_or(SealError::WrapKey)?;
    let cipher =
        UnboundKey::new(&AES_256_GCM, session_key.as_ref()).map_err(|_| SealError::Encrypt)?;
    // Room for the tag, so that plaintext is not left behind by growing the buffer.
    let mut buffer = Zeroizing::new(Vec::with_capacity(plaintext.len() + AES_256_GCM.tag_len()));
    // EXPOSE: this is the plaintext to encrypt; the buffer is overwritten in place.
    buffer.extend_from_slice(plaintext.expose());
    LessSafeKey::new(cipher)
        .seal_in_place_append_tag(
            Nonce::assume_unique_for_key(NONCE),
            Aad::empty(),
            &mut *buffer,
        )
        .map_err(|_| SealError::Encrypt)?;
    SealedItem::assemble(&wrapped, &buffer).ok_or(SealError::WrapKey)
}

/// Why a value could not be sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The public key cannot wrap a session key.
    #[error("the public key cannot wrap a session key")]
    WrapKey,
    /// The value is longer than the cipher takes.
    #[error("the value is too long to be encrypted")]
    Encrypt,
}

#[cfg(test)]
mod tests;
