//! Making a new sealing key with its certificate.

use std::time::Duration;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use jiff::{SignedDuration, Timestamp};
use rand::CryptoRng;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, KeyUsagePurpose,
    PKCS_RSA_SHA256, SerialNumber,
};
use rsa::RsaPrivateKey;
use rsa::pkcs8::EncodePrivateKey;
use secret_bytes::SecretBytes;

use crate::pem_blocks;
use crate::private_key::pkcs8_to_pkcs1;
use crate::sealing_key::{PKCS1_BLOCK, ReadKey, SealingKey};

/// How to make a sealing key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GenerateOptions {
    /// Length of the modulus, 2048 to 8192 bits.
    pub bits: usize,
    /// For how long the certificate holds.
    pub validity: SignedDuration,
    /// The name in the certificate; empty for none.
    pub common_name: String,
}

impl Default for GenerateOptions {
    fn default() -> Self {
        Self {
            bits: 4096,
            validity: SignedDuration::from_hours(10 * 365 * 24),
            common_name: String::new(),
        }
    }
}

/// A new sealing key and the contents of its key Secret.
#[derive(Debug)]
pub struct Generated {
    /// The key, ready to be used.
    pub key: SealingKey,
    /// `tls.key`: one PKCS#1 block.
    pub private_pem: SecretBytes,
    /// `tls.crt`: one certificate block.
    pub certificate_pem: String,
}

/// Makes a sealing key with a self-signed certificate that holds from `now`, in whole seconds.
///
/// Takes the better part of a second for 4096 bits: call it where blocking is allowed. `rng`
/// gives the serial number; the key of a usual size draws from the cryptographic library.
pub fn generate(
    options: &GenerateOptions,
    now: Timestamp,
    rng: &mut impl CryptoRng,
) -> Result<Generated, GenerateKey> {
    let pkcs8 = key_pair(options.bits, rng)?;
    let certificate_pem = self_signed(&pkcs8, options, now, rng)?;
    // EXPOSE: the new private key is brought into the form that its Secret holds.
    let pkcs1 = pkcs8_to_pkcs1(pkcs8.expose()).ok_or(GenerateKey::Encode)?;
    // EXPOSE: as above.
    let private_pem = SecretBytes::from(pem_blocks::encode(PKCS1_BLOCK, pkcs1.expose()));
    // EXPOSE: reading it back proves that what is written can be read.
    let key = SealingKey::from_pem(private_pem.expose(), certificate_pem.as_bytes())
        .map_err(|source| GenerateKey::ReadBack { source })?;
    Ok(Generated {
        key,
        private_pem,
        certificate_pem,
    })
}

/// Why a sealing key could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GenerateKey {
    /// The size is out of range.
    #[error("key size must be between 2048 and 8192 bits, not {bits}")]
    Size {
        /// The size asked for.
        bits: usize,
    },
    /// No key pair came out.
    #[error("failed to generate a key pair")]
    KeyPair,
    /// The key cannot be written.
    #[error("failed to encode the new key")]
    Encode,
    /// The certificate cannot be made.
    #[error("failed to sign the certificate of the new key")]
    Certificate {
        /// What the certificate library says.
        source: rcgen::Error,
    },
    /// The validity reaches out of the calendar.
    #[error("the certificate would be valid beyond the end of time")]
    Validity,
    /// What was made cannot be read.
    #[error("failed to read back the new key")]
    ReadBack {
        /// What is wrong with it.
        source: ReadKey,
    },
}

/// Returns the PKCS#8 document of a new key pair.
fn key_pair(bits: usize, rng: &mut impl CryptoRng) -> Result<SecretBytes, GenerateKey> {
    let size = match bits {
        2048 => KeySize::Rsa2048,
        3072 => KeySize::Rsa3072,
        4096 => KeySize::Rsa4096,
        8192 => KeySize::Rsa8192,
        2049..8192 => return odd_key_pair(bits, rng),
        _ => return Err(GenerateKey::Size { bits }),
    };
    let pair = KeyPair::generate(size).map_err(|_| GenerateKey::KeyPair)?;
    let document = pair.as_der().map_err(|_| GenerateKey::Encode)?;
    Ok(SecretBytes::new(document.as_ref().to_vec()))
}

/// For the sizes that the cryptographic library does not generate.
fn odd_key_pair(bits: usize, rng: &mut impl CryptoRng) -> Result<SecretBytes, GenerateKey> {
    let key = RsaPrivateKey::new(rng, bits).map_err(|_| GenerateKey::KeyPair)?;
    let document = key.to_pkcs8_der().map_err(|_| GenerateKey::Encode)?;
    Ok(SecretBytes::new(document.as_bytes().to_vec()))
}

fn self_signed(
    pkcs8: &SecretBytes,
    options: &GenerateOptions,
    now: Timestamp,
    rng: &mut impl CryptoRng,
) -> Result<String, GenerateKey> {
    let failed = |source| GenerateKey::Certificate { source };
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    if !options.common_name.is_empty() {
        params
            .distinguished_name
            .push(DnType::CommonName, options.common_name.as_str());
    }
    let end = now
        .checked_add(options.validity)
        .map_err(|_| GenerateKey::Validity)?;
    // The sums stay in the library's range, which like ours ends with the year 9999.
    params.not_before = rcgen::date_time_ymd(1970, 1, 1) + since_epoch(now)?;
    params.not_after = rcgen::date_time_ymd(1970, 1, 1) + since_epoch(end)?;
    let mut serial = [0; 16];
    rng.fill_bytes(&mut serial);
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::EncipherOnly];
    // EXPOSE: the certificate is signed with the new key.
    let signer =
        rcgen::KeyPair::from_pkcs8_der_and_sign_algo(&pkcs8.expose().into(), &PKCS_RSA_SHA256)
            .map_err(failed)?;
    let certificate = params.self_signed(&signer).map_err(failed)?;
    Ok(pem_blocks::encode("CERTIFICATE", certificate.der()))
}

/// The certificate library has a calendar of its own, to which this is added.
fn since_epoch(time: Timestamp) -> Result<Duration, GenerateKey> {
    u64::try_from(time.as_second())
        .map(Duration::from_secs)
        .map_err(|_| GenerateKey::Validity)
}

#[cfg(test)]
mod tests;
