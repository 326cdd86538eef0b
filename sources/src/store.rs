//! The artifact store: content-addressed archives on disk, shared by everyone who asks.
//!
//! A folder holds `<digest>.tar.gz` files, each written whole under its final name or not at all,
//! and `index.json`, which remembers what was fetched from where. Files are exactly as the source
//! holds them: what is encrypted there is encrypted here. A lost index costs one fetch; a damaged
//! archive is noticed by its digest, dropped and fetched again.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use manifests::{Artifact, Digest, Revision, Tree};
use tokio::runtime::Handle;
use tokio::time::Instant;

use crate::git::{Connect, Resolved, Session};
use crate::http::Clients;
use crate::reference::Wanted;
use crate::{Credentials, GitReference, GitUrl, Limits, SourceError, archive};

mod directory;
mod download;
mod flights;
mod index;
mod trees;
mod turns;

use directory::Directory;
use flights::Flights;
use index::{Checkout, Index, Key};
use trees::Trees;
use turns::Turns;

/// What to fetch from where, and with which rights.
#[derive(Clone, Debug)]
pub struct GitRequest {
    /// The repository.
    pub url: GitUrl,
    /// Which state of it.
    pub reference: GitReference,
    /// What proves who we are.
    pub credentials: Arc<Credentials>,
    /// Ignore rules in gitignore syntax; `None` for the default exclusions.
    pub ignore: Option<String>,
    /// How long the whole may take.
    pub timeout: Duration,
}

/// What a fetch found.
#[derive(Clone, Debug)]
pub enum Fetched {
    /// The source is where it was; nothing was fetched nor read.
    Unchanged(Snapshot),
    /// The source has moved, or was never seen before.
    New {
        /// What is stored.
        snapshot: Snapshot,
        /// Its content.
        artifact: Artifact,
    },
}

/// A state of a source that is in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Which state of the source it is.
    pub revision: Revision,
    /// Digest of the packed form.
    pub digest: Digest,
    /// Bytes of the packed form.
    pub size: u64,
    /// The first line of the commit's message: a user's text, which may hold anything.
    pub subject: String,
}

/// The artifact store. Cloning is cheap; all clones are the same store.
#[derive(Clone, Debug)]
pub struct Store(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    directory: Directory,
    limits: Limits,
    clients: Arc<Clients>,
    index: Mutex<Index>,
    trees: Trees,
    flights: Flights,
    turns: Turns,
}

impl Store {
    /// Opens the store in a folder, which is made when it is missing.
    ///
    /// # Errors
    ///
    /// When the folder cannot be made or read.
    pub fn open(directory: impl Into<PathBuf>, limits: Limits) -> Result<Self, SourceError> {
        let directory = Directory::open(directory.into())?;
        let index = Index::read(&directory);
        Ok(Self(Arc::new(Inner {
            directory,
            limits,
            clients: Arc::default(),
            index: Mutex::new(index),
            trees: Trees::default(),
            flights: Flights::default(),
            turns: Turns::new(limits.concurrent_fetches, limits.slow_fetches),
        })))
    }

    /// Resolves a reference and fetches its commit, unless it is here already.
    ///
    /// The server is always asked where the reference stands, with the caller's own credentials;
    /// the commit itself is fetched once and shared by all who may see it. `previous` is the
    /// revision that the caller has.
    ///
    /// # Errors
    ///
    /// When anything on the way fails. What was stored before stays as it is (G-177).
    pub async fn fetch(
        &self,
        request: &GitRequest,
        previous: Option<&Revision>,
    ) -> Result<Fetched, SourceError> {
        let wanted = request.reference.wanted()?;
        let place = request.url.to_string();
        let fetch = self.resolve_and_fetch(request, previous, wanted);
        self.0.turns.take(&place, fetch).await
    }

    async fn resolve_and_fetch(
        &self,
        request: &GitRequest,
        previous: Option<&Revision>,
        wanted: Wanted,
    ) -> Result<Fetched, SourceError> {
        let connect = Connect {
            url: request.url.clone(),
            credentials: Arc::clone(&request.credentials),
            clients: Arc::clone(&self.0.clients),
            limits: self.0.limits,
            timeout: request.timeout,
            deadline: Instant::now() + request.timeout,
            runtime: Handle::current(),
        };
        let (session, resolved) = blocking(move || {
            let mut session = connect.open()?;
            let resolved = session.resolve(&wanted)?;
            Ok((session, resolved))
        })
        .await?;
        self.settle(request, previous, session, resolved).await
    }

    /// Uses what the store has of a resolved commit, or fetches it.
    async fn settle(
        &self,
        request: &GitRequest,
        previous: Option<&Revision>,
        session: Session,
        resolved: Resolved,
    ) -> Result<Fetched, SourceError> {
        let key = Key::of_checkout(
            &request.url,
            &resolved.commit.to_string(),
            request.ignore.as_deref(),
        );
        let request_key =
            Key::of_request(&request.url, &request.reference, request.ignore.as_deref());
        if previous == Some(&resolved.revision)
            && let Some(checkout) = self.known(&key)
            && self.index().is_current(&request_key, &resolved.revision)
        {
            return Ok(Fetched::Unchanged(checkout.snapshot(resolved.revision)));
        }
        let _flight = self.0.flights.enter(key.as_str()).await;
        let stored = match self.known(&key) {
            Some(checkout) => {
                let artifact = self.load(&resolved.revision, &checkout.digest).await?;
                artifact.map(|artifact| (checkout, artifact))
            }
            None => None,
        };
        let (checkout, artifact) = match stored {
            Some(stored) => stored,
            None => {
                self.fetch_commit(&key, request.ignore.clone(), session, &resolved)
                    .await?
            }
        };
        self.remember(|index| {
            index.set_current(request_key, resolved.revision.clone(), key.clone())
        })
        .await?;
        Ok(Fetched::New {
            snapshot: checkout.snapshot(resolved.revision),
            artifact,
        })
    }

