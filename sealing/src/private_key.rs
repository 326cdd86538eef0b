//! The private half of a sealing key: reading it and unwrapping session keys with it.

use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;
use rsa::pkcs1::{DecodeRsaPrivateKey, RsaPrivateKey as Pkcs1Key};
use rsa::pkcs8::der::{Decode, Encode, asn1::OctetStringRef};
use rsa::pkcs8::{AlgorithmIdentifierRef, PrivateKeyInfoRef};
use rsa::{Oaep, RsaPrivateKey};
use secret_bytes::SecretBytes;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::label::Label;
use crate::public_key::PublicKey;
use crate::unseal::{Genuine, SessionKey};

/// A private key, and the modulus to bring wrapped keys below.
pub(crate) struct PrivateKey {
    engine: Engine,
    modulus: Vec<u8>,
}

/// Who does the private operation.
enum Engine {
    /// In constant time and blinded, for 2048 to 8192 bits.
    Constant(OaepPrivateDecryptingKey),
    /// For the sizes the above does not take, which only old installations have.
    Portable(Box<RsaPrivateKey>),
}

/// A private key that was read, with its public half.
pub(crate) struct ParsedKey {
    pub(crate) private: PrivateKey,
    pub(crate) public: PublicKey,
}

impl PrivateKey {
    /// Reads a PKCS#1 document.
    pub(crate) fn from_pkcs1(document: &[u8]) -> Option<ParsedKey> {
        let key = Pkcs1Key::<rsa::pkcs8::der::asn1::UintRef<'_>>::from_der(document).ok()?;
        let public =
            PublicKey::from_parts(key.modulus.as_bytes(), key.public_exponent.as_bytes()).ok()?;
        let engine = match constant(document) {
            Some(key) => Engine::Constant(key),
            None => Engine::Portable(Box::new(RsaPrivateKey::from_pkcs1_der(document).ok()?)),
        };
        let private = Self {
            engine,
            modulus: key.modulus.as_bytes().to_vec(),
        };
        Some(ParsedKey { private, public })
    }

    /// Unwraps a session key; a stand-in comes back when that fails.
    pub(crate) fn unwrap_session_key(&self, wrapped: &[u8], label: &Label) -> SessionKey {
        let wrapped = self.fitted(wrapped);
        let unwrapped = match &self.engine {
            Engine::Constant(key) => unwrap_constant(key, &wrapped, label),
            Engine::Portable(key) => key
                .decrypt_blinded(
                    &mut UnwrapErr(SysRng),
                    Oaep::<Sha256>::new_with_label(label.as_bytes()),
                    &wrapped,
                )
                .ok()
                .map(Zeroizing::new),
        };
        match unwrapped {
            Some(bytes) => SessionKey {
                bytes,
                genuine: Genuine::Unwrapped,
            },
            None => SessionKey::stand_in(),
        }
    }

    /// Brings a wrapped key to the length of the modulus.
    ///
    /// A shorter one is padded, as upstream tolerates. One that is no number between zero and the
    /// modulus would be refused at once, and is replaced by one that takes the usual time to fail.
    fn fitted(&self, wrapped: &[u8]) -> Vec<u8> {
        const FILLER: u8 = 0x11;
        let length = self.modulus.len();
        let mut fitted = vec![0; length];
        let start = length.checked_sub(wrapped.len());
        if let Some(place) = start.and_then(|start| fitted.get_mut(start..)) {
            place.copy_from_slice(wrapped);
        }
        // Of equal length, bytes compare as the numbers do. Both are public.
        if fitted.iter().all(|byte| *byte == 0) || fitted >= self.modulus {
            fitted.fill(FILLER);
            fitted.iter_mut().take(1).for_each(|byte| *byte = 0);
        }
        fitted
    }
}

fn unwrap_constant(
    key: &OaepPrivateDecryptingKey,
    wrapped: &[u8],
    label: &Label,
) -> Option<Zeroizing<Vec<u8>>> {
    let mut buffer = Zeroizing::new(vec![0; key.min_output_size()]);
    let label = Some(label.as_bytes()).filter(|label| !label.is_empty());
    let unwrapped = key
        .decrypt(&OAEP_SHA256_MGF1SHA256, wrapped, &mut buffer, label)
        .ok()?;
    Some(Zeroizing::new(unwrapped.to_vec()))
}

fn constant(pkcs1: &[u8]) -> Option<OaepPrivateDecryptingKey> {
    let wrapped = pkcs1_to_pkcs8(pkcs1)?;
    let key = PrivateDecryptingKey::from_pkcs8(&wrapped).ok()?;
    OaepPrivateDecryptingKey::new(key).ok()
}

/// Wraps a PKCS#1 document in a PKCS#8 one.
pub(crate) fn pkcs1_to_pkcs8(pkcs1: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let algorithm = AlgorithmIdentifierRef {
        ..rsa::pkcs1::ALGORITHM_ID
    };
    let info = PrivateKeyInfoRef::new(algorithm, OctetStringRef::new(pkcs1).ok()?);
    info.to_der().ok().map(Zeroizing::new)
}

/// Takes the PKCS#1 document out of a PKCS#8 one; none when it holds a key of another kind.
pub(crate) fn pkcs8_to_pkcs1(pkcs8: &[u8]) -> Option<SecretBytes> {
    let info = PrivateKeyInfoRef::from_der(pkcs8).ok()?;
    if info.algorithm.oid != rsa::pkcs1::ALGORITHM_OID {
        return None;
    }
    Some(SecretBytes::new(info.private_key.as_bytes().to_vec()))
}

#[cfg(test)]
mod tests;
