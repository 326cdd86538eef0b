//! age: wraps and unwraps data keys in memory, with identities given as text.

use std::io::{Read, Write};

use age::armor::{ArmoredReader, ArmoredWriter, Format as ArmorFormat};
use futures::future::BoxFuture;
use secret_bytes::SecretBytes;

use crate::{DataKey, KeyKind, KeyService, KeyServiceError, MasterKey, WrappedKey};

/// A wrapped data key is small; what is larger is no wrapped data key.
const LONGEST_DATA_KEY: u64 = 4096;

/// Wraps for age and SSH recipients, and unwraps with identities it holds.
#[derive(Default)]
pub struct AgeKeyService {
    identities: Vec<Box<dyn age::Identity + Send + Sync>>,
    /// Sources that could not be read; they count only when nothing else helps.
    broken: Vec<(String, String)>,
    /// Where identities were looked for and not found.
    absent: Vec<String>,
}

impl AgeKeyService {
    /// Makes a service without identities: it wraps, and unwraps nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads identities: lines of `AGE-SECRET-KEY-1…`, empty lines and `#` comments, or one SSH
    /// private key. `origin` names the source in errors.
    ///
    /// # Errors
    ///
    /// When the text holds anything else.
    pub fn from_identities(text: &SecretBytes, origin: &str) -> Result<Self, KeyServiceError> {
        let mut service = Self::new();
        service.add_identities(text, origin)?;
        Ok(service)
    }

    /// Adds the identities of one more source.
    ///
    /// # Errors
    ///
    /// When the text holds anything else.
    pub fn add_identities(
        &mut self,
        text: &SecretBytes,
        origin: &str,
    ) -> Result<(), KeyServiceError> {
        let identities =
            read_identities(text).map_err(|reason| KeyServiceError::ReadIdentities {
                origin: origin.to_owned(),
                reason: reason.to_owned(),
            })?;
        self.identities.extend(identities);
        Ok(())
    }

    /// Notes a source that could not be read; it is told only when no other identity helps.
    pub fn note_broken(&mut self, origin: impl Into<String>, reason: impl Into<String>) {
        self.broken.push((origin.into(), reason.into()));
    }

    /// Notes a place where there are no identities.
    pub fn note_absent(&mut self, place: impl Into<String>) {
        self.absent.push(place.into());
    }

    /// Whether there is any identity.
    pub fn has_identities(&self) -> bool {
        !self.identities.is_empty()
    }

    fn unwrap_now(&self, wrapped: &WrappedKey) -> Result<DataKey, KeyServiceError> {
        let MasterKey::Age(key) = &wrapped.key else {
            return Err(unsupported(wrapped.key.kind()));
        };
        let malformed = |reason: &str| KeyServiceError::Malformed {
            key: key.recipient.clone(),
            reason: reason.into(),
        };
        let armored = ArmoredReader::new(wrapped.enc.as_bytes());
        let decryptor = age::Decryptor::new_buffered(armored)
            .map_err(|_| malformed("its wrapped data key is no age file"))?;
        let identities = self
            .identities
            .iter()
            .map(|identity| &**identity as &dyn age::Identity);
        let reader = decryptor.decrypt(identities).map_err(|error| match error {
            age::DecryptError::NoMatchingKeys => self.no_identity(&key.recipient),
            _ => malformed("its wrapped data key cannot be decrypted"),
        })?;
        let mut plaintext = Vec::with_capacity(64);
        reader
            .take(LONGEST_DATA_KEY)
            .read_to_end(&mut plaintext)
            .map_err(|_| malformed("its wrapped data key cannot be decrypted"))?;
        Ok(DataKey::from_unwrapped(SecretBytes::new(plaintext)))
    }

    fn no_identity(&self, recipient: &str) -> KeyServiceError {
        let mut errors: Vec<KeyServiceError> = self
            .broken
            .iter()
            .map(|(origin, reason)| KeyServiceError::ReadIdentities {
                origin: origin.clone(),
                reason: reason.clone(),
            })
            .collect();
        if !self.absent.is_empty() && self.identities.is_empty() {
            errors.push(KeyServiceError::IdentitiesNotFound {
                places: self.absent.clone(),
            });
        }
        let missing = KeyServiceError::NoIdentity {
            key: recipient.to_owned(),
        };
        if errors.is_empty() {
            return missing;
        }
        errors.insert(0, missing);
        KeyServiceError::All(errors)
    }
}

