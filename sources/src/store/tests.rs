use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use manifests::{Digest, File, Omission, Revision, Tree};
use tempfile::TempDir;

use crate::{Limits, Store, archive};

fn revision() -> Revision {
    Revision::of_commit(Some("main"), &"1".repeat(40)).unwrap()
}

fn stored(store: &Store, content: &'static str) -> Digest {
    let mut tree = Tree::default();
    let file = File {
        content: Bytes::from_static(content.as_bytes()),
        executable: false,
    };
    tree.insert("a.yaml".parse().unwrap(), file);
    tree.omit("link".parse().unwrap(), Omission::Link);
    store.put(&archive::pack(&tree).unwrap(), &tree).unwrap().0
}

fn open() -> (TempDir, Store) {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path().join("artifacts"), Limits::default()).unwrap();
    (folder, store)
}

/// G-177: an artifact outlives the process, with what was left out of it.
#[tokio::test]
async fn artifacts_survive_a_restart() {
    let (folder, store) = open();
    let digest = stored(&store, "a: 1\n");
    drop(store);

    let store = Store::open(folder.path().join("artifacts"), Limits::default()).unwrap();
    let artifact = store.load(&revision(), &digest).await.unwrap().unwrap();
    let path = "a.yaml".parse().unwrap();
    assert_eq!(artifact.tree.file(&path).unwrap().content, "a: 1\n");
    assert_eq!(
        artifact.tree.omission(&"link".parse().unwrap()),
        Some(Omission::Link)
    );
    assert_eq!(artifact.digest, digest);
}

#[tokio::test]
async fn a_tree_is_read_once_for_all_who_use_it_and_those_who_come_after() {
    let (_folder, store) = open();
    let digest = stored(&store, "a: 1\n");
    let one = store.load(&revision(), &digest).await.unwrap().unwrap();
    let two = store.load(&revision(), &digest).await.unwrap().unwrap();
    assert!(std::sync::Arc::ptr_eq(&one.tree, &two.tree));
    let address = std::sync::Arc::as_ptr(&one.tree);
    drop((one, two));
    let three = store.load(&revision(), &digest).await.unwrap().unwrap();
    assert_eq!(std::sync::Arc::as_ptr(&three.tree), address);
}

/// G-174: what is read is what the digest says, or nothing.
#[tokio::test]
async fn a_damaged_archive_counts_as_missing() {
    let (folder, store) = open();
    let digest = stored(&store, "a: 1\n");
    let path = folder
        .path()
        .join("artifacts")
        .join(format!("{}.tar.gz", digest.hex()));
    std::fs::write(&path, b"damaged").unwrap();
    assert!(store.load(&revision(), &digest).await.unwrap().is_none());
    assert!(store.archive(&digest).await.unwrap().is_none());
    assert!(!path.exists());
}

#[tokio::test]
async fn retain_deletes_what_is_neither_kept_nor_young() {
    let (_folder, store) = open();
    let kept = stored(&store, "a: 1\n");
    let other = stored(&store, "a: 2\n");
    let keep = BTreeSet::from([kept.clone()]);
    assert_eq!(
        store.retain(&keep, Duration::from_mins(1)).await.unwrap(),
        0
    );
    assert!(store.archive_size(&other).is_some());

    assert_eq!(store.retain(&keep, Duration::ZERO).await.unwrap(), 1);
    assert!(store.archive_size(&other).is_none());
    assert!(store.archive_size(&kept).is_some());
}

#[tokio::test]
async fn what_a_crash_left_unfinished_is_cleared_away() {
    let (folder, store) = open();
    let unfinished = folder.path().join("artifacts/.unfinished-x");
    std::fs::write(&unfinished, b"half").unwrap();
    drop(store);
    Store::open(folder.path().join("artifacts"), Limits::default()).unwrap();
    assert!(!unfinished.exists());
}
