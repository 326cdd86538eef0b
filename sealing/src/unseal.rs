//! Opening sealed items with any of several keys.
//!
//! All failures look alike, in text and in the time they take: for each key one private operation
//! and one pass over the ciphertext are done, whatever is wrong with the item.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_128_GCM, AES_192_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use secret_bytes::SecretBytes;
use zeroize::Zeroizing;

use crate::item::{Base64Fault, SealedItem};
use crate::label::Label;
use crate::seal::NONCE;
use crate::sealing_key::SealingKey;

/// Opens one item. Keys are tried in the order given, so put the newest first.
///
/// # Errors
///
/// Always the same, whether the item is truncated, was sealed for another label or key, or was
/// tampered with.
pub fn unseal(
    item: &SealedItem,
    label: &Label,
    keys: &[Arc<SealingKey>],
) -> Result<SecretBytes, UnsealError> {
    // An item without the parts goes the same way with parts that no key opens.
    let (wrapped_key, ciphertext) = item.parts().unwrap_or_default();
    keys.iter()
        .find_map(|key| {
            let session_key = key.private().unwrap_session_key(wrapped_key, label);
            decrypt(session_key, ciphertext)
        })
        .ok_or(UnsealError)
}

/// Opens all items of one object and collects the faults of those that do not open.
///
/// # Errors
///
/// When any item does not open: then nothing is returned of the others.
pub fn unseal_items<'a>(
    items: impl IntoIterator<Item = (&'a str, &'a str)>,
    label: &Label,
    keys: &[Arc<SealingKey>],
) -> Result<BTreeMap<String, SecretBytes>, ItemFaults> {
    let mut opened = BTreeMap::new();
    let mut faults = ItemFaults::default();
    for (name, text) in items {
        let outcome = SealedItem::from_base64(text)
            .map_err(ItemFault::Base64)
            .and_then(|item| unseal(&item, label, keys).map_err(|UnsealError| ItemFault::NoKey));
        match outcome {
            Ok(plaintext) => drop(opened.insert(name.to_owned(), plaintext)),
            Err(fault) => faults.push(fault, name),
        }
    }
    if faults.is_empty() {
        Ok(opened)
    } else {
        Err(faults)
    }
}

/// No key opens the item. Why is nobody's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no key could decrypt secret")]
pub struct UnsealError;

/// What is wrong with one item of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[non_exhaustive]
pub enum ItemFault {
    /// Its text is not Base64.
    #[error(transparent)]
    Base64(Base64Fault),
    /// No key opens it.
    #[error("no key could decrypt secret")]
    NoKey,
}

/// The faults of one object's items, written as `message (key, key)`, a line per message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ItemFaults(BTreeMap<ItemFault, Vec<String>>);

impl ItemFaults {
    fn push(&mut self, fault: ItemFault, name: &str) {
        let names = self.0.entry(fault).or_default();
        let place = names.partition_point(|known| known.as_str() < name);
        names.insert(place, name.to_owned());
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns each kind of fault with the keys of its items, sorted.
    pub fn groups(&self) -> impl Iterator<Item = (ItemFault, &[String])> {
        self.0
            .iter()
            .map(|(fault, names)| (*fault, names.as_slice()))
    }
}

impl fmt::Display for ItemFaults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (fault, names)) in self.groups().enumerate() {
            if index > 0 {
                formatter.write_str("\n")?;
            }
            write!(formatter, "{fault} ({})", names.join(", "))?;
        }
        Ok(())
    }
}

impl std::error::Error for ItemFaults {}

/// What the private operation gave: a session key, or one that stands in for it.
pub(crate) struct SessionKey {
    pub(crate) bytes: Zeroizing<Vec<u8>>,
    pub(crate) genuine: Genuine,
}

/// Whether a session key came out of the item.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Genuine {
    Unwrapped,
    StandIn,
}

impl SessionKey {
    /// Returns a key to spend the same time with, whose result is thrown away.
    pub(crate) fn stand_in() -> Self {
        Self {
            bytes: Zeroizing::new(vec![0; 32]),
            genuine: Genuine::StandIn,
        }
    }
}

fn decrypt(session_key: SessionKey, ciphertext: &[u8]) -> Option<SecretBytes> {
    let session_key = match session_key.bytes.len() {
        16 | 24 | 32 => session_key,
        _ => SessionKey::stand_in(),
    };
    let algorithm = match session_key.bytes.len() {
        16 => &AES_128_GCM,
        24 => &AES_192_GCM,
        _ => &AES_256_GCM,
    };
    let cipher = UnboundKey::new(algorithm, &session_key.bytes).ok()?;
    let mut buffer = Zeroizing::new(ciphertext.to_vec());
    let length = LessSafeKey::new(cipher)
        .open_in_place(
            Nonce::assume_unique_for_key(NONCE),
            Aad::empty(),
            &mut buffer,
        )
        .ok()?
        .len();
    buffer.truncate(length);
    match session_key.genuine {
        Genuine::Unwrapped => Some(SecretBytes::from(buffer)),
        Genuine::StandIn => None,
    }
}

#[cfg(test)]
mod tests;
