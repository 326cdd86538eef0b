//! What the tests have in common: servers, requests, crafted objects.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use components::{GitServer, Repository};
use manifests::Artifact;
use secret_bytes::SecretBytes;
use sources::{Credentials, Fetched, GitReference, GitRequest, Limits, SourceError, Store};
use tempfile::TempDir;

/// Plain HTTP, open to everyone, shared by the tests of this binary; each makes its own repository.
pub(crate) fn open_server() -> &'static GitServer {
    static SERVER: OnceLock<GitServer> = OnceLock::new();
    SERVER.get_or_init(|| GitServer::start().expect("the git server starts"))
}

pub(crate) fn repository(name: &str) -> Repository {
    let repository = open_server()
        .create_repository(name)
        .expect("a repository is made");
    repository
        .commit(
            &[("app/a.yaml", "a: 1\n"), ("README.md", "hello\n")],
            "first things",
        )
        .expect("a commit is made");
    repository
}

pub(crate) struct Workplace {
    pub(crate) folder: TempDir,
    pub(crate) store: Store,
}

impl Workplace {
    pub(crate) fn new() -> Self {
        Self::with(Limits::default())
    }

    pub(crate) fn with(limits: Limits) -> Self {
        let folder = TempDir::new().expect("a folder is made");
        let store = Store::open(folder.path().join("artifacts"), limits).expect("the store opens");
        Self { folder, store }
    }

    /// The same folder after the process has ended.
    pub(crate) fn restarted(self) -> Self {
        drop(self.store);
        let store = Store::open(self.folder.path().join("artifacts"), Limits::default())
            .expect("the store opens");
        Self {
            folder: self.folder,
            store,
        }
    }
}

/// A request for the branch `main` without credentials.
pub(crate) fn request(url: &str) -> GitRequest {
    GitRequest {
        url: url.parse().expect("the server's URL is one"),
        reference: GitReference {
            branch: Some("main".to_owned()),
            ..GitReference::default()
        },
        credentials: Arc::default(),
        ignore: None,
        timeout: Duration::from_mins(1),
    }
}

pub(crate) fn with_secret(mut request: GitRequest, data: &[(&str, &str)]) -> GitRequest {
    let data: BTreeMap<_, _> = data
        .iter()
        .map(|(key, value)| {
            (
                (*key).to_owned(),
                Arc::new(SecretBytes::new(value.as_bytes().to_vec())),
            )
        })
        .collect();
    let credentials =
        Credentials::from_secret(&request.url, &data).expect("the secret can be used");
    request.credentials = Arc::new(credentials);
    request
}

pub(crate) async fn fetched(store: &Store, request: &GitRequest) -> Artifact {
    let fetched = store
        .fetch(request, None)
        .await
        .expect("the fetch succeeds");
    let Fetched::New { artifact, snapshot } = fetched else {
        unreachable!("there was nothing before that could be unchanged");
    };
    assert_eq!(
        (&snapshot.revision, &snapshot.digest),
        (&artifact.revision, &artifact.digest)
    );
    artifact
}

pub(crate) async fn refused(store: &Store, request: &GitRequest) -> SourceError {
    store
        .fetch(request, None)
        .await
        .expect_err("the fetch is refused")
}

pub(crate) fn paths(artifact: &Artifact) -> Vec<&str> {
    artifact
        .tree
        .files()
        .map(|(path, _)| path.as_str())
        .collect()
}

/// Runs git in a bare repository with some input and returns what it printed.
pub(crate) fn git(bare: &Path, arguments: &[&str], input: &[u8]) -> String {
    let mut child = Command::new("git")
        .arg("-C")
        .arg(bare)
        .args(["-c", "user.name=Test", "-c", "user.email=test@example.com"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("git starts");
    child
        .stdin
        .take()
        .expect("its input is ours")
        .write_all(input)
        .expect("git reads");
    let output = child.wait_with_output().expect("git ends");
    assert!(output.status.success(), "git {arguments:?}");
    String::from_utf8(output.stdout)
        .expect("git prints text")
        .trim()
        .to_owned()
}

/// Makes `main` a commit whose root folder is `tree`.
pub(crate) fn set_main(repository: &Repository, tree: &str) {
    let commit = git(
        repository.path(),
        &["commit-tree", tree, "-m", "crafted"],
        b"",
    );
    git(
        repository.path(),
        &["update-ref", "refs/heads/main", &commit],
        b"",
    );
}

/// Writes a folder object exactly as given; git's own checks are switched off.
pub(crate) fn literal_tree(repository: &Repository, entries: &[(&str, &str, &str)]) -> String {
    let mut tree = Vec::new();
    for (mode, name, id) in entries {
        tree.extend_from_slice(format!("{mode} {name}\0").as_bytes());
        let digits: Vec<char> = id.chars().collect();
        for pair in digits.chunks(2) {
            let byte: String = pair.iter().collect();
            tree.push(u8::from_str_radix(&byte, 16).expect("an id is hex"));
        }
    }
    git(
        repository.path(),
        &["hash-object", "-w", "-t", "tree", "--literally", "--stdin"],
        &tree,
    )
}

pub(crate) fn blob(repository: &Repository, content: &str) -> String {
    git(
        repository.path(),
        &["hash-object", "-w", "--stdin"],
        content.as_bytes(),
    )
}

/// Makes a file of zeros that takes no room, and puts it into the repository.
pub(crate) fn blob_of_zeros(repository: &Repository, folder: &Path, size: u64) -> String {
    let path = folder.join("zeros");
    File::create(&path)
        .and_then(|file| file.set_len(size))
        .expect("a sparse file is made");
    let path = path.to_str().expect("a test's path is text");
    git(
        repository.path(),
        &["-c", "core.compression=1", "hash-object", "-w", path],
        b"",
    )
}
