use std::fs;
use std::path::Path;

use manifests::{Artifact, Omission};

use crate::{Limits, SourceError, read_folder};

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    folder
}

fn read(folder: &Path) -> Artifact {
    read_folder(folder, &Limits::default()).unwrap()
}

fn paths(artifact: &Artifact) -> Vec<&str> {
    artifact
        .tree
        .files()
        .map(|(path, _)| path.as_str())
        .collect()
}

/// G-178: a folder leaves out what a fetched source leaves out.
#[test]
fn defaults_and_source_ignore_files_leave_files_out() {
    let folder = folder(&[
        (".git/config", "x"),
        (".sops.yaml", "x"),
        ("apps/.sourceignore", "draft-*\n"),
        ("apps/draft-1.yaml", "x"),
        ("apps/web.yaml", "x"),
        ("logo.png", "x"),
    ]);
    assert_eq!(
        paths(&read(folder.path())),
        ["apps/.sourceignore", "apps/web.yaml"]
    );
}

/// What Git ignores is not in a repository, so it is not read either, however large.
#[test]
fn what_git_ignores_stays_out() {
    let folder = folder(&[
        (".gitignore", "/target\n*.dec.yaml\n"),
        ("apps/.gitignore", "!kept.dec.yaml\n"),
        ("apps/db.dec.yaml", "x"),
        ("apps/db.yaml", "x"),
        ("apps/kept.dec.yaml", "x"),
        ("apps/target/a.yaml", "x"),
        ("target/a.yaml", "x"),
        ("target/b/.gitignore", "!*\n"),
    ]);
    assert_eq!(
        paths(&read(folder.path())),
        ["apps/db.yaml", "apps/kept.dec.yaml", "apps/target/a.yaml"]
    );
}

#[cfg(unix)]
#[test]
fn links_are_left_out_and_remembered() {
    let outside = folder(&[("secret.yaml", "x")]);
    let folder = folder(&[("a.yaml", "x")]);
    std::os::unix::fs::symlink(outside.path(), folder.path().join("out")).unwrap();
    std::os::unix::fs::symlink("a.yaml", folder.path().join("b.yaml")).unwrap();
    let artifact = read(folder.path());
    assert_eq!(paths(&artifact), ["a.yaml"]);
    let omitted: Vec<_> = artifact
        .tree
        .omissions()
        .map(|(path, why)| (path.as_str(), why))
        .collect();
    assert_eq!(
        omitted,
        [("b.yaml", Omission::Link), ("out", Omission::Link)]
    );
}

#[cfg(unix)]
#[test]
fn programs_keep_their_mark() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder(&[("run.sh", "x"), ("a.yaml", "x")]);
    fs::set_permissions(
        folder.path().join("run.sh"),
        fs::Permissions::from_mode(0o755),
    )
    .unwrap();
    let artifact = read(folder.path());
    let marks: Vec<bool> = artifact
        .tree
        .files()
        .map(|(_, file)| file.executable)
        .collect();
    assert_eq!(marks, [false, true]);
}

#[test]
fn equal_content_has_an_equal_digest_and_a_moved_byte_another() {
    let one = read(folder(&[("a", "bc"), ("d", "")]).path());
    let same = read(folder(&[("d", ""), ("a", "bc")]).path());
    let moved = read(folder(&[("a", "b"), ("d", "c")]).path());
    assert_eq!(one.digest, same.digest);
    assert_eq!(one.revision, same.revision);
    assert_ne!(one.digest, moved.digest);
}

#[test]
fn what_is_too_large_is_left_out_or_refused() {
    let folder = folder(&[("large", "12345"), ("small", "123"), ("small-too", "123")]);
    let limits = Limits {
        file_bytes: 4,
        ..Limits::default()
    };
    let artifact = read_folder(folder.path(), &limits).unwrap();
    assert_eq!(paths(&artifact), ["small", "small-too"]);
    let omitted = artifact.tree.omission(&"large".parse().unwrap());
    assert_eq!(omitted, Some(Omission::TooLarge));

    let limits = Limits {
        unpacked_bytes: 5,
        file_bytes: 4,
        ..Limits::default()
    };
    let refused = read_folder(folder.path(), &limits).unwrap_err();
    assert!(
        matches!(refused, SourceError::TooLarge { limit: 5, .. }),
        "{refused}"
    );

    let limits = Limits {
        files: 2,
        ..Limits::default()
    };
    let refused = read_folder(folder.path(), &limits).unwrap_err();
    assert!(
        matches!(refused, SourceError::TooMany { limit: 2, .. }),
        "{refused}"
    );
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let folder = folder(&[]);
    let missing = folder.path().join("missing");
    let refused = read_folder(&missing, &Limits::default()).unwrap_err();
    assert!(refused.to_string().contains("missing"), "{refused}");
}
