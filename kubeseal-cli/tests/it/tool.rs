//! One of our tools run in this process with buffers, other tools run as programs, and what a run
//! leaves behind.

use std::io::{Cursor, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use kubeseal_cli::io::Terminals;
use kubeseal_cli::{Environment, Invocation, Io, kubeseal, signet, sops};
use serde_json::Value;

/// One of our tools.
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    pub(crate) run: fn(&Invocation, &mut Io) -> u8,
    /// Which of its streams it takes for terminals.
    pub(crate) terminals: Terminals,
}

pub(crate) const KUBESEAL: Tool = Tool {
    name: "kubeseal",
    run: kubeseal::run,
    terminals: NO_TERMINALS,
};
pub(crate) const SIGNET: Tool = Tool {
    name: "signet",
    run: signet::run,
    terminals: NO_TERMINALS,
};
pub(crate) const SOPS: Tool = Tool {
    name: "sops",
    run: sops::run,
    terminals: NO_TERMINALS,
};

const NO_TERMINALS: Terminals = Terminals {
    stdin: false,
    stdout: false,
    stderr: false,
};

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) status: u8,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Tool {
    /// Runs the tool in a folder, with these variables and nothing else in its environment.
    pub(crate) fn run(
        &self,
        arguments: &[&str],
        input: &[u8],
        variables: &[(&str, &str)],
        directory: &Path,
    ) -> Outcome {
        let (stdout, stderr) = (Buffer::default(), Buffer::default());
        let mut io = Io::new(Cursor::new(input.to_vec()), stdout.clone(), stderr.clone())
            .with_terminals(self.terminals);
        let invocation = Invocation {
            arguments: [&[self.name], arguments]
                .concat()
                .into_iter()
                .map(Into::into)
                .collect(),
            environment: Environment {
                variables: variables
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                    .collect(),
                directory: directory.to_owned(),
                now: "2026-01-01T00:00:00Z".parse().unwrap(),
            },
        };
        let status = (self.run)(&invocation, &mut io);
        Outcome {
            status,
            stdout: stdout.text(),
            stderr: stderr.text(),
        }
    }
}

/// Runs a program to its end.
pub(crate) fn run_program(command: &mut Command, input: &[u8]) -> Outcome {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may end without having read anything.
    drop(child.stdin.take().unwrap().write_all(input));
    let output = child.wait_with_output().unwrap();
    Outcome {
        status: u8::try_from(output.status.code().unwrap()).unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

impl Outcome {
    /// Returns standard output of a run that must have succeeded.
    pub(crate) fn output(self) -> String {
        assert_eq!(self.status, 0, "{}", self.stderr);
        self.stdout
    }

    /// Returns standard output of a run that must have succeeded with JSON.
    pub(crate) fn json(self) -> Value {
        serde_json::from_str(&self.output()).unwrap()
    }

    /// Returns the objects of a run that must have succeeded with a List in JSON.
    pub(crate) fn items(self) -> Vec<Value> {
        self.json()["items"].as_array().unwrap().clone()
    }

    /// Returns standard error of a run that must have failed so.
    pub(crate) fn failure(self, status: u8) -> String {
        assert_eq!(self.status, status, "{}{}", self.stdout, self.stderr);
        self.stderr
    }

    /// Returns standard error of a run that must have failed so, without output.
    pub(crate) fn refusal(self, status: u8) -> String {
        assert_eq!(self.stdout, "", "{}", self.stderr);
        self.failure(status)
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
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
