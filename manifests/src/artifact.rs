//! Immutable content fetched from a source.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use crate::{ArtifactPath, Digest, Revision};

/// Immutable content fetched from a source: what it is called, what it hashes to, what it holds.
///
/// Fetched and unpacked once per commit and shared by every unit that uses it; cloning is cheap.
#[derive(Clone, Debug)]
pub struct Artifact {
    /// Which state of the source this is.
    pub revision: Revision,
    /// Digest of the packed form; equal content has an equal digest (G-174).
    pub digest: Digest,
    /// The files.
    pub tree: Arc<Tree>,
}

/// The regular files of an artifact, in memory, in path order.
///
/// Anything that is no regular file is left out when the artifact is made; the tree remembers what
/// and why, so that a reference to such a path gets a clear error.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    files: BTreeMap<ArtifactPath, File>,
    omissions: BTreeMap<ArtifactPath, Omission>,
}

/// One regular file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The content, exactly as the source holds it.
    pub content: Bytes,
    /// Whether the source marks it executable.
    pub executable: bool,
}

/// Why a path of the source is not in the artifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Omission {
    /// A symbolic link; artifacts hold regular files only.
    Link,
    /// A submodule that was not fetched.
    Submodule,
    /// Larger than an artifact's file may be.
    TooLarge,
    /// A name that could lead out of the tree or into a repository's own folder.
    UnsafeName,
}

impl Omission {
    /// Returns the reason as the second half of a sentence.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Link => "is a symbolic link, which artifacts do not hold",
            Self::Submodule => "is a submodule, which was not fetched",
            Self::TooLarge => "is larger than a file in an artifact may be",
            Self::UnsafeName => "has a name that an artifact may not hold",
        }
    }
}

impl Tree {
    /// Adds a file, replacing one of the same path.
    pub fn insert(&mut self, path: ArtifactPath, file: File) {
        self.files.insert(path, file);
    }

    /// Remembers that a path was left out.
    pub fn omit(&mut self, path: ArtifactPath, why: Omission) {
        self.omissions.insert(path, why);
    }

    /// Returns the file at a path.
    pub fn file(&self, path: &ArtifactPath) -> Option<&File> {
        self.files.get(path)
    }

    /// Returns why a path is not there, when it was left out.
    pub fn omission(&self, path: &ArtifactPath) -> Option<Omission> {
        self.omissions.get(path).copied()
    }

    /// Returns every path that was left out, in order.
    pub fn omissions(&self) -> impl Iterator<Item = (&ArtifactPath, Omission)> {
        self.omissions.iter().map(|(path, why)| (path, *why))
    }

    /// Whether a path is a directory: the root, or the beginning of some file's path.
    pub fn is_directory(&self, path: &ArtifactPath) -> bool {
        path.is_root()
            || self
                .files_below(path)
                .next()
                .is_some_and(|(first, _)| first != path)
    }

    /// Returns every file, in path order.
    pub fn files(&self) -> impl Iterator<Item = (&ArtifactPath, &File)> {
        self.files.iter()
    }

    /// Returns the files at or below a path, in path order.
    pub fn files_below<'a>(
        &'a self,
        directory: &'a ArtifactPath,
    ) -> impl Iterator<Item = (&'a ArtifactPath, &'a File)> {
        // Names such as `a-b` sort between `a` and `a/b`, hence the filter instead of a stop.
        self.files
            .range(directory.clone()..)
            .take_while(|(path, _)| path.as_str().starts_with(directory.as_str()))
            .filter(|(path, _)| path.is_within(directory))
    }

    /// Returns the number of files.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is no file.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Returns the size of all contents in bytes.
    pub fn size(&self) -> usize {
        self.files.values().map(|file| file.content.len()).sum()
    }
}

#[cfg(test)]
mod tests;