    async fn fetch_commit(
        &self,
        key: &Key,
        ignore: Option<String>,
        session: Session,
        resolved: &Resolved,
    ) -> Result<(Checkout, Artifact), SourceError> {
        let store = self.clone();
        let wanted = resolved.clone();
        let (checkout, tree) = blocking(move || {
            let commit = session.fetch(&wanted, ignore.as_deref())?;
            let packed = archive::pack(&commit.tree)?;
            let (digest, size) = store.put(&packed, &commit.tree)?;
            Ok((
                Checkout {
                    digest,
                    size,
                    subject: commit.subject,
                },
                commit.tree,
            ))
        })
        .await?;
        let tree = self.0.trees.share(&checkout.digest, tree);
        let remembered = checkout.clone();
        self.remember(|index| index.add_checkout(key.clone(), remembered))
            .await?;
        let artifact = Artifact {
            revision: resolved.revision.clone(),
            digest: checkout.digest.clone(),
            tree,
        };
        Ok((checkout, artifact))
    }

    /// Returns an artifact by its digest, or none when the store does not have it.
    ///
    /// The archive is read and verified once for all who use its tree at about the same time.
    ///
    /// # Errors
    ///
    /// When the disk fails. A damaged archive is dropped and counts as missing.
    pub async fn load(
        &self,
        revision: &Revision,
        digest: &Digest,
    ) -> Result<Option<Artifact>, SourceError> {
        let artifact = |tree| Artifact {
            revision: revision.clone(),
            digest: digest.clone(),
            tree,
        };
        if let Some(tree) = self.0.trees.find(digest) {
            return Ok(Some(artifact(tree)));
        }
        let _flight = self.0.flights.enter(digest.as_str()).await;
        if let Some(tree) = self.0.trees.find(digest) {
            return Ok(Some(artifact(tree)));
        }
        let (store, wanted) = (self.clone(), digest.clone());
        let tree = blocking(move || store.read_tree(&wanted)).await?;
        Ok(tree.map(|tree| artifact(self.0.trees.share(digest, tree))))
    }

    /// Returns the packed form of an artifact, verified, or none when the store does not have it.
    ///
    /// # Errors
    ///
    /// When the disk fails. A damaged archive is dropped and counts as missing.
    pub async fn archive(&self, digest: &Digest) -> Result<Option<Bytes>, SourceError> {
        let (store, digest) = (self.clone(), digest.clone());
        blocking(move || Ok(store.0.directory.read_archive(&digest)?.map(Bytes::from))).await
    }

    /// Returns the size of an artifact's packed form, or none when the store does not have it.
    pub fn archive_size(&self, digest: &Digest) -> Option<u64> {
        self.0.directory.archive_size(digest)
    }

    /// Deletes every artifact but those in `keep` and those younger than `younger_than`.
    ///
    /// Returns how many were deleted.
    ///
    /// # Errors
    ///
    /// When the disk fails.
    pub async fn retain(
        &self,
        keep: &BTreeSet<Digest>,
        younger_than: Duration,
    ) -> Result<usize, SourceError> {
        let (store, keep) = (self.clone(), keep.clone());
        let deleted = blocking(move || store.0.directory.retain(&keep, younger_than)).await?;
        if !deleted.is_empty() {
            self.remember(|index| index.forget(&deleted)).await?;
        }
        self.0.trees.sweep();
        Ok(deleted.len())
    }

    fn read_tree(&self, digest: &Digest) -> Result<Option<Tree>, SourceError> {
        let Some(packed) = self.0.directory.read_archive(digest)? else {
            return Ok(None);
        };
        let mut tree = archive::unpack(&packed, &self.0.limits)?;
        self.0.directory.read_omissions(digest, &mut tree);
        Ok(Some(tree))
    }

    /// Writes a packed tree; returns its digest and size.
    fn put(&self, packed: &[u8], tree: &Tree) -> Result<(Digest, u64), SourceError> {
        let size = packed.len() as u64;
        archive::within("the packed artifact", size, self.0.limits.archive_bytes)?;
        let digest = archive::digest_of(packed);
        self.0.directory.write_archive(&digest, packed)?;
        self.0.directory.write_omissions(&digest, tree)?;
        Ok((digest, size))
    }

    /// Returns a checkout whose archive is on disk.
    fn known(&self, key: &Key) -> Option<Checkout> {
        let checkout = self.index().checkout(key)?.clone();
        self.archive_size(&checkout.digest).map(|_| checkout)
    }

    fn index(&self) -> std::sync::MutexGuard<'_, Index> {
        self.0.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the index and writes it when that made a difference.
    async fn remember(&self, change: impl FnOnce(&mut Index) -> bool) -> Result<(), SourceError> {
        if !change(&mut self.index()) {
            return Ok(());
        }
        let _flight = self.0.flights.enter("index").await;
        let text = self.index().to_json();
        let store = self.clone();
        blocking(move || store.0.directory.write_index(&text)).await
    }
}

/// Runs what blocks on a thread of its own.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SourceError> + Send + 'static,
) -> Result<T, SourceError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| SourceError::Interrupt)?
}

fn failed(step: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> SourceError {
    let path = path.into();
    move |source| SourceError::Store { step, path, source }
}

#[cfg(test)]
mod tests;
