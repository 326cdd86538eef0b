//! The conversation with git's own `upload-pack` as a child process: each protocol version, each
//! hash, and servers that do not give a commit by its id.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use gix_protocol::Handshake;
use gix_transport::Protocol;
use gix_transport::client::git::ConnectMode;
use gix_transport::client::git::blocking_io::Connection as StreamConnection;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::time::Instant;

use super::{Connect, Depth, Session};
use crate::git::http::Failure;
use crate::{GitReference, Limits};

struct Served {
    session: Session,
    child: Child,
    _runtime: Runtime,
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _killed = self.child.kill();
        let _collected = self.child.wait();
    }
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(["-c", "user.name=Test", "-c", "user.email=test@example.com"])
        .args(arguments)
        .output()
        .expect("git runs");
    assert!(output.status.success(), "git {arguments:?}");
    String::from_utf8(output.stdout)
        .expect("git prints text")
        .trim()
        .to_owned()
}

fn repository(format: &str) -> TempDir {
    let folder = TempDir::new().expect("a folder is made");
    git(
        folder.path(),
        &[
            "init",
            "--quiet",
            "--initial-branch=main",
            &format!("--object-format={format}"),
        ],
    );
    for content in ["a: 1\n", "a: 2\n"] {
        std::fs::write(folder.path().join("a.yaml"), content).expect("a file is written");
        git(folder.path(), &["add", "--all"]);
        git(
            folder.path(),
            &["commit", "--quiet", "--message", "a commit"],
        );
    }
    folder
}

fn served(folder: &Path, protocol: &str) -> Served {
    let mut child = Command::new("git")
        .arg("upload-pack")
        .arg(folder)
        .env("GIT_PROTOCOL", protocol)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("git runs");
    let runtime = Runtime::new().expect("a runtime is made");
    let (output, input) = (
        child.stdout.take().expect("it is ours"),
        child.stdin.take().expect("it is ours"),
    );
    let transport = StreamConnection::new(
        output,
        input,
        Protocol::V2,
        "r",
        None::<(String, _)>,
        ConnectMode::Process,
        false,
    );
    let timeout = Duration::from_mins(1);
    let connect = Connect {
        url: "ssh://h/r".parse().expect("it is a URL"),
        credentials: Arc::default(),
        clients: Arc::default(),
        limits: Limits::default(),
        timeout,
        deadline: Instant::now() + timeout,
        runtime: runtime.handle().clone(),
    };
    let mut session = Session {
        connect,
        transport: Box::new(transport),
        handshake: Handshake::default(),
        failure: Failure::default(),
        ssh: None,
    };
    session.handshake = super::greet(&mut session.transport)
        .ok()
        .expect("git answers");
    Served {
        session,
        child,
        _runtime: runtime,
    }
}

fn main_branch() -> GitReference {
    GitReference {
        branch: Some("main".to_owned()),
        ..GitReference::default()
    }
}

#[test]
fn every_protocol_version_and_hash_gives_the_same_files() {
    for (format, protocol, version) in [
        ("sha1", "version=2", Protocol::V2),
        // The oldest version answers without naming itself, which counts as the one after it.
        ("sha1", "", Protocol::V1),
        ("sha256", "version=2", Protocol::V2),
    ] {
        let folder = repository(format);
        let mut served = served(folder.path(), protocol);
        assert_eq!(served.session.handshake.server_protocol_version, version);
        let resolved = served
            .session
            .resolve(&main_branch().wanted().unwrap())
            .unwrap();
        let head = git(folder.path(), &["rev-parse", "HEAD"]);
        assert_eq!(
            resolved.revision.to_string(),
            format!("main@{format}:{head}")
        );
        let pack = served.session.pack(&[resolved.commit], Depth::One).unwrap();
        let objects =
            crate::git::pack::read(&pack, resolved.commit.kind(), &Limits::default(), &|| false)
                .unwrap();
        assert_eq!(
            objects.len(),
            3,
            "one commit, one folder, one file: {format} {version:?}"
        );
        let commit = crate::git::checkout::checkout(
            "ssh://h/r",
            &objects,
            &resolved.commit,
            None,
            &Limits::default(),
        )
        .unwrap();
        assert_eq!(
            commit
                .tree
                .file(&"a.yaml".parse().unwrap())
                .unwrap()
                .content,
            "a: 2\n"
        );
    }
}

