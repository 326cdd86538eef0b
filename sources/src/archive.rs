//! The packed form of an artifact: a tar archive under gzip that is equal for equal content (G-174).

use std::collections::BTreeSet;
use std::io::{self, Read, Write};

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use flate2::{Compression, GzBuilder};
use manifests::{ArtifactPath, Digest, File, Tree};
use sha2::{Digest as _, Sha256};
use tar::{EntryType, Header};

use crate::{Limits, SourceError};

const FILE_MODE: u32 = 0o600;
const PROGRAM_MODE: u32 = 0o700;
const FOLDER_MODE: u32 = 0o755;
/// What an archive may need besides content: headers, padding, long names.
const OVERHEAD_PER_ENTRY: u64 = 4096;

/// Packs a tree: sorted paths, times zero, owner zero, modes from the executable bit alone.
pub(crate) fn pack(tree: &Tree) -> Result<Vec<u8>, SourceError> {
    let gzip = GzBuilder::new()
        .mtime(0)
        .write(Vec::new(), Compression::fast());
    let mut archive = tar::Builder::new(gzip);
    let packed = write_entries(tree, &mut archive).and_then(|()| archive.into_inner()?.finish());
    // Writing into memory fails only for what a tar header cannot hold.
    packed.map_err(|error| unreadable(error.to_string()))
}

fn write_entries<W: Write>(tree: &Tree, archive: &mut tar::Builder<W>) -> io::Result<()> {
    let mut folders = BTreeSet::new();
    for (path, file) in tree.files() {
        let mut missing = Vec::new();
        let mut folder = path.parent();
        while !folder.is_root() && folders.insert(folder.clone()) {
            let parent = folder.parent();
            missing.push(folder);
            folder = parent;
        }
        for folder in missing.into_iter().rev() {
            let mut header = header(EntryType::Directory, FOLDER_MODE, 0);
            archive.append_data(&mut header, format!("{folder}/"), io::empty())?;
        }
        let mode = if file.executable {
            PROGRAM_MODE
        } else {
            FILE_MODE
        };
        let mut header = header(EntryType::Regular, mode, file.content.len() as u64);
        archive.append_data(&mut header, path.as_str(), file.content.as_ref())?;
    }
    Ok(())
}

fn header(kind: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(size);
    header
}

/// Returns the digest of a packed artifact.
pub(crate) fn digest_of(archive: &[u8]) -> Digest {
    Digest::from_sha256(Sha256::digest(archive).into())
}

/// Unpacks an archive into memory.
///
/// # Errors
///
/// When it is no tar archive under gzip, is larger than `limits`, or holds anything but regular
/// files and folders with names that stay inside (I6): links, devices and `..` refuse the whole.
pub fn unpack(archive: &[u8], limits: &Limits) -> Result<Tree, SourceError> {
    let entries_at_most = u64::try_from(limits.files).unwrap_or(u64::MAX);
    let bytes_at_most = limits
        .unpacked_bytes
        .saturating_add(entries_at_most.saturating_mul(OVERHEAD_PER_ENTRY));
    let mut archive = tar::Archive::new(MultiGzDecoder::new(archive).take(bytes_at_most));
    let mut tree = Tree::default();
    let mut unpacked: u64 = 0;
    for (seen, entry) in archive
        .entries()
        .map_err(|error| unreadable(error.to_string()))?
        .enumerate()
    {
        let mut entry = entry.map_err(|error| unreadable(error.to_string()))?;
        if seen >= limits.files {
            return Err(SourceError::TooMany {
                what: "files and folders",
                limit: limits.files,
            });
        }
        let kind = entry.header().entry_type();
        if kind == EntryType::XGlobalHeader {
            continue;
        }
        let path = entry_path(&entry.path_bytes(), limits)?;
        match kind {
            EntryType::Directory => continue,
            EntryType::Regular => {}
            _ => return Err(unreadable(format!("{path} is neither a file nor a folder"))),
        }
        let size = entry.size();
        within("a file of the archive", size, limits.file_bytes)?;
        unpacked = unpacked.saturating_add(size);
        within(
            "the content of the archive",
            unpacked,
            limits.unpacked_bytes,
        )?;
        let executable = entry.header().mode().unwrap_or(FILE_MODE) & 0o100 != 0;
        let mut content = Vec::new();
        let read = entry
            .read_to_end(&mut content)
            .map_err(|error| unreadable(error.to_string()))?;
        if read as u64 != size {
            return Err(unreadable(format!("{path} is cut short")));
        }
        tree.insert(
            path,
            File {
                content: Bytes::from(content),
                executable,
            },
        );
    }
    Ok(tree)
}

fn entry_path(bytes: &[u8], limits: &Limits) -> Result<ArtifactPath, SourceError> {
    let text =
        std::str::from_utf8(bytes).map_err(|_| unreadable("a name is not UTF-8".to_owned()))?;
    let parts = text
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".");
    if parts.clone().any(|part| part == "..") {
        return Err(unreadable(format!("{text:?} leads out of the archive")));
    }
    if parts.clone().any(|part| part.eq_ignore_ascii_case(".git")) {
        return Err(unreadable(format!(
            "{text:?} leads into a repository's own folder"
        )));
    }
    if parts.count() > limits.depth {
        return Err(SourceError::TooMany {
            what: "nested folders",
            limit: limits.depth,
        });
    }
    text.parse()
        .map_err(|error: manifests::ParsePath| unreadable(error.to_string()))
}

pub(crate) fn within(what: &'static str, size: u64, limit: u64) -> Result<(), SourceError> {
    if size > limit {
        Err(SourceError::TooLarge { what, size, limit })
    } else {
        Ok(())
    }
}

fn unreadable(reason: String) -> SourceError {
    SourceError::ReadArchive { reason }
}

#[cfg(test)]
mod tests;
