//! `signet build`, run in this process on repositories in a folder, their secrets encrypted by the
//! `sops` program and their overlays built beside the `kustomize` program.

mod encrypted;
mod plain;
mod units;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock};

use components::Program;
use kubeseal_cli::Io;
use kubeseal_cli::signet::{Invocation, run};
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

    /// Returns standard error of a run that must have failed without output.
    fn refusal(self, status: u8) -> String {
        assert_eq!(
            (self.status, self.stdout.as_str()),
            (status, ""),
            "{}",
            self.stderr
        );
        self.stderr
    }

    /// Returns the objects of a run with `--output json`.
    fn items(self) -> Vec<Value> {
        let list: Value = serde_json::from_str(&self.output()).unwrap();
        list["items"].as_array().unwrap().clone()
    }
}

/// A pair of age keys for this run of the tests.
struct AgeKey {
    identity: String,
    recipient: String,
}

fn age_key() -> &'static AgeKey {
    static KEY: OnceLock<AgeKey> = OnceLock::new();
    KEY.get_or_init(new_age_key)
}

fn new_age_key() -> AgeKey {
    let output = Command::new(Program::AgeKeygen.path().unwrap())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let line = |start: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(start))
            .unwrap()
    };
    AgeKey {
        recipient: line("# public key: ").to_owned(),
        identity: format!("AGE-SECRET-KEY-{}", line("AGE-SECRET-KEY-")),
    }
}

/// A repository in a folder that is removed with it.
struct Repository(tempfile::TempDir);

impl Repository {
    fn new(files: &[(&str, &str)]) -> Self {
        let repository = Self(tempfile::tempdir().unwrap());
        for (name, content) in files {
            repository.write(name, content);
        }
        repository
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, content: &str) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    /// Adds a file, encrypted by the `sops` program.
    fn encrypt(&self, name: &str, content: &str) {
        let mut arguments = vec![
            "encrypt",
            "--age",
            &age_key().recipient,
            "--filename-override",
            name,
        ];
        if Path::new(name)
            .extension()
            .is_some_and(|found| found == "yaml")
        {
            arguments.extend(["--encrypted-regex", "^(data|stringData)$"]);
        }
        let mut child = Command::new(Program::Sops.path().unwrap())
            .args(arguments)
            .current_dir(self.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(content.as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "sops encrypts {name}");
        self.write(name, &String::from_utf8(output.stdout).unwrap());
    }

    /// Builds with the test key at hand.
    fn build(&self, arguments: &[&str]) -> Outcome {
        self.build_in(&[("SOPS_AGE_KEY", &age_key().identity)], arguments)
    }

    /// Builds in an environment that has the render worker besides.
    fn build_in(&self, environment: &[(&str, &str)], arguments: &[&str]) -> Outcome {
        let worker = Program::RenderWorker.path().unwrap();
        let worker = ("SIGNET_RENDER_WORKER", worker.to_str().unwrap());
        self.build_without_worker(&[environment, &[worker]].concat(), arguments)
    }

    fn build_without_worker(&self, environment: &[(&str, &str)], arguments: &[&str]) -> Outcome {
        let (stdout, stderr) = (Buffer::default(), Buffer::default());
        let mut io = Io::new(std::io::empty(), stdout.clone(), stderr.clone());
        let words = ["signet", "build", "."];
        let invocation = Invocation {
            arguments: words.iter().chain(arguments).map(Into::into).collect(),
            environment: environment
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            directory: PathBuf::from(self.path()),
        };
        let status = run(&invocation, &mut io);
        Outcome {
            status,
            stdout: stdout.text(),
            stderr: stderr.text(),
        }
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
