//! Turns a commit's objects into a tree of regular files (I6).

use std::collections::HashSet;

use bytes::Bytes;
use gix_hash::ObjectId;
use gix_object::tree::EntryKind;
use gix_object::{CommitRef, Kind, TreeRefIter};
use manifests::{ArtifactPath, File, Omission, Tree};

use super::pack::Objects;
use crate::archive::within;
use crate::exclusions::{Exclusions, RULES_FILE};
use crate::{Limits, SourceError};

/// A commit that was fetched: what it says of itself, and its files.
pub(crate) struct Commit {
    /// The first line of its message; a user's text.
    pub(crate) subject: String,
    /// The files that are not excluded.
    pub(crate) tree: Tree,
}

/// Collects the files of a commit.
///
/// A name that Git itself would never write (`..`, `.git`, one with a slash) refuses the whole
/// repository; links, submodules and names that an artifact cannot hold are left out and remembered.
pub(super) fn checkout(
    url: &str,
    objects: &Objects,
    commit: &ObjectId,
    ignore: Option<&str>,
    limits: &Limits,
) -> Result<Commit, SourceError> {
    let mut walk = Walk {
        url,
        objects,
        limits,
        exclusions: Exclusions::new(ignore)?,
        tree: Tree::default(),
        entries: 0,
        bytes: 0,
    };
    let (subject, root) = walk.commit(commit)?;
    walk.folder(&ArtifactPath::ROOT, &root, 0)?;
    Ok(Commit {
        subject,
        tree: walk.tree,
    })
}

struct Walk<'a> {
    url: &'a str,
    objects: &'a Objects,
    limits: &'a Limits,
    exclusions: Exclusions,
    tree: Tree,
    entries: usize,
    bytes: u64,
}

impl<'a> Walk<'a> {
    fn commit(&self, id: &ObjectId) -> Result<(String, ObjectId), SourceError> {
        let content = self.object(id, Kind::Commit)?;
        let commit = CommitRef::from_bytes(content, id.kind())
            .map_err(|_| self.corrupt("the commit cannot be read"))?;
        let subject = String::from_utf8_lossy(commit.message().title)
            .trim()
            .to_owned();
        Ok((subject, commit.tree()))
    }

    fn folder(
        &mut self,
        path: &ArtifactPath,
        id: &ObjectId,
        depth: usize,
    ) -> Result<(), SourceError> {
        if depth > self.limits.depth {
            return Err(SourceError::TooMany {
                what: "nested folders",
                limit: self.limits.depth,
            });
        }
        let content = self.object(id, Kind::Tree)?;
        let entries = TreeRefIter::from_bytes(content, id.kind()).entries();
        let entries = entries.map_err(|_| self.corrupt("a folder cannot be read"))?;
        self.entries += entries.len();
        if self.entries > self.limits.files {
            return Err(SourceError::TooMany {
                what: "files and folders",
                limit: self.limits.files,
            });
        }
        // A folder's own rules count for its files, whatever they sort before.
        for entry in &entries {
            if entry.filename == RULES_FILE && entry.mode.is_blob() {
                let rules = self.object(&entry.oid.to_owned(), Kind::Blob)?;
                self.exclusions
                    .add_folder(path.clone(), &String::from_utf8_lossy(rules))?;
            }
        }
        let mut names = HashSet::with_capacity(entries.len());
        for entry in entries {
            check_name(path, entry.filename)?;
            if !names.insert(entry.filename) {
                return Err(hostile(path, entry.filename, "stands there twice"));
            }
            let oid = entry.oid.to_owned();
            let name = std::str::from_utf8(entry.filename)
                .ok()
                .and_then(|name| path.join(name).ok());
            let Some(child) = name else {
                self.omit_unsafe(path, entry.filename);
                continue;
            };
            match entry.mode.kind() {
                EntryKind::Tree => self.folder(&child, &oid, depth + 1)?,
                EntryKind::Blob => self.file(child, &oid, false)?,
                EntryKind::BlobExecutable => self.file(child, &oid, true)?,
                EntryKind::Link => self.omit(child, Omission::Link),
                EntryKind::Commit => self.omit(child, Omission::Submodule),
            }
        }
        Ok(())
    }

    fn file(
        &mut self,
        path: ArtifactPath,
        id: &ObjectId,
        executable: bool,
    ) -> Result<(), SourceError> {
        if self.exclusions.excludes(&path) {
            return Ok(());
        }
        let content: Bytes = self.object(id, Kind::Blob)?.clone();
        // One object may stand at many paths, so the files are counted besides the objects.
        self.bytes = self.bytes.saturating_add(content.len() as u64);
        within(
            "the content of the repository",
            self.bytes,
            self.limits.unpacked_bytes,
        )?;
        self.tree.insert(
            path,
            File {
                content,
                executable,
            },
        );
        Ok(())
    }

    fn omit(&mut self, path: ArtifactPath, why: Omission) {
        if !self.exclusions.excludes(&path) {
            self.tree.omit(path, why);
        }
    }

    fn object(&self, id: &ObjectId, wanted: Kind) -> Result<&'a Bytes, SourceError> {
        match self.objects.get(id) {
            Some((kind, content)) if kind == wanted => Ok(content),
            Some(_) => Err(self.corrupt("an object is not of the kind that its folder says")),
            None => Err(self.corrupt("an object is missing")),
        }
    }

    fn corrupt(&self, reason: &str) -> SourceError {
        SourceError::ReadPack {
            url: self.url.to_owned(),
            reason: reason.to_owned(),
        }
    }

    /// Remembers a name that no artifact path can hold under one that can be shown.
    fn omit_unsafe(&mut self, folder: &ArtifactPath, name: &[u8]) {
        let shown: String = String::from_utf8_lossy(name)
            .chars()
            .map(|c| {
                if c == '\\' || c.is_ascii_control() {
                    char::REPLACEMENT_CHARACTER
                } else {
                    c
                }
            })
            .collect();
        if let Ok(path) = folder.join(&shown) {
            self.omit(path, Omission::UnsafeName);
        }
    }
}

/// Refuses names that Git itself would never write.
fn check_name(folder: &ArtifactPath, name: &[u8]) -> Result<(), SourceError> {
    let reason = match name {
        b"" => "is empty",
        b"." | b".." => "leads out of its folder",
        name if name.eq_ignore_ascii_case(b".git") => "is a repository's own folder",
        name if name.contains(&b'/') => "holds a slash",
        _ => return Ok(()),
    };
    Err(hostile(folder, name, reason))
}

fn hostile(folder: &ArtifactPath, name: &[u8], reason: &'static str) -> SourceError {
    let name = String::from_utf8_lossy(name).into_owned();
    SourceError::HostileTree {
        folder: folder.to_string(),
        name,
        reason,
    }
}

#[cfg(test)]
mod tests;
