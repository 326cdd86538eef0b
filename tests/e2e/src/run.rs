//! Programs that run to their end: our command line, and the upstream tools beside it.

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// What a program printed and how it ended.
#[derive(Debug, Clone)]
pub struct Output {
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// The exit code, if there was one.
    pub code: Option<i32>,
}

impl Output {
    /// Returns standard output of a run that succeeded.
    ///
    /// # Panics
    ///
    /// When it did not.
    pub fn success(self) -> String {
        assert_eq!(self.code, Some(0), "it failed: {}", self.stderr);
        self.stdout
    }
}

/// Runs a program with arguments, variables and standard input.
///
/// # Panics
///
/// When it cannot be started.
pub fn run<A: AsRef<OsStr>>(
    program: &Path,
    arguments: impl IntoIterator<Item = A>,
    variables: &[(&str, &str)],
    stdin: &str,
) -> Output {
    let mut child = Command::new(program)
        .args(arguments)
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{} cannot be started: {error}", program.display()));
    if let Some(mut pipe) = child.stdin.take() {
        // A program that does not read its input closes it.
        let _ = pipe.write_all(stdin.as_bytes());
    }
    let output = child.wait_with_output().expect("because it was started");
    Output {
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        code: output.status.code(),
    }
}
