//! What was fetched from where: a small file beside the archives, which may be lost at no harm.

use std::collections::{BTreeMap, BTreeSet};

use manifests::{Digest, Revision};
use serde::{Deserialize, Serialize};

use super::Snapshot;
use super::directory::Directory;
use crate::{GitReference, GitUrl, archive};

/// What tells checkouts, or requests, apart; holds no URL in clear.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Key(String);

/// A commit's files in the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Checkout {
    pub(super) digest: Digest,
    pub(super) size: u64,
    pub(super) subject: String,
}

/// What was fetched from where.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Index {
    /// By repository, commit and ignore rules.
    checkouts: BTreeMap<Key, Checkout>,
    /// By repository, reference and ignore rules: what was stored last.
    current: BTreeMap<Key, Current>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Current {
    revision: Revision,
    checkout: Key,
}

impl Key {
    pub(super) fn of_checkout(url: &GitUrl, commit: &str, ignore: Option<&str>) -> Self {
        Self::of(&[
            "checkout",
            &url.to_string(),
            commit,
            ignore.unwrap_or("\0default"),
        ])
    }

    pub(super) fn of_request(url: &GitUrl, reference: &GitReference, ignore: Option<&str>) -> Self {
        Self::of(&[
            "request",
            &url.to_string(),
            &reference.key(),
            ignore.unwrap_or("\0default"),
        ])
    }

    fn of(parts: &[&str]) -> Self {
        Self(
            archive::digest_of(parts.join("\0").as_bytes())
                .hex()
                .to_owned(),
        )
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Checkout {
    pub(super) fn snapshot(&self, revision: Revision) -> Snapshot {
        Snapshot {
            revision,
            digest: self.digest.clone(),
            size: self.size,
            subject: self.subject.clone(),
        }
    }
}

impl Index {
    /// Reads the index; an unreadable one counts as empty.
    pub(super) fn read(directory: &Directory) -> Self {
        let Some(text) = directory.read_index() else {
            return Self::default();
        };
        serde_json::from_slice(&text).unwrap_or_else(|error| {
            tracing::warn!(%error, "the artifact index cannot be read and is begun anew");
            Self::default()
        })
    }

    pub(super) fn to_json(&self) -> Vec<u8> {
        // Maps with text keys and plain values always serialise.
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub(super) fn checkout(&self, key: &Key) -> Option<&Checkout> {
        self.checkouts.get(key)
    }

    pub(super) fn is_current(&self, key: &Key, revision: &Revision) -> bool {
        self.current
            .get(key)
            .is_some_and(|current| current.revision == *revision)
    }

    /// Remembers a checkout; returns whether that is new.
    pub(super) fn add_checkout(&mut self, key: Key, checkout: Checkout) -> bool {
        let is_known = self.checkouts.get(&key) == Some(&checkout);
        self.checkouts.insert(key, checkout);
        !is_known
    }

    /// Remembers where a reference stood; returns whether that is new.
    pub(super) fn set_current(&mut self, key: Key, revision: Revision, checkout: Key) -> bool {
        let current = Current { revision, checkout };
        let is_known = self.current.get(&key) == Some(&current);
        self.current.insert(key, current);
        !is_known
    }

    /// Forgets deleted archives and whatever led to them; returns whether anything did.
    pub(super) fn forget(&mut self, deleted: &BTreeSet<Digest>) -> bool {
        let before = self.checkouts.len();
        self.checkouts
            .retain(|_, checkout| !deleted.contains(&checkout.digest));
        let Self { checkouts, current } = self;
        current.retain(|_, current| checkouts.contains_key(&current.checkout));
        before != self.checkouts.len()
    }
}