/// G-175: a server may refuse a commit by its id; the history of the branch has it.
#[test]
fn the_history_holds_a_commit_that_is_not_given_by_its_id() {
    let folder = repository("sha1");
    let first = git(folder.path(), &["rev-parse", "HEAD~1"]);
    let reference = GitReference {
        commit: Some(first),
        ..main_branch()
    };
    let wanted = reference.wanted().unwrap();

    let mut refusing = served(folder.path(), "");
    let resolved = refusing.session.resolve(&wanted).unwrap();
    let refused = refusing
        .session
        .pack(&[resolved.commit], Depth::One)
        .unwrap_err();
    assert!(
        matches!(refused, crate::SourceError::Speak { .. }),
        "{refused}"
    );

    let mut giving = served(folder.path(), "");
    let tips =
        super::resolve::targets(&giving.session.list(resolved.tips.clone().unwrap()).unwrap());
    let pack = giving.session.pack(&tips, Depth::All).unwrap();
    let objects =
        crate::git::pack::read(&pack, resolved.commit.kind(), &Limits::default(), &|| false)
            .unwrap();
    let commit = crate::git::checkout::checkout(
        "ssh://h/r",
        &objects,
        &resolved.commit,
        None,
        &Limits::default(),
    )
    .unwrap();
    assert_eq!(
        commit
            .tree
            .file(&"a.yaml".parse().unwrap())
            .unwrap()
            .content,
        "a: 1\n"
    );
}

/// What a server says at first, in the form that it travels in.
fn greeting(lines: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for line in lines {
        bytes.extend_from_slice(format!("{:04x}{line}", line.len() + 4).as_bytes());
    }
    bytes.extend_from_slice(b"0000");
    bytes
}

fn listed(lines: &[&str]) -> Option<usize> {
    listed_in(greeting(lines))
}

fn listed_in(bytes: Vec<u8>) -> Option<usize> {
    let connection = StreamConnection::new(
        std::io::Cursor::new(bytes),
        std::io::sink(),
        Protocol::V2,
        "r",
        None::<(String, _)>,
        ConnectMode::Process,
        false,
    );
    let mut transport: Box<dyn gix_transport::client::blocking_io::Transport + Send> =
        Box::new(connection);
    super::greet(&mut transport)
        .ok()
        .map(|handshake| handshake.refs.map_or(0, |refs| refs.len()))
}

/// A hostile server must not end the process.
#[test]
fn foreign_greetings_are_errors_or_lists() {
    let id = "1".repeat(40);
    let first = format!("{id} refs/heads/main\0symref=HEAD:refs/heads/gone agent=x\n");
    assert_eq!(listed(&[&first]), Some(1));
    let tag = format!("{id} refs/tags/v1\n");
    let peeled = format!("{id} refs/tags/v1^{{}}\n");
    assert_eq!(listed(&[&first, &tag, &peeled]), Some(2));
    assert_eq!(listed(&[&first, &peeled]), None);
    assert_eq!(listed(&[&first, "nonsense\n"]), None);
    assert_eq!(listed(&["version 0\n"]), None);
    assert_eq!(listed(&["version 1\n"]), None);
    assert_eq!(listed(&[]), Some(0));
    let empty = format!("{} capabilities^{{}}\0agent=x\n", "0".repeat(40));
    assert_eq!(listed(&[&empty]), Some(0));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 128, ..Default::default() })]

    /// Whatever a server says first, and however the lengths of its lines lie.
    #[test]
    fn any_greeting_is_an_error_or_a_list(
        bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200),
        lines in proptest::collection::vec("[0-9a-f]{0,44}[ -~\0]{0,40}\n?", 0..5),
    ) {
        let _refused_or_not = listed_in(bytes);
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let _refused_or_not = listed(&lines);
    }
}
