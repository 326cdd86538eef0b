//! Decrypt: encrypted files before the build, encrypted objects after it (§9.3).
//!
//! Both passes have two steps, because unwrapping a data key may need a key service and this crate
//! does no I/O: *scan* finds what is encrypted and says which data keys it needs ([`Need`]), the
//! caller unwraps those it does not have yet ([`DataKeys`]), and *open* decrypts. One data key
//! serves every document that was encrypted with it.
//!
//! 1. [`scan_files`] → [`EncryptedFiles::open`]: generator files and patches become an overlay for
//!    the renderer; files of manifests are only authenticated, as they stand in the artifact (D-10).
//! 2. [`scan_objects`] → [`EncryptedObjects::open`]: objects become plain, with every plaintext
//!    concealed. An object that comes from an authenticated file is not authenticated again: the
//!    build has changed it since. Any other must carry a MAC that holds.
//!
//! A Secret that was never encrypted passes with a [`Warning`] (S15).
//!
//! Errors name files, objects, keys and recipients, and never a value.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use manifests::{ArtifactPath, ObjectId, ReadManifests};
use sops_engine::{DataKey, DecryptError, EmitError, KeyGroup, Metadata, ReadError, UnwrapDataKey};

use crate::redact::Taint;

mod files;
mod objects;

pub use files::{EncryptedFiles, OpenedFiles, scan_files};
pub use objects::{EncryptedObjects, OpenedObjects, scan_objects};

/// Where an encrypted document stands, as messages name it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(String);

impl Place {
    /// A file of the artifact.
    fn file(path: &ArtifactPath) -> Self {
        Self(path.to_string())
    }

    /// One document of a file, from 0.
    fn document(path: &ArtifactPath, index: usize) -> Self {
        if index == 0 {
            Self::file(path)
        } else {
            Self(format!("{path} (document {})", index + 1))
        }
    }

    /// A built object.
    fn object(id: &ObjectId) -> Self {
        Self(id.to_string())
    }

    /// One value of a built Secret.
    fn value(id: &ObjectId, key: &str) -> Self {
        Self(format!("{id}:{key}"))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A document whose data key is needed.
#[derive(Clone, Copy, Debug)]
pub struct Need<'a> {
    /// Where it stands.
    pub place: &'a Place,
    /// Who can open it.
    pub metadata: &'a Metadata,
}

impl Need<'_> {
    /// Makes the error that says that no data key could be unwrapped.
    pub fn failed(&self, source: UnwrapDataKey) -> Decrypt {
        Decrypt::DataKey {
            place: self.place.clone(),
            recipients: Recipients(
                self.metadata
                    .groups
                    .iter()
                    .flat_map(|group| &group.keys)
                    .map(|wrapped| wrapped.key.identity())
                    .collect(),
            ),
            source,
        }
    }
}

/// Unwrapped data keys, found by the wrapped ones.
///
/// Lives for one reconcile; the keys are wiped with it.
#[derive(Debug, Default)]
pub struct DataKeys(Vec<(Vec<KeyGroup>, Arc<DataKey>)>);

impl DataKeys {
    /// Adds the data key of a document.
    pub fn insert(&mut self, metadata: &Metadata, key: DataKey) {
        self.0.push((metadata.groups.clone(), Arc::new(key)));
    }

    /// Returns the data key of a document, when it was unwrapped.
    pub fn of(&self, metadata: &Metadata) -> Option<&DataKey> {
        let groups = &metadata.groups;
        self.0
            .iter()
            .find(|(known, _)| known == groups)
            .map(|(_, key)| key.as_ref())
    }

    /// Keeps the documents whose data key is not there yet, one for each data key.
    fn missing<'a>(&self, needs: impl Iterator<Item = Need<'a>>) -> Vec<Need<'a>> {
        let mut missing: Vec<Need<'a>> = Vec::new();
        for need in needs {
            let asked = missing
                .iter()
                .any(|other| other.metadata.groups == need.metadata.groups);
            if !asked && self.of(need.metadata).is_none() {
                missing.push(need);
            }
        }
        missing
    }
}

