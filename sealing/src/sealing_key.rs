//! A sealing key as it stands in a key Secret: `tls.key` and `tls.crt`.

use std::fmt;

use secret_bytes::SecretBytes;

use crate::certificate::{Certificate, ReadCertificate};
use crate::pem_blocks;
use crate::private_key::{ParsedKey, PrivateKey, pkcs8_to_pkcs1};
use crate::public_key::{Fingerprint, PublicKey};

pub(crate) const PKCS1_BLOCK: &str = "RSA PRIVATE KEY";
const PKCS8_BLOCK: &str = "PRIVATE KEY";
const EC_BLOCK: &str = "EC PRIVATE KEY";

/// A private key with the certificate that publishes it, parsed once and then shared by `Arc`.
pub struct SealingKey {
    private: PrivateKey,
    public: PublicKey,
    fingerprint: Fingerprint,
    certificate: Option<Certificate>,
}

impl SealingKey {
    /// Reads `tls.key` and `tls.crt` of a key Secret.
    pub fn from_pem(private_key: &[u8], certificate: &[u8]) -> Result<Self, ReadKey> {
        let key = first_private_key(private_key)?;
        let certificate =
            Certificate::from_pem(certificate).map_err(|source| ReadKey::Certificate { source })?;
        Ok(Self {
            certificate: Some(certificate),
            ..Self::from_parsed(key)
        })
    }

    /// Reads a private key alone, which can unseal but not be published.
    pub fn from_private_pem(private_key: &[u8]) -> Result<Self, ReadKey> {
        first_private_key(private_key).map(Self::from_parsed)
    }

    fn from_parsed(key: ParsedKey) -> Self {
        let fingerprint = key.public.fingerprint();
        Self {
            private: key.private,
            public: key.public,
            fingerprint,
            certificate: None,
        }
    }

    pub(crate) fn private(&self) -> &PrivateKey {
        &self.private
    }

    /// Returns the public half of the private key.
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// Returns the identity of the key, the same wherever it is stored.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// Returns the certificate of the key Secret, whether or not it fits the key.
    pub fn certificate(&self) -> Option<&Certificate> {
        self.certificate.as_ref()
    }

    /// Returns the certificate to publish and seal with: none when the one in the key Secret
    /// belongs to another key, since what is sealed with it could not be opened.
    pub fn sealing_certificate(&self) -> Option<&Certificate> {
        self.certificate()
            .filter(|certificate| *certificate.public_key() == self.public)
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SealingKey({})", self.fingerprint)
    }
}

/// Reads every private key of a PEM text, as a backup may hold several.
pub fn read_private_keys(text: &[u8]) -> Result<Vec<SealingKey>, ReadKey> {
    let keys: Vec<_> = readable_keys(text).map(SealingKey::from_parsed).collect();
    if keys.is_empty() {
        Err(absence(text))
    } else {
        Ok(keys)
    }
}

/// Why a key Secret holds no usable sealing key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadKey {
    /// There is no PEM block of a private key, or none that can be read.
    #[error("data does not contain a valid RSA private key")]
    Absent,
    /// There is a private key of another kind.
    #[error("private key is not an RSA key")]
    NotRsa,
    /// The certificate beside it is of no use.
    #[error("failed to read the certificate of the key")]
    Certificate {
        /// What is wrong with the certificate.
        source: ReadCertificate,
    },
}

fn first_private_key(text: &[u8]) -> Result<ParsedKey, ReadKey> {
    readable_keys(text).next().ok_or_else(|| absence(text))
}

fn readable_keys(text: &[u8]) -> impl Iterator<Item = ParsedKey> {
    pem_blocks::blocks(text).into_iter().filter_map(|block| {
        let kind = block.tag().to_owned();
        let document = SecretBytes::new(block.into_contents());
        // EXPOSE: the documents hold the private key that is being parsed.
        match kind.as_str() {
            PKCS1_BLOCK => PrivateKey::from_pkcs1(document.expose()),
            // EXPOSE: as above, once more out of its wrapping.
            PKCS8_BLOCK => PrivateKey::from_pkcs1(pkcs8_to_pkcs1(document.expose())?.expose()),
            _ => None,
        }
    })
}

fn absence(text: &[u8]) -> ReadKey {
    let foreign = pem_blocks::blocks(text).into_iter().any(|block| {
        let kind = block.tag().to_owned();
        let document = SecretBytes::new(block.into_contents());
        // EXPOSE: only to see whether the key is of another kind.
        kind == EC_BLOCK || (kind == PKCS8_BLOCK && pkcs8_to_pkcs1(document.expose()).is_none())
    });
    if foreign {
        ReadKey::NotRsa
    } else {
        ReadKey::Absent
    }
}

#[cfg(test)]
mod tests;
