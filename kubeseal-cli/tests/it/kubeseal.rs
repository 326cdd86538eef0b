//! `kubeseal`, run in this process, and upstream's, run as a program.

mod cluster;
mod interoperability;
mod merge;
mod output;
mod raw;
mod recovery;
mod refusals;
mod seal;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use components::Program;
use kubeseal_cli::Io;
use kubeseal_cli::kubeseal::{Invocation, run};
use serde_json::Value;

/// What a run left behind.
#[derive(Debug)]
struct Outcome {
    status: u8,
    stdout: String,
    stderr: String,
}

impl Outcome {
    /// Returns standard output of a run that must have succeeded.
    fn output(self) -> String {
        assert_eq!(self.status, 0, "{}", self.stderr);
        self.stdout
    }

    fn json(self) -> Value {
        serde_json::from_str(&self.output()).unwrap()
    }

    /// Returns standard error of a run that must have failed without output.
    fn refusal(self) -> String {
        assert_eq!(
            (self.status, self.stdout.as_str()),
            (1, ""),
            "{}",
            self.stderr
        );
        self.stderr
    }
}

/// Runs ours.
fn kubeseal(arguments: &[&str], input: &[u8]) -> Outcome {
    kubeseal_with(&[], arguments, input)
}

/// Runs ours in an environment.
fn kubeseal_with(environment: &[(&str, &str)], arguments: &[&str], input: &[u8]) -> Outcome {
    let (stdout, stderr) = (Buffer::default(), Buffer::default());
    let mut io = Io::new(
        std::io::Cursor::new(input.to_vec()),
        stdout.clone(),
        stderr.clone(),
    );
    let invocation = Invocation {
        arguments: std::iter::once("kubeseal")
            .chain(arguments.iter().copied())
            .map(Into::into)
            .collect(),
        environment: environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        now: "2026-01-01T00:00:00Z".parse().unwrap(),
    };
    let status = run(invocation, &mut io);
    Outcome {
        status,
        stdout: stdout.text(),
        stderr: stderr.text(),
    }
}

/// Runs upstream's, without any cluster to be found.
fn upstream(arguments: &[&str], input: &[u8]) -> Outcome {
    let program = Program::Kubeseal
        .path()
        .expect("upstream's kubeseal is built");
    let mut child = Command::new(program)
        .args(arguments)
        .env("KUBECONFIG", "/nonexistent")
        .env_remove("KUBERNETES_SERVICE_HOST")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    Outcome {
        status: u8::try_from(output.status.code().unwrap()).unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Returns the path of a test key or certificate.
fn key_file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../sealing/tests/keys")
        .join(name);
    path.to_str().unwrap().to_owned()
}

fn certificate() -> String {
    key_file("test-key-a.crt")
}

/// Puts a marker where ciphertext stands, which is never twice the same.
fn masked(text: &str) -> String {
    let mut masked = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("AQ") {
        let (before, item) = rest.split_at(start);
        let is_base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
        let end = item
            .find(|character| !is_base64(character))
            .unwrap_or(item.len());
        let (item, after) = item.split_at(end);
        masked.push_str(before);
        masked.push_str(if item.len() > 300 { "ITEM" } else { item });
        rest = after;
    }
    masked + rest
}

/// A folder that is removed with its content.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    fn file(&self, name: &str, content: &str) -> String {
        let path = PathBuf::from(self.path(name));
        std::fs::write(&path, content).unwrap();
        self.path(name)
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }
}

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
