use gix_hash::ObjectId;
use gix_object::Kind;
use manifests::Omission;

use crate::git::checkout::{Commit, checkout};
use crate::git::pack::Objects;
use crate::{ErrorKind, Limits, SourceError};

#[derive(Default)]
struct Repository(Objects);

impl Repository {
    fn blob(&mut self, content: &[u8]) -> ObjectId {
        self.0.add(Kind::Blob, content)
    }

    /// A folder exactly as given, however malformed.
    fn folder(&mut self, entries: &[(&str, &[u8], ObjectId)]) -> ObjectId {
        let mut tree = Vec::new();
        for (mode, name, id) in entries {
            tree.extend_from_slice(mode.as_bytes());
            tree.push(b' ');
            tree.extend_from_slice(name);
            tree.push(0);
            tree.extend_from_slice(id.as_bytes());
        }
        self.0.add(Kind::Tree, &tree)
    }

    fn commit(&mut self, root: ObjectId) -> ObjectId {
        let who = "A <a@example.com> 0 +0000";
        let text = format!("tree {root}\nauthor {who}\ncommitter {who}\n\nadd things\n\nbody\n");
        self.0.add(Kind::Commit, text.as_bytes())
    }

    fn checkout(
        &mut self,
        root: ObjectId,
        ignore: Option<&str>,
        limits: &Limits,
    ) -> Result<Commit, SourceError> {
        let commit = self.commit(root);
        checkout("https://h/r", &self.0, &commit, ignore, limits)
    }
}

fn refused(name: &[u8]) -> SourceError {
    let mut repository = Repository::default();
    let blob = repository.blob(b"x");
    let inner = repository.folder(&[("100644", name, blob)]);
    let root = repository.folder(&[("40000", b"apps", inner)]);
    repository
        .checkout(root, None, &Limits::default())
        .err()
        .unwrap()
}

/// I6: names that Git never writes refuse the repository, and the text says where they are.
#[test]
fn crafted_names_refuse_the_repository() {
    for name in [
        &b".."[..],
        b".",
        b".git",
        b".GiT",
        b"/etc/passwd",
        b"a/../../b",
    ] {
        let error = refused(name);
        assert_eq!(error.kind(), ErrorKind::ContentRefused);
        assert!(
            error
                .to_string()
                .starts_with("folder \"apps\" of the repository holds an entry named"),
            "{error}"
        );
    }
}

/// I6: hostile names count even where the ignore rules would leave the folder out.
#[test]
fn excluded_folders_are_checked_too() {
    let mut repository = Repository::default();
    let blob = repository.blob(b"x");
    let inner = repository.folder(&[("100644", b"..", blob)]);
    let root = repository.folder(&[("40000", b"apps", inner)]);
    let error = repository
        .checkout(root, Some("/apps"), &Limits::default())
        .err()
        .unwrap();
    assert_eq!(error.kind(), ErrorKind::ContentRefused);
}

/// I6: links, submodules and unrepresentable names are left out and remembered.
#[test]
fn what_is_no_regular_file_is_left_out() {
    let mut repository = Repository::default();
    let blob = repository.blob(b"x");
    let target = repository.blob(b"../../etc/passwd");
    let root = repository.folder(&[
        ("100644", b"a.yaml", blob),
        ("100644", b"a\\b", blob),
        ("120000", b"link", target),
        ("100644", b"new\nline", blob),
        ("160000", b"module", blob),
        ("100755", b"run.sh", blob),
    ]);
    let commit = repository.checkout(root, None, &Limits::default()).unwrap();
    assert_eq!(commit.subject, "add things");
    let files: Vec<_> = commit
        .tree
        .files()
        .map(|(path, file)| (path.as_str(), file.executable))
        .collect();
    assert_eq!(files, [("a.yaml", false), ("run.sh", true)]);
    let omitted: Vec<_> = commit
        .tree
        .omissions()
        .map(|(path, why)| (path.as_str(), why))
        .collect();
    assert_eq!(
        omitted,
        [
            ("a\u{fffd}b", Omission::UnsafeName),
            ("link", Omission::Link),
            ("module", Omission::Submodule),
            ("new\u{fffd}line", Omission::UnsafeName),
        ]
    );
}

/// G-178: the rules of a folder's `.sourceignore` hold for files that sort before it, too.
#[test]
fn folder_rules_are_read_before_its_files() {
    let mut repository = Repository::default();
    let blob = repository.blob(b"x");
    let rules = repository.blob(b"*.txt\n");
    let inner = repository.folder(&[
        ("100644", b"#a.txt", blob),
        ("100644", b".sourceignore", rules),
        ("100644", b"b.yaml", blob),
    ]);
    let root = repository.folder(&[("40000", b"apps", inner), ("100644", b"c.txt", blob)]);
    let commit = repository.checkout(root, None, &Limits::default()).unwrap();
    let files: Vec<_> = commit.tree.files().map(|(path, _)| path.as_str()).collect();
    assert_eq!(files, ["apps/.sourceignore", "apps/b.yaml", "c.txt"]);
}

/// I6: a few objects that stand for very many files are refused.
#[test]
fn a_tree_that_multiplies_itself_is_refused() {
    let mut repository = Repository::default();
    let blob = repository.blob(b"x");
    let mut folder = repository.folder(&[("100644", b"f", blob)]);
    for _ in 0..12 {
        let names: Vec<Vec<u8>> = (0..10).map(|n| format!("d{n}").into_bytes()).collect();
        let entries: Vec<_> = names
            .iter()
            .map(|name| ("40000", name.as_slice(), folder))
            .collect();
        folder = repository.folder(&entries);
    }
    let error = repository
        .checkout(folder, None, &Limits::default())
        .err()
        .unwrap();
    assert_eq!(
        error.to_string(),
        "the source holds more than 200000 files and folders"
    );
}

#[test]
fn deep_nesting_is_refused() {
    let mut repository = Repository::default();
    let blob = repository.blob(b"x");
    let mut folder = repository.folder(&[("100644", b"f", blob)]);
    for _ in 0..10_000 {
        folder = repository.folder(&[("40000", b"d", folder)]);
    }
    let error = repository
        .checkout(folder, None, &Limits::default())
        .err()
        .unwrap();
    assert_eq!(
        error.to_string(),
        "the source holds more than 100 nested folders"
    );
}

#[test]
fn a_name_twice_and_a_missing_object_are_refused() {
    let mut repository = Repository::default();
    let blob = repository.blob(b"x");
    let root = repository.folder(&[("100644", b"a", blob), ("100644", b"a", blob)]);
    let error = repository
        .checkout(root, None, &Limits::default())
        .err()
        .unwrap();
    assert!(error.to_string().contains("stands there twice"), "{error}");

    let root = repository.folder(&[("100644", b"a", ObjectId::null(gix_hash::Kind::Sha1))]);
    let error = repository
        .checkout(root, None, &Limits::default())
        .err()
        .unwrap();
    assert_eq!(
        error.to_string(),
        "\"https://h/r\" sent a pack that cannot be read: an object is missing"
    );
}
