//! `signet build`, run in this process on repositories in a folder, their secrets encrypted by the
//! `sops` program and their overlays built beside the `kustomize` program.

mod encrypted;
mod plain;
mod units;

use std::ops::Deref;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use components::Program;

use crate::age_key::AgeKey;
use crate::folder::Folder;
use crate::tool::{Outcome, SIGNET, run_program};

/// The key of every encrypted file.
fn age_key() -> &'static AgeKey {
    static KEY: OnceLock<AgeKey> = OnceLock::new();
    KEY.get_or_init(AgeKey::generate)
}

/// A repository in a folder that is removed with it.
struct Repository(Folder);

impl Deref for Repository {
    type Target = Folder;

    fn deref(&self) -> &Folder {
        &self.0
    }
}

impl Repository {
    fn new(files: &[(&str, &str)]) -> Self {
        let repository = Self(Folder::new());
        for (name, content) in files {
            repository.write(name, content);
        }
        repository
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
        let mut command = Command::new(Program::Sops.path().unwrap());
        command.args(arguments).current_dir(self.root());
        let encrypted = run_program(&mut command, content.as_bytes()).output();
        self.write(name, &encrypted);
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
        let arguments = [&["build", "."], arguments].concat();
        SIGNET.run(&arguments, b"", environment, self.root())
    }
}
