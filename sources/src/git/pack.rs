//! Reads a pack in memory: every object's stated size is checked before it is inflated (I6).

use std::collections::HashMap;
use std::fmt;

use bytes::Bytes;
use flate2::{Decompress, FlushDecompress, Status};
use gix_hash::ObjectId;
use gix_object::Kind;

use super::delta;
use crate::archive::within;
use crate::{Limits, SourceError};

/// The objects of a pack.
#[derive(Default)]
pub(super) struct Objects {
    found: HashMap<ObjectId, (Kind, Bytes)>,
}

impl Objects {
    pub(super) fn get(&self, id: &ObjectId) -> Option<(Kind, &Bytes)> {
        self.found.get(id).map(|(kind, content)| (*kind, content))
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.found.len()
    }

    #[cfg(test)]
    pub(super) fn add(&mut self, kind: Kind, content: &[u8]) -> ObjectId {
        let id = gix_object::compute_hash(gix_hash::Kind::Sha1, kind, content)
            .expect("test objects are hashable");
        self.found
            .insert(id, (kind, Bytes::copy_from_slice(content)));
        id
    }
}

/// Why a pack is not taken.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It is larger than it may be.
    Limit(SourceError),
    /// It cannot be read.
    Corrupt(&'static str),
    /// The time is up.
    Late,
}

impl From<&'static str> for Refusal {
    fn from(reason: &'static str) -> Self {
        Self::Corrupt(reason)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Limit(error) => error.fmt(formatter),
            Self::Corrupt(reason) => formatter.write_str(reason),
            Self::Late => formatter.write_str("the time is up"),
        }
    }
}

/// A delta that waits for its base.
struct Waiting {
    offset: usize,
    base: Base,
    delta: Vec<u8>,
}

#[derive(Clone, Copy)]
enum Base {
    At(usize),
    Named(ObjectId),
}

/// Reads every object of a pack.
///
/// `is_late` is asked between objects.
pub(super) fn read(
    pack: &[u8],
    hash: gix_hash::Kind,
    limits: &Limits,
    is_late: &dyn Fn() -> bool,
) -> Result<Objects, Refusal> {
    let mut reader = Reader {
        hash,
        limits,
        unpacked: 0,
        by_offset: HashMap::new(),
        found: HashMap::new(),
    };
    let (entries, count) = checked(pack, hash)?;
    let mut offset = HEADER_BYTES;
    let mut waiting = Vec::new();
    for _ in 0..count {
        if is_late() {
            return Err(Refusal::Late);
        }
        offset = reader.entry(entries, offset, &mut waiting)?;
    }
    if offset != entries.len() {
        return Err("it holds more than its objects".into());
    }
    reader.resolve(waiting, is_late)?;
    Ok(Objects {
        found: reader.found,
    })
}

const HEADER_BYTES: usize = 12;

/// Checks header and trailing checksum; returns the bytes before the checksum and the object count.
fn checked(pack: &[u8], hash: gix_hash::Kind) -> Result<(&[u8], u32), Refusal> {
    let end = pack
        .len()
        .checked_sub(hash.len_in_bytes())
        .ok_or("it is cut short")?;
    let (entries, checksum) = pack.split_at(end);
    let (signature, rest) = entries.split_first_chunk::<4>().ok_or("it is cut short")?;
    let (version, rest) = rest.split_first_chunk::<4>().ok_or("it is cut short")?;
    let (count, _) = rest.split_first_chunk::<4>().ok_or("it is cut short")?;
    if signature != b"PACK" || !matches!(u32::from_be_bytes(*version), 2 | 3) {
        return Err("it does not begin as a pack does".into());
    }
    let mut hasher = gix_hash::hasher(hash);
    hasher.update(entries);
    let sum = hasher
        .try_finalize()
        .map_err(|_| "its checksum cannot be computed")?;
    if sum.as_bytes() != checksum {
        return Err("its checksum does not fit".into());
    }
    Ok((entries, u32::from_be_bytes(*count)))
}

struct Reader<'a> {
    hash: gix_hash::Kind,
    limits: &'a Limits,
    unpacked: u64,
    by_offset: HashMap<usize, ObjectId>,
    found: HashMap<ObjectId, (Kind, Bytes)>,
}

