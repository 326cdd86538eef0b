//! The bytes of one sealed item: a length, the wrapped session key, the ciphertext.

use std::fmt;

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, general_purpose};

/// One sealed item, not known to be well formed until somebody unseals it.
///
/// Its `Display` text is the Base64 form that stands in `encryptedData`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedItem(Vec<u8>);

const LENGTH_BYTES: usize = 2;

/// As lenient as upstream: bits that no byte uses may be set.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

impl SealedItem {
    /// Takes the bytes of an item.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Reads standard Base64 with padding. Line breaks are skipped.
    pub fn from_base64(text: &str) -> Result<Self, Base64Fault> {
        let joined: Vec<u8> = text
            .bytes()
            .filter(|byte| !matches!(byte, b'\r' | b'\n'))
            .collect();
        LENIENT.decode(joined).map(Self).map_err(|_| Base64Fault {
            offset: first_illegal_byte(text.as_bytes()),
        })
    }

    /// Returns the bytes of the item.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn assemble(wrapped_key: &[u8], ciphertext: &[u8]) -> Option<Self> {
        let length = u16::try_from(wrapped_key.len()).ok()?;
        let mut bytes = Vec::with_capacity(LENGTH_BYTES + wrapped_key.len() + ciphertext.len());
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(wrapped_key);
        bytes.extend_from_slice(ciphertext);
        Some(Self(bytes))
    }

    /// Returns the wrapped session key and the ciphertext with its tag, if the length fits.
    pub(crate) fn parts(&self) -> Option<(&[u8], &[u8])> {
        let (length, rest) = self.0.split_first_chunk::<LENGTH_BYTES>()?;
        rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
    }
}

impl fmt::Display for SealedItem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&general_purpose::STANDARD.encode(&self.0))
    }
}

/// The text of an item is not Base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("illegal base64 data at input byte {offset}")]
pub struct Base64Fault {
    /// Where in the text, line breaks counted, reading had to stop.
    pub offset: usize,
}

/// COMPAT: finds the offset that upstream would name, which users and health checks see.
fn first_illegal_byte(text: &[u8]) -> usize {
    let mut symbols = text
        .iter()
        .enumerate()
        .filter(|(_, byte)| !matches!(byte, b'\r' | b'\n'))
        .map(|(offset, byte)| (offset, *byte));
    let mut in_group = 0;
    while let Some((offset, byte)) = symbols.next() {
        if byte == b'=' {
            return match in_group {
                0 | 1 => offset,
                2 => match symbols.next() {
                    None => text.len(),
                    Some((_, b'=')) => symbols.next().map_or(text.len(), |(extra, _)| extra),
                    Some((other, _)) => other,
                },
                _ => symbols.next().map_or(text.len(), |(extra, _)| extra),
            };
        }
        if !(byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')) {
            return offset;
        }
        in_group = (in_group + 1) % 4;
    }
    text.len() - in_group
}

#[cfg(test)]
mod tests;
