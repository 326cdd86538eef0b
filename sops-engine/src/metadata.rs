//! The metadata of a file: who can open it, how its values were chosen, and its MAC.

mod read;
mod write;

use crate::selection::SelectionRule;
use crate::{KeyKind, MacScope, WrappedKey};

pub use read::MetadataError;

/// The name of the entry that holds the metadata.
pub(crate) const ENTRY: &str = "sops";

/// The version written into new files.
pub const FORMAT_VERSION: &str = "3.13.2";

/// What the `sops` block of a file holds.
#[derive(Debug, Clone)]
pub struct Metadata {
    /// Key groups; files without Shamir sharing have one.
    pub groups: Vec<KeyGroup>,
    /// How many groups must be opened; 0 when the file does not say.
    pub shamir_threshold: usize,
    /// When values were last encrypted: RFC 3339 in whole seconds.
    pub last_modified: String,
    /// The encrypted MAC; empty when the file has none.
    pub mac: String,
    /// What the MAC covers.
    pub mac_scope: MacScope,
    /// Which leaves are encrypted.
    pub rule: SelectionRule,
    /// The version of the program that wrote the file.
    pub version: String,
}

/// Keys of which any one opens the group's share of the data key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyGroup {
    /// The wrapped data keys.
    pub keys: Vec<WrappedKey>,
}

/// The order in which the keys of a group are tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecryptionOrder(Vec<KeyKind>);

impl DecryptionOrder {
    /// Makes an order; kinds that it does not list come last, in the order of the file.
    pub fn new(kinds: Vec<KeyKind>) -> Self {
        Self(kinds)
    }

    /// Keeps the order of the file.
    pub fn as_written() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn sorted<'a>(&self, group: &'a KeyGroup) -> Vec<&'a WrappedKey> {
        let mut keys: Vec<&WrappedKey> = group.keys.iter().collect();
        keys.sort_by_key(|key| {
            let kind = key.key.kind();
            self.0
                .iter()
                .position(|listed| *listed == kind)
                .unwrap_or(self.0.len())
        });
        keys
    }
}

impl Default for DecryptionOrder {
    /// `age`, then `pgp`, then the others.
    fn default() -> Self {
        Self(vec![KeyKind::Age, KeyKind::Pgp])
    }
}

#[cfg(test)]
mod tests;