impl Reader<'_> {
    /// Reads the entry at `offset` and returns where the next begins.
    fn entry(
        &mut self,
        entries: &[u8],
        offset: usize,
        waiting: &mut Vec<Waiting>,
    ) -> Result<usize, Refusal> {
        let header = Header::read(entries.get(offset..).unwrap_or_default(), self.hash)?;
        self.admit(header.size)?;
        let start = offset + header.length;
        let packed = entries.get(start..).unwrap_or_default();
        let (content, consumed) = inflate(packed, header.size)?;
        match header.kind {
            EntryKind::Object(kind) => self.add(offset, kind, content)?,
            EntryKind::OffsetDelta(distance) => {
                let base = offset
                    .checked_sub(distance)
                    .ok_or("a delta's base lies before the pack")?;
                waiting.push(Waiting {
                    offset,
                    base: Base::At(base),
                    delta: content,
                });
            }
            EntryKind::NamedDelta(base) => {
                waiting.push(Waiting {
                    offset,
                    base: Base::Named(base),
                    delta: content,
                });
            }
        }
        Ok(start + consumed)
    }

    /// Counts what an object will unpack to, before it does.
    fn admit(&mut self, size: u64) -> Result<(), Refusal> {
        within("a file of the repository", size, self.limits.file_bytes).map_err(Refusal::Limit)?;
        self.unpacked = self.unpacked.saturating_add(size);
        within(
            "the content of the repository",
            self.unpacked,
            self.limits.unpacked_bytes,
        )
        .map_err(Refusal::Limit)
    }

    fn add(&mut self, offset: usize, kind: Kind, content: Vec<u8>) -> Result<(), Refusal> {
        let id = gix_object::compute_hash(self.hash, kind, &content)
            .map_err(|_| "an object cannot be hashed")?;
        self.by_offset.insert(offset, id);
        self.found.insert(id, (kind, Bytes::from(content)));
        Ok(())
    }

    /// Applies deltas until none is left; bases may be deltas themselves, in any order.
    fn resolve(
        &mut self,
        mut waiting: Vec<Waiting>,
        is_late: &dyn Fn() -> bool,
    ) -> Result<(), Refusal> {
        while !waiting.is_empty() {
            let before = waiting.len();
            let mut still = Vec::new();
            for entry in waiting {
                if is_late() {
                    return Err(Refusal::Late);
                }
                let base = match entry.base {
                    Base::At(offset) => self.by_offset.get(&offset).copied(),
                    Base::Named(id) => Some(id),
                };
                let Some((kind, content)) = base.and_then(|id| self.found.get(&id)).cloned() else {
                    still.push(entry);
                    continue;
                };
                let (base_size, size, steps) = delta::sizes(&entry.delta)?;
                if base_size != content.len() as u64 {
                    return Err("a delta does not fit its base".into());
                }
                self.admit(size)?;
                let length = usize::try_from(size).map_err(|_| "a delta's size cannot be read")?;
                let made = delta::apply(&content, steps, length)?;
                self.add(entry.offset, kind, made)?;
            }
            if still.len() == before {
                return Err("a delta's base is missing".into());
            }
            waiting = still;
        }
        Ok(())
    }
}

struct Header {
    kind: EntryKind,
    size: u64,
    /// Bytes of the header itself.
    length: usize,
}

enum EntryKind {
    Object(Kind),
    OffsetDelta(usize),
    NamedDelta(ObjectId),
}

impl Header {
    fn read(bytes: &[u8], hash: gix_hash::Kind) -> Result<Self, Refusal> {
        let mut rest = bytes.iter();
        let mut next = || rest.next().copied().ok_or("an entry is cut short");
        let first = next()?;
        let mut size = u64::from(first & 0x0f);
        let mut shift = 4_u32;
        let mut byte = first;
        while byte & 0x80 != 0 {
            byte = next()?;
            if shift > 53 {
                return Err("an entry's size cannot be read".into());
            }
            size |= u64::from(byte & 0x7f) << shift;
            shift += 7;
        }
        let kind = match (first >> 4) & 0x07 {
            1 => EntryKind::Object(Kind::Commit),
            2 => EntryKind::Object(Kind::Tree),
            3 => EntryKind::Object(Kind::Blob),
            4 => EntryKind::Object(Kind::Tag),
            6 => {
                let mut byte = next()?;
                let mut distance = usize::from(byte & 0x7f);
                while byte & 0x80 != 0 {
                    byte = next()?;
                    let grown = distance
                        .checked_add(1)
                        .and_then(|value| value.checked_mul(0x80));
                    distance = grown.ok_or("a delta's base lies before the pack")?
                        | usize::from(byte & 0x7f);
                }
                EntryKind::OffsetDelta(distance)
            }
            7 => {
                let id = rest
                    .as_slice()
                    .get(..hash.len_in_bytes())
                    .ok_or("an entry is cut short")?;
                let length = bytes.len() - rest.len() + id.len();
                let id = ObjectId::try_from(id).map_err(|_| "a delta's base cannot be read")?;
                return Ok(Self {
                    kind: EntryKind::NamedDelta(id),
                    size,
                    length,
                });
            }
            _ => return Err("it holds an entry of an unknown kind".into()),
        };
        Ok(Self {
            kind,
            size,
            length: bytes.len() - rest.len(),
        })
    }
}

/// Inflates exactly `size` bytes; returns them and how many packed bytes they took.
fn inflate(packed: &[u8], size: u64) -> Result<(Vec<u8>, usize), Refusal> {
    let length = usize::try_from(size).map_err(|_| "an entry's size cannot be read")?;
    // One byte more than stated, so that an entry that holds more is noticed.
    let mut content = Vec::with_capacity(length + 1);
    let mut inflater = Decompress::new(true);
    loop {
        let consumed = usize::try_from(inflater.total_in()).unwrap_or(usize::MAX);
        let made = content.len();
        let input = packed.get(consumed..).unwrap_or_default();
        let status = inflater
            .decompress_vec(input, &mut content, FlushDecompress::Finish)
            .map_err(|_| "an entry cannot be inflated")?;
        if content.len() > length {
            return Err("an entry holds more than it says".into());
        }
        let consumed_now = usize::try_from(inflater.total_in()).unwrap_or(usize::MAX);
        match status {
            Status::StreamEnd if content.len() == length => return Ok((content, consumed_now)),
            Status::StreamEnd => return Err("an entry holds less than it says".into()),
            Status::Ok | Status::BufError if consumed_now == consumed && content.len() == made => {
                return Err("an entry is cut short".into());
            }
            Status::Ok | Status::BufError => {}
        }
    }
}

#[cfg(test)]
mod tests;
