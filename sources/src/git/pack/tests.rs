use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use gix_hash::Kind as Hash;
use gix_object::{Kind, compute_hash};
use proptest::prelude::*;

use crate::Limits;
use crate::git::pack::{Objects, Refusal, read};

/// Entries of a pack in the making; the stated size need not be the true one.
#[derive(Default)]
struct Pack(Vec<Vec<u8>>);

impl Pack {
    fn entry(mut self, kind: u8, stated: u64, base: &[u8], content: &[u8]) -> Self {
        let mut entry = Vec::new();
        let mut size = stated >> 4;
        let mut byte = kind << 4 | u8::try_from(stated & 0x0f).unwrap();
        while size > 0 {
            entry.push(byte | 0x80);
            byte = u8::try_from(size & 0x7f).unwrap();
            size >>= 7;
        }
        entry.push(byte);
        entry.extend_from_slice(base);
        let mut zlib = ZlibEncoder::new(entry, Compression::default());
        zlib.write_all(content).unwrap();
        self.0.push(zlib.finish().unwrap());
        self
    }

    fn blob(self, content: &[u8]) -> Self {
        let size = content.len() as u64;
        self.entry(3, size, b"", content)
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = b"PACK\0\0\0\x02".to_vec();
        bytes.extend_from_slice(&u32::try_from(self.0.len()).unwrap().to_be_bytes());
        for entry in &self.0 {
            bytes.extend_from_slice(entry);
        }
        let mut hasher = gix_hash::hasher(Hash::Sha1);
        hasher.update(&bytes);
        bytes.extend_from_slice(hasher.try_finalize().unwrap().as_bytes());
        bytes
    }

    fn read(&self, limits: &Limits) -> Result<Objects, Refusal> {
        read(&self.bytes(), Hash::Sha1, limits, &|| false)
    }
}

fn content(objects: &Objects, content: &[u8]) -> Option<Vec<u8>> {
    let id = compute_hash(Hash::Sha1, Kind::Blob, content).unwrap();
    objects.get(&id).map(|(_, content)| content.to_vec())
}

#[test]
fn objects_and_both_kinds_of_delta_are_read() {
    let base = b"a base of some bytes".as_slice();
    let id = compute_hash(Hash::Sha1, Kind::Blob, base).unwrap();
    // Copy six bytes, insert "!" or "?".
    let named = [20, 7, 0x90, 6, 1, b'!'];
    let offset = [20, 7, 0x90, 6, 1, b'?'];
    let first = Pack::default().blob(base);
    let distance = u8::try_from(first.0[0].len()).unwrap();
    let pack = first
        .entry(6, 6, &[distance], &offset)
        .entry(7, 6, id.as_bytes(), &named);
    let objects = pack.read(&Limits::default()).unwrap();
    assert_eq!(objects.len(), 3);
    assert!(content(&objects, b"a base!").is_some());
    assert!(content(&objects, b"a base?").is_some());
}

/// I6: what an entry says it will unpack to is refused before a byte of it is made.
#[test]
fn a_huge_blob_is_refused_by_its_header() {
    let gibibyte = 1 << 30;
    let pack = Pack::default().entry(3, gibibyte, b"", &[0; 1000]);
    let refusal = pack.read(&Limits::default()).err().unwrap();
    assert_eq!(
        refusal.to_string(),
        "a file of the repository is 1073741824 bytes or more, larger than the limit of 67108864 bytes"
    );
}

/// I6: the same for a delta of a few bytes with a huge result.
#[test]
fn a_huge_delta_result_is_refused_by_its_header() {
    let base = b"0123456789";
    let delta = [10, 0x80, 0x80, 0x80, 0x80, 0x04, 0x90, 10];
    let first = Pack::default().blob(base);
    let distance = u8::try_from(first.0[0].len()).unwrap();
    let refusal = first
        .entry(6, 8, &[distance], &delta)
        .read(&Limits::default())
        .err()
        .unwrap();
    assert!(matches!(refusal, Refusal::Limit(_)), "{refusal}");
}

#[test]
fn the_sum_of_all_objects_is_bounded() {
    let limits = Limits {
        unpacked_bytes: 15,
        ..Limits::default()
    };
    let refusal = Pack::default()
        .blob(b"0123456789")
        .blob(b"abcdefghij")
        .read(&limits)
        .err()
        .unwrap();
    assert!(matches!(refusal, Refusal::Limit(_)), "{refusal}");
}

#[test]
fn packs_that_lie_are_refused() {
    let reason = |pack: &Pack| pack.read(&Limits::default()).err().unwrap().to_string();
    assert!(reason(&Pack::default().entry(3, 5, b"", b"0123456789")).contains("more than it says"));
    assert!(
        reason(&Pack::default().entry(3, 50, b"", b"0123456789")).contains("less than it says")
    );
    assert!(reason(&Pack::default().entry(5, 1, b"", b"0")).contains("unknown kind"));
    assert!(reason(&Pack::default().entry(6, 2, &[127], b"ab")).contains("before the pack"));
    assert!(reason(&Pack::default().entry(7, 3, &[9; 20], &[1, 1, 1])).contains("base is missing"));

    let mut broken = Pack::default().blob(b"0123456789").bytes();
    broken[14] ^= 1;
    let refusal = read(&broken, Hash::Sha1, &Limits::default(), &|| false)
        .err()
        .unwrap();
    assert!(refusal.to_string().contains("checksum"), "{refusal}");
}

#[test]
fn reading_stops_when_the_time_is_up() {
    let pack = Pack::default().blob(b"x").bytes();
    assert!(matches!(
        read(&pack, Hash::Sha1, &Limits::default(), &|| true),
        Err(Refusal::Late)
    ));
}

proptest! {
    #[test]
    fn foreign_entries_never_panic(entries in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..4)) {
        let _refused_or_not = Pack(entries).read(&Limits { file_bytes: 1 << 20, ..Limits::default() }).is_ok();
    }
}
