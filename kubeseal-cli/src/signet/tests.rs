use std::io::Write;
use std::sync::{Arc, Mutex};

use super::run;
use crate::io::Terminals;
use crate::{Environment, Invocation, Io};

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Standard output that nobody reads any more.
struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn invocation(arguments: &[&str]) -> Invocation {
    Invocation {
        arguments: std::iter::once("signet")
            .chain(arguments.iter().copied())
            .map(Into::into)
            .collect(),
        environment: Environment {
            variables: Vec::new(),
            directory: "/nonexistent".into(),
            now: jiff::Timestamp::UNIX_EPOCH,
        },
    }
}

/// Runs and returns status, standard output and standard error.
fn signet(arguments: &[&str], terminals: Terminals) -> (u8, String, String) {
    let (stdout, stderr) = (Buffer::default(), Buffer::default());
    let mut io =
        Io::new(std::io::empty(), stdout.clone(), stderr.clone()).with_terminals(terminals);
    let status = run(&invocation(arguments), &mut io);
    (status, stdout.text(), stderr.text())
}

#[test]
fn version_is_printed_by_flag_and_by_command() {
    let line = format!("signet {}\n", env!("CARGO_PKG_VERSION"));
    for word in ["version", "--version"] {
        let quiet = Terminals::default();
        assert_eq!(signet(&[word], quiet), (0, line.clone(), String::new()));
    }
}

#[test]
fn help_is_data_and_a_wrong_command_line_is_not() {
    let (status, stdout, stderr) = signet(&["build", "--help"], Terminals::default());
    assert_eq!((status, stderr.as_str()), (0, ""));
    for word in [
        "--path",
        "--recursive",
        "--show-secrets",
        "SOPS_AGE_KEY",
        "Exit status",
    ] {
        assert!(stdout.contains(word), "{word} is missing in {stdout}");
    }
    let (status, stdout, stderr) = signet(&["build", ".", "--nonsense"], Terminals::default());
    assert_eq!((status, stdout.as_str()), (2, ""));
    assert!(stderr.contains("--nonsense"), "{stderr}");
}

#[test]
fn every_shell_gets_a_completion_script() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (status, stdout, _) = signet(&["completion", shell], Terminals::default());
        assert_eq!(status, 0);
        assert!(stdout.contains("show-secrets"), "{shell}");
    }
}

#[test]
fn nobody_reading_is_a_quiet_success() {
    let stderr = Buffer::default();
    let mut io = Io::new(std::io::empty(), Closed, stderr.clone());
    assert_eq!(run(&invocation(&["completion", "bash"]), &mut io), 0);
    assert_eq!(stderr.text(), "");
}

#[test]
fn a_missing_folder_is_named_and_exits_with_one() {
    let (status, stdout, stderr) = signet(&["build", "gone"], Terminals::default());
    assert_eq!((status, stdout.as_str()), (1, ""));
    assert!(
        stderr.starts_with("error: failed to read repository gone: "),
        "{stderr}"
    );
    assert!(!stderr.contains('\x1b'));
}

#[test]
fn progress_is_for_terminals_and_goes_away() {
    let watched = Terminals {
        stderr: true,
        ..Terminals::default()
    };
    let (_, _, stderr) = signet(&["build", "gone"], watched);
    assert!(
        stderr.starts_with("\r\x1b[2Kreading gone\r\x1b[2Kerror: "),
        "{stderr:?}"
    );
}
