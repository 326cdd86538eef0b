use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use manifests::{File, Tree};
use proptest::prelude::*;
use tar::{EntryType, Header};

use crate::archive::{digest_of, pack, unpack};
use crate::{ErrorKind, Limits};

fn tree(files: &[(&str, &str, bool)]) -> Tree {
    let mut tree = Tree::default();
    for (path, content, executable) in files {
        let content = Bytes::copy_from_slice(content.as_bytes());
        tree.insert(
            path.parse().unwrap(),
            File {
                content,
                executable: *executable,
            },
        );
    }
    tree
}

/// An archive with one raw entry, whatever its name.
fn crafted(name: &[u8], kind: EntryType, content: &[u8], claimed: u64) -> Vec<u8> {
    let mut header = Header::new_gnu();
    header.as_mut_bytes()[..name.len()].copy_from_slice(name);
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_size(claimed);
    header.set_cksum();
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(header.as_bytes()).unwrap();
    gzip.write_all(content).unwrap();
    gzip.write_all(&vec![0; 512 - content.len() % 512 + 1024])
        .unwrap();
    gzip.finish().unwrap()
}

/// G-174: equal content has an equal digest, in whatever order it was put together.
#[test]
fn equal_content_has_an_equal_digest() {
    let long = format!("{}/c.yaml", "deep/".repeat(40).trim_end_matches('/'));
    let one = tree(&[
        ("b/a.yaml", "a: 1\n", false),
        ("run.sh", "#!/bin/sh\n", true),
        (&long, "x", false),
    ]);
    let other = tree(&[
        (&long, "x", false),
        ("run.sh", "#!/bin/sh\n", true),
        ("b/a.yaml", "a: 1\n", false),
    ]);
    let packed = pack(&one).unwrap();
    assert_eq!(digest_of(&packed), digest_of(&pack(&other).unwrap()));

    let back = unpack(&packed, &Limits::default()).unwrap();
    assert!(one.files().eq(back.files()));

    let changed = tree(&[
        ("b/a.yaml", "a: 2\n", false),
        ("run.sh", "#!/bin/sh\n", true),
        (&long, "x", false),
    ]);
    assert_ne!(digest_of(&packed), digest_of(&pack(&changed).unwrap()));
}

/// G-174: times and owners are zero, modes are normalised, folders are there.
#[test]
fn entries_are_normalised() {
    let packed = pack(&tree(&[
        ("b/a.yaml", "a: 1\n", false),
        ("b/run.sh", "", true),
    ]))
    .unwrap();
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(packed.as_slice()));
    let mut seen = Vec::new();
    for entry in archive.entries().unwrap() {
        let entry = entry.unwrap();
        let header = entry.header();
        assert_eq!(
            (
                header.mtime().unwrap(),
                header.uid().unwrap(),
                header.gid().unwrap()
            ),
            (0, 0, 0)
        );
        seen.push(format!(
            "{} {:o}",
            entry.path().unwrap().display(),
            header.mode().unwrap()
        ));
    }
    assert_eq!(seen, ["b/ 755", "b/a.yaml 600", "b/run.sh 700"]);
}

/// I6: what an archive from elsewhere may not hold.
#[test]
fn hostile_archives_are_refused() {
    let hostile: [(&[u8], EntryType, &str); 8] = [
        (b"../../etc/passwd", EntryType::Regular, "leads out"),
        (b"a/../../b", EntryType::Regular, "leads out"),
        (b"/etc/passwd", EntryType::Regular, "absolute"),
        (b"a\\b", EntryType::Regular, "backslash"),
        (b".GIT/config", EntryType::Regular, "own folder"),
        (b"link", EntryType::Symlink, "neither a file nor a folder"),
        (b"link", EntryType::Link, "neither a file nor a folder"),
        (b"null", EntryType::Char, "neither a file nor a folder"),
    ];
    for (name, kind, wanted) in hostile {
        let error = unpack(&crafted(name, kind, b"", 0), &Limits::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ArchiveFailed);
        assert!(error.to_string().contains(wanted), "{error}");
    }
}

/// I6: a claimed size is checked before anything is read.
#[test]
fn sizes_are_bounded() {
    let claimed = crafted(b"big", EntryType::Regular, b"", 1 << 30);
    assert_eq!(
        unpack(&claimed, &Limits::default()).unwrap_err().kind(),
        ErrorKind::ContentRefused
    );

    let small = Limits {
        unpacked_bytes: 10,
        files: 2,
        ..Limits::default()
    };
    let packed = pack(&tree(&[("a", "123456", false), ("b", "123456", false)])).unwrap();
    assert_eq!(
        unpack(&packed, &small).unwrap_err().kind(),
        ErrorKind::ContentRefused
    );

    let packed = pack(&tree(&[
        ("a", "", false),
        ("b", "", false),
        ("c", "", false),
    ]))
    .unwrap();
    assert_eq!(
        unpack(&packed, &small).unwrap_err().kind(),
        ErrorKind::ContentRefused
    );
}

#[test]
fn broken_archives_are_errors() {
    for bytes in [
        &b""[..],
        b"not gzip",
        &crafted(b"cut", EntryType::Regular, b"abc", 100_000),
    ] {
        assert_eq!(
            unpack(bytes, &Limits::default()).unwrap_err().kind(),
            ErrorKind::ArchiveFailed
        );
    }
}

proptest! {
    /// I6: whatever comes as an archive is read within the limits or refused.
    #[test]
    fn foreign_archives_never_panic_nor_grow(
        entries in proptest::collection::vec(
            (proptest::collection::vec(any::<u8>(), 0..40), any::<u8>(), 0..5000_u64), 0..4),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
    ) {
        let limits = Limits { unpacked_bytes: 4096, files: 3, ..Limits::default() };
        let mut raw = Vec::new();
        for (name, kind, claimed) in &entries {
            let packed = crafted(name, EntryType::new(*kind), b"content", *claimed);
            std::io::copy(&mut flate2::read::GzDecoder::new(packed.as_slice()), &mut raw).unwrap();
        }
        for (place, byte) in damage {
            if !raw.is_empty() {
                let place = place.index(raw.len());
                raw[place] = byte;
            }
        }
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&raw).unwrap();
        if let Ok(tree) = unpack(&encoder.finish().unwrap(), &limits) {
            let sizes = tree.files().map(|(_, file)| file.content.len() as u64);
            prop_assert!(sizes.sum::<u64>() <= limits.unpacked_bytes);
            prop_assert!(tree.files().count() <= limits.files);
        }
    }

    #[test]
    fn foreign_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _refused_or_not = unpack(&bytes, &Limits::default()).is_ok();
    }
}
