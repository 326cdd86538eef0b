//! Reads a folder as it lies on disk, for work without Git and without a cluster.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use ignore::Match;
use ignore::gitignore::Gitignore;
use manifests::{Artifact, ArtifactPath, Digest, File, Omission, Revision, Tree};
use sha2::{Digest as _, Sha256};

use crate::archive::within;
use crate::exclusions::{Exclusions, RULES_FILE, rules};
use crate::{Limits, SourceError};

/// Where a working copy keeps what Git knows; never part of the content.
const GIT_FOLDER: &str = ".git";

/// What a working copy holds besides: products and private notes that never reach a repository.
const GIT_RULES_FILE: &str = ".gitignore";

/// Reads a folder into an artifact, leaving out what a fetched source leaves out by default, and
/// what its `.gitignore` files keep out of a repository.
///
/// Links are not followed: they, and files larger than `limits` allow, are left out and
/// remembered. The artifact's revision is the digest of its content.
///
/// # Errors
///
/// When something cannot be read, or the folder is larger than `limits` allow.
pub fn read_folder(folder: &Path, limits: &Limits) -> Result<Artifact, SourceError> {
    let mut reader = Reader {
        root: folder,
        limits,
        exclusions: Exclusions::new(None)?,
        git_rules: BTreeMap::new(),
        tree: Tree::default(),
        entries: 0,
        bytes: 0,
    };
    reader.folder(&ArtifactPath::ROOT, 0)?;
    let digest = digest(&reader.tree);
    let revision: Revision = digest
        .as_str()
        .parse()
        .map_err(|_| SourceError::Interrupt)?;
    Ok(Artifact {
        revision,
        digest,
        tree: reader.tree.into(),
    })
}

struct Reader<'a> {
    root: &'a Path,
    limits: &'a Limits,
    exclusions: Exclusions,
    git_rules: BTreeMap<ArtifactPath, Gitignore>,
    tree: Tree,
    entries: usize,
    bytes: u64,
}

impl Reader<'_> {
    fn folder(&mut self, path: &ArtifactPath, depth: usize) -> Result<(), SourceError> {
        if depth > self.limits.depth {
            return Err(SourceError::TooMany {
                what: "nested folders",
                limit: self.limits.depth,
            });
        }
        let place = self.place(path);
        let mut names = fs::read_dir(&place)
            .and_then(|entries| {
                entries
                    .map(|entry| Ok(entry?.file_name()))
                    .collect::<io::Result<Vec<_>>>()
            })
            .map_err(unread("read folder", &place))?;
        names.sort();
        self.add_rules(path)?;
        for name in names {
            if name.eq_ignore_ascii_case(GIT_FOLDER) {
                continue;
            }
            self.entries += 1;
            if self.entries > self.limits.files {
                return Err(SourceError::TooMany {
                    what: "files and folders",
                    limit: self.limits.files,
                });
            }
            match name.to_str().map(|name| path.join(name)) {
                Some(Ok(child)) => self.entry(child, depth)?,
                _ => self.omit_unsafe(path, &name.to_string_lossy()),
            }
        }
        Ok(())
    }

    fn entry(&mut self, path: ArtifactPath, depth: usize) -> Result<(), SourceError> {
        let place = self.place(&path);
        let metadata = fs::symlink_metadata(&place).map_err(unread("read", &place))?;
        if self.is_ignored(&path, metadata.is_dir()) {
            return Ok(());
        }
        if metadata.is_dir() {
            return self.folder(&path, depth + 1);
        }
        if self.exclusions.excludes(&path) {
            return Ok(());
        }
        if metadata.is_symlink() {
            self.tree.omit(path, Omission::Link);
        } else if metadata.len() > self.limits.file_bytes {
            self.tree.omit(path, Omission::TooLarge);
        } else if metadata.is_file() {
            self.bytes = self.bytes.saturating_add(metadata.len());
            within(
                "the content of the folder",
                self.bytes,
                self.limits.unpacked_bytes,
            )?;
            let content = fs::read(&place).map_err(unread("read", &place))?;
            let executable = is_executable(&metadata);
            let content = content.into();
            self.tree.insert(
                path,
                File {
                    content,
                    executable,
                },
            );
        }
        Ok(())
    }

    /// A folder's own rules count for all its files, whatever they sort before.
    fn add_rules(&mut self, folder: &ArtifactPath) -> Result<(), SourceError> {
        if let Some(text) = self.rules_file(folder, RULES_FILE)? {
            self.exclusions.add_folder(folder.clone(), &text)?;
        }
        if let Some(text) = self.rules_file(folder, GIT_RULES_FILE)? {
            self.git_rules.insert(folder.clone(), rules(&text)?);
        }
        Ok(())
    }

    fn rules_file(&self, folder: &ArtifactPath, name: &str) -> Result<Option<String>, SourceError> {
        let place = self.place(folder).join(name);
        let is_rules = fs::symlink_metadata(&place)
            .is_ok_and(|found| found.is_file() && found.len() <= self.limits.file_bytes);
        if !is_rules {
            return Ok(None);
        }
        let text = fs::read(&place).map_err(unread("read", &place))?;
        Ok(Some(String::from_utf8_lossy(&text).into_owned()))
    }

    /// Whether Git leaves a path out: of the folders above it, the deepest that speaks of it decides.
    fn is_ignored(&self, path: &ArtifactPath, is_folder: bool) -> bool {
        let mut folder = path.clone();
        while !folder.is_root() {
            folder = folder.parent();
            let found = self.git_rules.get(&folder).zip(path.below(&folder));
            match found.map(|(rules, rest)| rules.matched(rest, is_folder)) {
                Some(Match::Ignore(_)) => return true,
                Some(Match::Whitelist(_)) => return false,
                Some(Match::None) | None => {}
            }
        }
        false
    }

    /// Remembers a name that an artifact cannot hold, in a form that it can.
    fn omit_unsafe(&mut self, folder: &ArtifactPath, name: &str) {
        let name = name.replace(|c: char| c == '\\' || c.is_ascii_control(), "\u{fffd}");
        if let Ok(path) = folder.join(&name) {
            self.tree.omit(path, Omission::UnsafeName);
        }
    }

    fn place(&self, path: &ArtifactPath) -> PathBuf {
        if path.is_root() {
            self.root.to_owned()
        } else {
            self.root.join(path.as_str())
        }
    }
}

fn unread(step: &'static str, path: &Path) -> impl FnOnce(io::Error) -> SourceError {
    let path = path.to_owned();
    move |source| SourceError::Store { step, path, source }
}

#[cfg(unix)]
fn is_executable(metadata: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o100 != 0
}

#[cfg(not(unix))]
fn is_executable(_metadata: &Metadata) -> bool {
    false
}

/// Hashes paths and contents, each with its length before it, so that no two trees look alike.
fn digest(tree: &Tree) -> Digest {
    let mut hash = Sha256::new();
    for (path, file) in tree.files() {
        for part in [path.as_str().as_bytes(), file.content.as_ref()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.update([u8::from(file.executable)]);
    }
    Digest::from_sha256(hash.finalize().into())
}

#[cfg(test)]
mod tests;