impl KeyService for AgeKeyService {
    fn wrap<'a>(
        &'a self,
        key: &'a MasterKey,
        data_key: &'a DataKey,
    ) -> BoxFuture<'a, Result<String, KeyServiceError>> {
        Box::pin(std::future::ready(wrap_now(key, data_key)))
    }

    fn unwrap<'a>(
        &'a self,
        key: &'a WrappedKey,
    ) -> BoxFuture<'a, Result<DataKey, KeyServiceError>> {
        Box::pin(std::future::ready(self.unwrap_now(key)))
    }
}

fn unsupported(kind: KeyKind) -> KeyServiceError {
    KeyServiceError::Unsupported { kind }
}

fn wrap_now(key: &MasterKey, data_key: &DataKey) -> Result<String, KeyServiceError> {
    let MasterKey::Age(key) = key else {
        return Err(unsupported(key.kind()));
    };
    let malformed = |reason: &str| KeyServiceError::Malformed {
        key: key.recipient.clone(),
        reason: reason.into(),
    };
    let recipient = read_recipient(&key.recipient).map_err(malformed)?;
    let encryptor =
        age::Encryptor::with_recipients(std::iter::once(&*recipient as &dyn age::Recipient))
            .map_err(|_| malformed("the recipient cannot be used"))?;
    let in_memory = "writing into memory does not fail";
    let armored = ArmoredWriter::wrap_output(Vec::new(), ArmorFormat::AsciiArmor)
        .map_err(|_| malformed(in_memory))?;
    let mut writer = encryptor
        .wrap_output(armored)
        .map_err(|_| malformed("the recipient cannot be used"))?;
    // EXPOSE: to wrap it.
    writer
        .write_all(data_key.expose())
        .map_err(|_| malformed(in_memory))?;
    let bytes = writer
        .finish()
        .and_then(ArmoredWriter::finish)
        .map_err(|_| malformed(in_memory))?;
    let mut text = String::from_utf8(bytes).map_err(|_| malformed(in_memory))?;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}

fn read_recipient(text: &str) -> Result<Box<dyn age::Recipient>, &'static str> {
    let text = text.trim();
    if text.starts_with("age1") {
        return text
            .parse::<age::x25519::Recipient>()
            .map(|recipient| Box::new(recipient) as Box<dyn age::Recipient>)
            .map_err(|_| "no X25519 recipient: check it for typing errors; plugin and post-quantum recipients are not supported");
    }
    if text.starts_with("ssh-") {
        return text
            .parse::<age::ssh::Recipient>()
            .map(|recipient| Box::new(recipient) as Box<dyn age::Recipient>)
            .map_err(|_| "the SSH public key cannot be used");
    }
    Err("unknown recipient type")
}

type Identities = Vec<Box<dyn age::Identity + Send + Sync>>;

fn read_identities(text: &SecretBytes) -> Result<Identities, &'static str> {
    // EXPOSE: to read the private keys.
    let text = text.expose_str().map_err(|_| "it is not text")?;
    let trimmed = text.trim_start();
    if trimmed.starts_with("-----BEGIN AGE") || trimmed.starts_with("age-encryption") {
        return Err("it is protected by a passphrase");
    }
    if trimmed.starts_with("-----BEGIN ") {
        let identity = age::ssh::Identity::from_buffer(trimmed.as_bytes(), None)
            .map_err(|_| "the SSH private key cannot be read")?;
        return match identity {
            age::ssh::Identity::Unencrypted(_) => Ok(vec![Box::new(identity)]),
            age::ssh::Identity::Encrypted(_) => {
                Err("the SSH private key is protected by a passphrase")
            }
            age::ssh::Identity::Unsupported(_) => Err("the SSH private key is of another type"),
        };
    }
    let mut identities: Identities = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with('#') {
            continue;
        }
        for word in line.split_whitespace() {
            let identity = word
                .parse::<age::x25519::Identity>()
                .map_err(|_| "unknown identity type")?;
            identities.push(Box::new(identity));
        }
    }
    Ok(identities)
}

#[cfg(test)]
mod tests;
