//! `kubeseal`, run in this process, and upstream's, run as a program.

mod cluster;
mod interoperability;
mod merge;
mod output;
mod raw;
mod recovery;
mod refusals;
mod seal;

use std::path::Path;
use std::process::Command;

use components::Program;

use crate::folder::Folder;
use crate::tool::{KUBESEAL, Outcome, run_program};

/// Runs ours.
fn kubeseal(arguments: &[&str], input: &[u8]) -> Outcome {
    kubeseal_with(&[], arguments, input)
}

/// Runs ours in an environment.
fn kubeseal_with(environment: &[(&str, &str)], arguments: &[&str], input: &[u8]) -> Outcome {
    KUBESEAL.run(arguments, input, environment, Path::new("/"))
}

/// Runs upstream's, without any cluster to be found.
fn upstream(arguments: &[&str], input: &[u8]) -> Outcome {
    let program = Program::Kubeseal
        .path()
        .expect("upstream's kubeseal is built");
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env("KUBECONFIG", "/nonexistent")
        .env_remove("KUBERNETES_SERVICE_HOST");
    run_program(&mut command, input)
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
