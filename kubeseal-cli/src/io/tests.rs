use std::io::{ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{Io, Readers};

fn silent() -> Io {
    Io::new(std::io::empty(), std::io::sink(), std::io::sink())
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Standard output that fails.
struct Failing(ErrorKind);

impl Write for Failing {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(self.0.into())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn only_that_nobody_reads_is_a_quiet_success() {
    let written = |kind| {
        let mut io = Io::new(std::io::empty(), Failing(kind), std::io::sink());
        io.write_stdout(b"data").map_err(|error| error.kind())
    };
    assert_eq!(written(ErrorKind::BrokenPipe), Ok(()));
    assert_eq!(written(ErrorKind::StorageFull), Err(ErrorKind::StorageFull));
}

#[test]
fn new_private_file_is_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    silent()
        .replace_file(&path, b"one", Readers::Owner)
        .unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"one");
    assert_eq!(mode(&path), 0o600);
}

#[test]
fn replaced_file_keeps_its_permissions_and_leaves_no_draft() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    std::fs::write(&path, "one").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    silent()
        .replace_file(&path, b"two", Readers::Owner)
        .unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"two");
    assert_eq!(mode(&path), 0o640);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn symbolic_link_stays_and_its_target_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let (path, link) = (folder.path().join("real"), folder.path().join("link"));
    std::fs::write(&path, "one").unwrap();
    std::os::unix::fs::symlink(&path, &link).unwrap();
    silent()
        .replace_file(&link, b"two", Readers::Umask)
        .unwrap();
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(std::fs::read(&path).unwrap(), b"two");
}

#[test]
fn missing_folder_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("absent").join("file");
    assert!(silent().replace_file(&path, b"x", Readers::Owner).is_err());
}
