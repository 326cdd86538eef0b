//! Reading the certificate that publishes a sealing key.
//!
//! Only the public key and the two times matter; names, usages and signatures are not checked.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use x509_parser::certificate::X509Certificate;
use x509_parser::parse_x509_certificate;
use x509_parser::time::ASN1Time;

use crate::pem_blocks;
use crate::public_key::{PublicKey, ReadPublicKey};

const BLOCK: &str = "CERTIFICATE";

/// The certificate of a sealing key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    document: Vec<u8>,
    public_key: PublicKey,
    not_before: Timestamp,
    not_after: Timestamp,
}

impl Certificate {
    /// Reads the first certificate of a PEM text. The rest of a chain is passed over, and so are
    /// blocks with headers.
    pub fn from_pem(text: &[u8]) -> Result<Self, ReadCertificate> {
        let block = pem_blocks::blocks(text)
            .into_iter()
            .find(|block| block.tag() == BLOCK && block.headers().iter().next().is_none())
            .ok_or(ReadCertificate::Absent)?;
        Self::from_der(block.into_contents())
    }

    pub(crate) fn from_der(document: Vec<u8>) -> Result<Self, ReadCertificate> {
        let (_, parsed) =
            parse_x509_certificate(&document).map_err(|_| ReadCertificate::Malformed)?;
        let (not_before, not_after) = validity(&parsed).ok_or(ReadCertificate::Malformed)?;
        let public_key = PublicKey::from_subject(parsed.public_key())
            .map_err(|source| ReadCertificate::Key { source })?;
        Ok(Self {
            document,
            public_key,
            not_before,
            not_after,
        })
    }

    /// Returns the key to seal with.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// Returns the time from which the certificate holds, which orders keys.
    pub fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// Returns the time after which nothing may be sealed with it.
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// Refuses a certificate that has expired.
    pub fn check_expiry(&self, now: Timestamp) -> Result<(), Expired> {
        if now > self.not_after {
            Err(Expired { at: self.not_after })
        } else {
            Ok(())
        }
    }

    /// Returns the certificate as exactly one PEM block.
    pub fn to_pem(&self) -> String {
        pem_blocks::encode(BLOCK, &self.document)
    }
}

/// Why a certificate cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadCertificate {
    /// There is none.
    #[error("data does not contain any valid RSA or ECDSA certificates")]
    Absent,
    /// It is not one, beneath its PEM armour.
    #[error("malformed certificate")]
    Malformed,
    /// Its key is of no use.
    #[error(transparent)]
    Key {
        /// What is wrong with the key.
        source: ReadPublicKey,
    },
}

/// The certificate has expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expired {
    at: Timestamp,
}

impl std::fmt::Display for Expired {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let date = self.at.to_zoned(TimeZone::UTC).date();
        let month = MONTHS
            .get(usize::from(date.month().unsigned_abs()).wrapping_sub(1))
            .copied()
            .unwrap_or_default();
        write!(
            formatter,
            "failed to encrypt using an expired certificate on {month} {}, {}",
            date.day(),
            date.year()
        )
    }
}

impl std::error::Error for Expired {}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

fn validity(certificate: &X509Certificate<'_>) -> Option<(Timestamp, Timestamp)> {
    let validity = certificate.validity();
    Some((
        timestamp(validity.not_before)?,
        timestamp(validity.not_after)?,
    ))
}

fn timestamp(time: ASN1Time) -> Option<Timestamp> {
    Timestamp::from_second(time.timestamp()).ok()
}

#[cfg(test)]
mod tests;
