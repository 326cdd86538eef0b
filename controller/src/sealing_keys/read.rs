//! From a key Secret to a key.

use std::sync::Arc;

use k8s_openapi::api::core::v1::Secret;
use sealing::{ReadKey, RegisteredKey, SealingKey};
use secret_bytes::SecretBytes;

use crate::secrets;

/// Why a Secret is no sealing key.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadSecret {
    /// An entry is missing.
    #[error("entry {entry:?} is missing")]
    Missing {
        /// Which one.
        entry: &'static str,
    },
    /// The entries hold no key.
    #[error("key cannot be read")]
    Key {
        /// Why.
        source: ReadKey,
    },
}

/// Reads `tls.key` and `tls.crt`.
pub(super) fn registered(mut secret: Secret) -> Result<RegisteredKey, ReadSecret> {
    let created = secret
        .metadata
        .creation_timestamp
        .take()
        .map(|time| time.0)
        .unwrap_or_default();
    let data = secrets::take(secret);
    let entry = |entry: &'static str| -> Result<&Arc<SecretBytes>, ReadSecret> {
        data.get(entry).ok_or(ReadSecret::Missing { entry })
    };
    let (private, certificate) = (entry("tls.key")?, entry("tls.crt")?);
    // EXPOSE: the key is parsed into the type that keeps it.
    let key = SealingKey::from_pem(private.expose(), certificate.expose())
        .map_err(|source| ReadSecret::Key { source })?;
    Ok(RegisteredKey {
        key: Arc::new(key),
        created,
    })
}
