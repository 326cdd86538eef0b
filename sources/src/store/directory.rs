//! The folder on disk: every file is written whole under its final name, or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use manifests::{ArtifactPath, Digest, Omission, Tree};
use tempfile::NamedTempFile;

use super::failed;
use crate::{SourceError, archive};

const INDEX: &str = "index.json";
const ARCHIVE_SUFFIX: &str = ".tar.gz";
const OMISSIONS_SUFFIX: &str = ".omitted.json";
const UNFINISHED_PREFIX: &str = ".unfinished-";

/// The folder of a store.
#[derive(Debug)]
pub(super) struct Directory(PathBuf);

impl Directory {
    /// Makes the folder when it is missing and clears away what a crash left unfinished.
    pub(super) fn open(path: PathBuf) -> Result<Self, SourceError> {
        fs::create_dir_all(&path).map_err(failed("make the folder", &path))?;
        let directory = Self(path);
        for name in directory.names()? {
            if name.starts_with(UNFINISHED_PREFIX) {
                let file = directory.0.join(name);
                fs::remove_file(&file).map_err(failed("delete", file))?;
            }
        }
        Ok(directory)
    }

    /// Returns an archive whose content still has its digest.
    pub(super) fn read_archive(&self, digest: &Digest) -> Result<Option<Vec<u8>>, SourceError> {
        let path = self.archive(digest);
        let Some(packed) = optional(fs::read(&path)).map_err(failed("read", &path))? else {
            return Ok(None);
        };
        if archive::digest_of(&packed) == *digest {
            return Ok(Some(packed));
        }
        tracing::warn!(
            digest = digest.as_str(),
            "a stored artifact is damaged and is dropped"
        );
        optional(fs::remove_file(&path)).map_err(failed("delete", &path))?;
        Ok(None)
    }

    pub(super) fn archive_size(&self, digest: &Digest) -> Option<u64> {
        fs::metadata(self.archive(digest))
            .ok()
            .map(|metadata| metadata.len())
    }

    pub(super) fn write_archive(&self, digest: &Digest, packed: &[u8]) -> Result<(), SourceError> {
        self.write(&self.archive(digest), packed)
    }

    /// Keeps what the tree left out, which the archive cannot say.
    pub(super) fn write_omissions(&self, digest: &Digest, tree: &Tree) -> Result<(), SourceError> {
        let omissions: BTreeMap<&str, &str> = tree
            .omissions()
            .map(|(path, why)| (path.as_str(), code(why)))
            .collect();
        if omissions.is_empty() {
            return Ok(());
        }
        // A map of texts always serialises.
        let text = serde_json::to_vec(&omissions).unwrap_or_default();
        self.write(&self.omissions(digest), &text)
    }

    /// Adds what was left out to a tree that was read back.
    pub(super) fn read_omissions(&self, digest: &Digest, tree: &mut Tree) {
        let Ok(text) = fs::read(self.omissions(digest)) else {
            return;
        };
        let omissions: BTreeMap<String, String> = serde_json::from_slice(&text).unwrap_or_default();
        for (path, why) in omissions {
            if let (Ok(path), Some(why)) = (path.parse::<ArtifactPath>(), of_code(&why)) {
                tree.omit(path, why);
            }
        }
    }

    pub(super) fn read_index(&self) -> Option<Vec<u8>> {
        fs::read(self.0.join(INDEX)).ok()
    }

    pub(super) fn write_index(&self, text: &[u8]) -> Result<(), SourceError> {
        self.write(&self.0.join(INDEX), text)
    }

    /// Deletes archives that are neither kept nor young; returns their digests.
    pub(super) fn retain(
        &self,
        keep: &BTreeSet<Digest>,
        younger_than: Duration,
    ) -> Result<BTreeSet<Digest>, SourceError> {
        let mut deleted = BTreeSet::new();
        for name in self.names()? {
            let Some(hex) = name.strip_suffix(ARCHIVE_SUFFIX) else {
                continue;
            };
            let Ok(digest) = format!("sha256:{hex}").parse::<Digest>() else {
                continue;
            };
            let path = self.0.join(&name);
            if keep.contains(&digest) || is_younger(&path, younger_than) {
                continue;
            }
            for path in [path, self.omissions(&digest)] {
                optional(fs::remove_file(&path)).map_err(failed("delete", path))?;
            }
            deleted.insert(digest);
        }
        Ok(deleted)
    }

    fn write(&self, path: &Path, content: &[u8]) -> Result<(), SourceError> {
        let written = tempfile::Builder::new()
            .prefix(UNFINISHED_PREFIX)
            .tempfile_in(&self.0)
            .and_then(|mut file: NamedTempFile| {
                file.write_all(content)?;
                file.as_file().sync_all()?;
                Ok(file)
            })
            .and_then(|file| file.persist(path).map_err(|error| error.error));
        written.map(|_| ()).map_err(failed("write", path))
    }

    fn names(&self) -> Result<Vec<String>, SourceError> {
        let list = || -> io::Result<Vec<String>> {
            fs::read_dir(&self.0)?
                .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
                .collect()
        };
        list().map_err(failed("list the folder", &self.0))
    }

    fn archive(&self, digest: &Digest) -> PathBuf {
        self.0.join(format!("{}{ARCHIVE_SUFFIX}", digest.hex()))
    }

    fn omissions(&self, digest: &Digest) -> PathBuf {
        self.0.join(format!("{}{OMISSIONS_SUFFIX}", digest.hex()))
    }
}

fn is_younger(path: &Path, age: Duration) -> bool {
    let modified = fs::metadata(path).and_then(|metadata| metadata.modified());
    // A file from the future is young.
    modified.is_ok_and(|modified| {
        SystemTime::now()
            .duration_since(modified)
            .map_or(true, |since| since < age)
    })
}

fn optional<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn code(omission: Omission) -> &'static str {
    match omission {
        Omission::Link => "link",
        Omission::Submodule => "submodule",
        Omission::TooLarge => "too-large",
        _ => "unsafe-name",
    }
}

fn of_code(code: &str) -> Option<Omission> {
    Some(match code {
        "link" => Omission::Link,
        "submodule" => Omission::Submodule,
        "too-large" => Omission::TooLarge,
        "unsafe-name" => Omission::UnsafeName,
        _ => return None,
    })
}
