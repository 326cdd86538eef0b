//! The cache folder: where a build lies, and how two processes agree on who builds it.
//!
//! A build lies in `<cache>/<component>-<digest>`, where the digest covers everything the build depends on. A changed
//! version therefore never meets an old program, and a folder that exists is complete: it appears by one rename.

use std::env;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// Returns `$SIGNET_TOOLS`, or `$HOME/.cache/signet/tools`.
pub(crate) fn root() -> PathBuf {
    if let Some(folder) = env::var_os("SIGNET_TOOLS").filter(|folder| !folder.is_empty()) {
        return PathBuf::from(folder);
    }
    let home = env::var_os("HOME").map_or_else(env::temp_dir, PathBuf::from);
    home.join(".cache/signet/tools")
}

/// Returns the digest of all files below `folder` and of `recipe`, short enough for a folder name.
pub(crate) fn digest(folder: &Path, recipe: &str) -> io::Result<String> {
    let mut files = Vec::new();
    list_files(folder, &mut files)?;
    files.sort();
    let mut hasher = Sha256::new();
    hasher.update(recipe.as_bytes());
    for file in files {
        let relative = file.strip_prefix(folder).unwrap_or(&file);
        let content = fs::read(&file)?;
        hasher.update(relative.as_os_str().as_encoded_bytes());
        hasher.update([0]);
        hasher.update((content.len() as u64).to_be_bytes());
        hasher.update(&content);
    }
    let start = hasher
        .finalize()
        .iter()
        .take(8)
        .fold(0, |start, byte| start << 8 | u64::from(*byte));
    Ok(format!("{start:016x}"))
}

fn list_files(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            list_files(&entry.path(), files)?;
        } else {
            files.push(entry.path());
        }
    }
    Ok(())
}

/// Returns the path next to `folder` whose name has one more ending. Versions have dots: nothing may be replaced.
pub(crate) fn beside(folder: &Path, ending: &str) -> PathBuf {
    let mut name = folder.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

/// Holds the right to build one component; other processes wait for it.
pub(crate) struct BuildLock(
    #[expect(dead_code, reason = "the lock lives as long as the file")] File,
);

impl BuildLock {
    /// Waits until no other process builds into `folder`; calls `waiting` first when one does.
    pub(crate) fn acquire(folder: &Path, waiting: impl FnOnce()) -> io::Result<Self> {
        if let Some(parent) = folder.parent() {
            fs::create_dir_all(parent)?;
        }
        let file = File::create(beside(folder, "lock"))?;
        if file.try_lock().is_err() {
            waiting();
            file.lock()?;
        }
        Ok(Self(file))
    }
}

#[cfg(test)]
mod tests;
