use super::*;

#[test]
fn digest_changes_with_content_name_and_recipe() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::create_dir(folder.path().join("inner")).expect("a folder");
    fs::write(folder.path().join("inner/go.mod"), "module a").expect("a file");
    let first = digest(folder.path(), "go build").expect("a digest");
    assert_eq!(first, digest(folder.path(), "go build").expect("a digest"));
    assert_ne!(
        first,
        digest(folder.path(), "go build -x").expect("a digest")
    );

    fs::write(folder.path().join("inner/go.mod"), "module b").expect("a file");
    let second = digest(folder.path(), "go build").expect("a digest");
    assert_ne!(first, second);

    fs::rename(
        folder.path().join("inner/go.mod"),
        folder.path().join("go.mod"),
    )
    .expect("a move");
    assert_ne!(second, digest(folder.path(), "go build").expect("a digest"));
}

#[test]
fn second_builder_waits_for_the_first() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let build = folder.path().join("sops-3.13.3-0123");
    let held = BuildLock::acquire(&build, || panic!("it is free")).expect("the lock is free");
    let file =
        File::open(folder.path().join("sops-3.13.3-0123.lock")).expect("the lock file exists");
    assert!(file.try_lock().is_err());
    drop(held);
    assert!(file.try_lock().is_ok());
}
