//! One encrypted scalar: `ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]`.

use aes_gcm::aead::consts::{U12, U16, U32};
use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::aes::Aes256;
use aes_gcm::{AesGcm, Key, Nonce, Tag};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secret_bytes::SecretBytes;

use crate::DataKey;
use crate::scalar::ValueType;

/// Length of the nonces that are written. Readers take other lengths too.
pub(crate) const NONCE_LENGTH: usize = 32;

const PREFIX: &str = "ENC[AES256_GCM,data:";
const TAG_LENGTH: usize = 16;

/// The cipher of one file, set up once.
#[expect(
    clippy::struct_field_names,
    reason = "the length of the nonce is all that tells the three apart"
)]
pub(crate) struct Cipher {
    nonce_of_12: AesGcm<Aes256, U12>,
    nonce_of_16: AesGcm<Aes256, U16>,
    nonce_of_32: AesGcm<Aes256, U32>,
}

/// Why a value could not be decrypted. The cause of a failed authentication has no detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenValue {
    /// The text does not have the form `ENC[…]`.
    #[error("the value does not have the form of an encrypted value")]
    Form,
    /// `data`, `iv` or `tag` is not base64, or `tag` has a wrong length.
    #[error("the encrypted value is not well formed")]
    Encoding,
    /// `iv` has a length that nothing writes.
    #[error("the encrypted value has a nonce of an unsupported length")]
    NonceLength,
    /// `type` is unknown.
    #[error("the encrypted value has an unknown type")]
    UnknownType,
    /// The value does not belong to this key and place.
    #[error("the encrypted value does not belong to this data key and this place in the file")]
    Authentication,
    /// The plaintext is not of the type that the value says.
    #[error("the plaintext is not of the type that the encrypted value names")]
    Type,
}

/// The data key does not have 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the data key does not have 32 bytes")]
pub struct DataKeyLength;

impl Cipher {
    pub(crate) fn new(data_key: &DataKey) -> Result<Self, DataKeyLength> {
        // EXPOSE: to set up the cipher.
        let key = <&Key<Aes256>>::try_from(data_key.expose()).map_err(|_| DataKeyLength)?;
        Ok(Self {
            nonce_of_12: AesGcm::new(key),
            nonce_of_16: AesGcm::new(key),
            nonce_of_32: AesGcm::new(key),
        })
    }

    /// Encrypts bytes into the text of an encrypted value.
    pub(crate) fn seal(
        &self,
        plaintext: &[u8],
        value_type: ValueType,
        path: &[u8],
        nonce: &[u8; NONCE_LENGTH],
    ) -> String {
        let mut buffer = plaintext.to_vec();
        let tag = self
            .nonce_of_32
            .encrypt_inout_detached(&Nonce::from(*nonce), path, buffer.as_mut_slice().into())
            .expect("because nothing held in memory is longer than GCM's 64 GiB");
        let mut text = String::with_capacity(PREFIX.len() + buffer.len() * 4 / 3 + 100);
        text.push_str(PREFIX);
        STANDARD.encode_string(&buffer, &mut text);
        text.push_str(",iv:");
        STANDARD.encode_string(nonce, &mut text);
        text.push_str(",tag:");
        STANDARD.encode_string(tag, &mut text);
        text.push_str(",type:");
        text.push_str(value_type.name());
        text.push(']');
        text
    }

    /// Decrypts the text of an encrypted value.
    pub(crate) fn open(
        &self,
        text: &str,
        path: &[u8],
    ) -> Result<(ValueType, SecretBytes), OpenValue> {
        let parts = Parts::split(text).ok_or(OpenValue::Form)?;
        let value_type = ValueType::from_name(parts.value_type).ok_or(OpenValue::UnknownType)?;
        let decode = |text: &str| STANDARD.decode(text).map_err(|_| OpenValue::Encoding);
        let (mut buffer, nonce, tag) = (
            decode(parts.data)?,
            decode(parts.nonce)?,
            decode(parts.tag)?,
        );
        let tag: [u8; TAG_LENGTH] = tag.try_into().map_err(|_| OpenValue::Encoding)?;
        let tag = Tag::from(tag);
        let bytes = buffer.as_mut_slice();
        let opened = if let Ok(nonce) = <[u8; 32]>::try_from(&*nonce) {
            let nonce = Nonce::from(nonce);
            self.nonce_of_32
                .decrypt_inout_detached(&nonce, path, bytes.into(), &tag)
        } else if let Ok(nonce) = <[u8; 12]>::try_from(&*nonce) {
            let nonce = Nonce::from(nonce);
            self.nonce_of_12
                .decrypt_inout_detached(&nonce, path, bytes.into(), &tag)
        } else if let Ok(nonce) = <[u8; 16]>::try_from(&*nonce) {
            let nonce = Nonce::from(nonce);
            self.nonce_of_16
                .decrypt_inout_detached(&nonce, path, bytes.into(), &tag)
        } else {
            return Err(OpenValue::NonceLength);
        };
        opened.map_err(|_| OpenValue::Authentication)?;
        Ok((value_type, SecretBytes::new(buffer)))
    }
}

/// Whether a text starts like an encrypted value.
pub(crate) fn looks_encrypted(text: &[u8]) -> bool {
    text.starts_with(PREFIX.as_bytes())
}

struct Parts<'a> {
    data: &'a str,
    nonce: &'a str,
    tag: &'a str,
    value_type: &'a str,
}

impl<'a> Parts<'a> {
    /// Splits at the last marks of the first line, as the greedy expression of other readers does;
    /// what follows the closing bracket does not count.
    fn split(text: &'a str) -> Option<Self> {
        let text = text.strip_prefix(PREFIX)?;
        let line = text.split('\n').next()?;
        let (body, _) = line.rsplit_once(']')?;
        let (rest, value_type) = body.rsplit_once(",type:")?;
        let (rest, tag) = rest.rsplit_once(",tag:")?;
        let (data, nonce) = rest.rsplit_once(",iv:")?;
        let filled = [data, nonce, tag, value_type]
            .iter()
            .all(|part| !part.is_empty());
        filled.then_some(Self {
            data,
            nonce,
            tag,
            value_type,
        })
    }
}

#[cfg(test)]
mod tests;
