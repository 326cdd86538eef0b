//! All sealing keys there are, and which of them seals.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;

use crate::certificate::Certificate;
use crate::sealing_key::SealingKey;

/// What makes a key later than another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum KeyOrder {
    /// The time from which its certificate holds.
    #[default]
    CertNotBefore,
    /// The time at which its key Secret was created.
    SecretCreationTimestamp,
}

impl FromStr for KeyOrder {
    type Err = ParseKeyOrder;

    fn from_str(name: &str) -> Result<Self, ParseKeyOrder> {
        match name {
            "CertNotBefore" => Ok(Self::CertNotBefore),
            "SecretCreationTimestamp" => Ok(Self::SecretCreationTimestamp),
            _ => Err(ParseKeyOrder),
        }
    }
}

impl fmt::Display for KeyOrder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::CertNotBefore => "CertNotBefore",
            Self::SecretCreationTimestamp => "SecretCreationTimestamp",
        })
    }
}

/// The name is no key order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be one of: CertNotBefore, SecretCreationTimestamp")]
pub struct ParseKeyOrder;

/// A sealing key and when its key Secret was created.
#[derive(Debug, Clone)]
pub struct RegisteredKey {
    /// The key.
    pub key: Arc<SealingKey>,
    /// `metadata.creationTimestamp` of its Secret.
    pub created: Timestamp,
}

/// All sealing keys, in the order in which to try them, and the one that seals.
#[derive(Debug, Clone, Default)]
pub struct KeyRing {
    keys: Vec<Arc<SealingKey>>,
    latest: Option<(Timestamp, Arc<SealingKey>)>,
}

impl KeyRing {
    /// Orders keys. A key that several Secrets hold counts once.
    ///
    /// The latest key is the one with the greatest time; of equal ones that of the older Secret
    /// is kept. A key whose certificate belongs to another key never seals.
    pub fn new(mut registered: Vec<RegisteredKey>, order: KeyOrder) -> Self {
        registered.sort_by_key(|entry| entry.created);
        let mut latest: Option<(Timestamp, Arc<SealingKey>)> = None;
        for entry in &registered {
            let Some(time) = ordering_time(entry, order) else {
                continue;
            };
            if latest.as_ref().is_none_or(|(known, _)| time > *known) {
                latest = Some((time, Arc::clone(&entry.key)));
            }
        }
        registered.sort_by_key(|entry| std::cmp::Reverse(ordering_time(entry, order)));
        let mut seen = BTreeSet::new();
        let keys = registered
            .into_iter()
            .map(|entry| entry.key)
            .filter(|key| seen.insert(key.fingerprint()))
            .collect();
        Self { keys, latest }
    }

    /// Returns every key, the newest first: what [`crate::unseal`] takes.
    pub fn keys(&self) -> &[Arc<SealingKey>] {
        &self.keys
    }

    /// Returns the certificate that everybody is to seal with.
    pub fn sealing_certificate(&self) -> Option<&Certificate> {
        self.latest
            .as_ref()
            .and_then(|(_, key)| key.sealing_certificate())
    }

    /// Returns the ordering time of the latest key, from which its renewal is reckoned.
    pub fn latest_time(&self) -> Option<Timestamp> {
        self.latest.as_ref().map(|(time, _)| *time)
    }

    /// Whether there is no key at all.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

/// Returns none for a key that must not seal.
fn ordering_time(entry: &RegisteredKey, order: KeyOrder) -> Option<Timestamp> {
    let certificate = entry.key.sealing_certificate()?;
    Some(match order {
        KeyOrder::CertNotBefore => certificate.not_before(),
        KeyOrder::SecretCreationTimestamp => entry.created,
    })
}

#[cfg(test)]
mod tests;
