//! The public half of a sealing key: reading it, wrapping with it, naming it.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use rand::CryptoRng;
use rsa::traits::PublicKeyParts;
use rsa::{BoxedUint, Oaep, RsaPublicKey};
use sha2::{Digest, Sha256};
use x509_parser::public_key::PublicKey as X509Key;
use x509_parser::x509::SubjectPublicKeyInfo;

use crate::label::Label;

/// The public half of a sealing key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey(RsaPublicKey);

/// Smaller ones are not worth sealing with, larger ones take minutes and fit no item.
const MODULUS_BITS: std::ops::RangeInclusive<usize> = 1024..=16_384;

impl PublicKey {
    pub(crate) fn from_subject(subject: &SubjectPublicKeyInfo<'_>) -> Result<Self, ReadPublicKey> {
        let key = subject.parsed().map_err(|_| ReadPublicKey::Malformed)?;
        let X509Key::RSA(key) = key else {
            return Err(ReadPublicKey::NotRsa {
                found: algorithm_name(&key),
            });
        };
        Self::from_parts(key.modulus, key.exponent)
    }

    /// Takes modulus and exponent as big-endian bytes.
    pub(crate) fn from_parts(modulus: &[u8], exponent: &[u8]) -> Result<Self, ReadPublicKey> {
        let modulus = BoxedUint::from_be_slice_vartime(trimmed(modulus));
        let exponent = BoxedUint::from_be_slice_vartime(trimmed(exponent));
        RsaPublicKey::new_with_size_limits(modulus, exponent, MODULUS_BITS)
            .map(Self)
            .map_err(|_| ReadPublicKey::Malformed)
    }

    /// Returns the length of the modulus in bits.
    pub fn bits(&self) -> usize {
        self.0.n().bits_vartime() as usize
    }

    /// Returns the key's identity.
    pub fn fingerprint(&self) -> Fingerprint {
        let mut hash = Sha256::new();
        hash_field(&mut hash, b"ssh-rsa");
        hash_field(&mut hash, &positive(&self.0.e().to_be_bytes()));
        hash_field(&mut hash, &positive(&self.0.n().to_be_bytes()));
        Fingerprint(hash.finalize().into())
    }

    pub(crate) fn wrap(
        &self,
        session_key: &[u8],
        label: &Label,
        rng: &mut impl CryptoRng,
    ) -> Option<Vec<u8>> {
        let padding = Oaep::<Sha256>::new_with_label(label.as_bytes());
        self.0.encrypt(rng, padding, session_key).ok()
    }
}

/// Why a public key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadPublicKey {
    /// It is a key of another kind.
    #[error("expected RSA public key but found {found}")]
    NotRsa {
        /// The kind of key that is there.
        found: &'static str,
    },
    /// It is no RSA key of a usable size.
    #[error("malformed RSA public key")]
    Malformed,
}

/// The identity of a key, written as OpenSSH writes it: `SHA256:` and unpadded Base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 32]);

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SHA256:{}", STANDARD_NO_PAD.encode(self.0))
    }
}

fn algorithm_name(key: &X509Key<'_>) -> &'static str {
    match key {
        X509Key::RSA(_) => "RSA",
        X509Key::EC(_) => "ECDSA",
        X509Key::DSA(_) => "DSA",
        X509Key::GostR3410(_) | X509Key::GostR3410_2012(_) => "GOST",
        X509Key::Unknown(_) => "an unknown algorithm",
    }
}

fn trimmed(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

/// The shortest form that does not read as a negative number.
fn positive(number: &[u8]) -> Vec<u8> {
    let number = trimmed(number);
    let mut bytes = Vec::with_capacity(number.len() + 1);
    if number.first().is_some_and(|byte| *byte >= 0x80) {
        bytes.push(0);
    }
    bytes.extend_from_slice(number);
    bytes
}

fn hash_field(hash: &mut Sha256, field: &[u8]) {
    let length = u32::try_from(field.len()).unwrap_or(u32::MAX);
    hash.update(length.to_be_bytes());
    hash.update(field);
}

#[cfg(test)]
mod tests;