/// The MACs of files that were authenticated as they stand in the artifact.
#[derive(Clone, Debug, Default)]
pub struct Authenticated(BTreeSet<String>);

impl Authenticated {
    fn insert(&mut self, metadata: &Metadata) {
        self.0.insert(metadata.mac.clone());
    }

    fn holds(&self, metadata: &Metadata) -> bool {
        self.0.contains(&metadata.mac)
    }
}

/// Public names of master keys, as an error lists them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipients(Vec<String>);

impl fmt::Display for Recipients {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return formatter.write_str("document names no key");
        }
        write!(formatter, "document needs one of {}", self.0.join(", "))
    }
}

/// Something encrypted cannot be made plain.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Decrypt {
    /// The unit says nothing about decryption.
    #[error(
        "{place} is SOPS encrypted and decryption is not configured; hint: set decryption on the unit"
    )]
    NotConfigured {
        /// What is encrypted.
        place: Place,
    },
    /// No data key could be unwrapped.
    #[error("failed to decrypt {place}: {recipients}")]
    DataKey {
        /// What is encrypted.
        place: Place,
        /// Who can open it.
        recipients: Recipients,
        /// Why none did.
        source: UnwrapDataKey,
    },
    /// A document looks encrypted and is not one.
    #[error("failed to read encrypted {place}")]
    Read {
        /// Which document.
        place: Place,
        /// What is wrong with it.
        source: ReadError,
    },
    /// The YAML around encrypted documents cannot be read.
    #[error("failed to read encrypted documents")]
    Documents {
        /// What is wrong with it.
        source: ReadManifests,
    },
    /// A value or the MAC does not open.
    #[error("failed to decrypt {place}")]
    Open {
        /// Which document.
        place: Place,
        /// What does not.
        source: DecryptError,
    },
    /// The plaintext cannot be written in the wanted format.
    #[error("failed to write decrypted {place}")]
    Emit {
        /// Which document.
        place: Place,
        /// Why.
        source: EmitError,
    },
    /// Encrypted values without what is needed to decrypt them.
    #[error(
        "failed to decrypt {place}: SOPS metadata lacks {missing}; hint: encrypt the document again"
    )]
    Incomplete {
        /// Which document.
        place: Place,
        /// What is missing.
        missing: String,
    },
    /// A value is still encrypted after decryption.
    #[error(
        "{place} is still encrypted; hint: encrypt the whole object, or annotate it to be left as it is"
    )]
    StillEncrypted {
        /// Which value.
        place: Place,
    },
    /// A file is larger than an encrypted file may be.
    #[error("encrypted file {path} is larger than {limit} bytes")]
    TooLarge {
        /// Which file.
        path: ArtifactPath,
        /// The limit.
        limit: usize,
    },
    /// What was decrypted is no Kubernetes object.
    #[error("{place} decrypts to something that is no object")]
    NotAnObject {
        /// Which document.
        place: Place,
    },
    /// The caller opened without unwrapping first.
    #[error("data key of {place} was not unwrapped")]
    KeyNotGiven {
        /// Which document.
        place: Place,
    },
}

/// Something worth a condition although decryption went on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// What it is about.
    pub kind: WarningKind,
    /// Which document.
    pub place: Place,
    /// What about it.
    pub message: String,
}

/// What a [`Warning`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WarningKind {
    /// `macPolicy: warn` let a document pass whose MAC does not hold (D-10).
    MacNotVerified,
    /// A Secret stands in the source as plaintext (S15).
    PlaintextSecret,
}

impl fmt::Display for Warning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.place, self.message)
    }
}

/// What both passes collect.
#[derive(Debug, Default)]
struct Collected {
    taint: Taint,
    warnings: Vec<Warning>,
}

#[cfg(test)]
mod tests;
