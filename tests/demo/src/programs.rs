//! Our own programs, as a developer uses them: `kubeseal` and `sops`, fed through pipes so that no
//! plaintext touches the disk.

use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, bail, ensure};
use secret_bytes::SecretBytes;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// Returns the path of one of our programs, which lie beside this one.
pub(crate) fn program(name: &str) -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("failed to find this program")?;
    let path = own.with_file_name(name);
    ensure!(
        path.is_file(),
        "there is no {name:?} beside this program; hint: ./demo builds it"
    );
    Ok(path)
}

/// Returns a Secret sealed by `kubeseal` with the certificate at a URL.
pub(crate) async fn seal(secret: &SecretBytes, certificate: &str) -> anyhow::Result<String> {
    let arguments = ["--cert", certificate, "--format", "yaml"];
    pipe("kubeseal", &arguments, secret).await
}

/// Returns a Secret with its values encrypted by `sops` for an age recipient.
pub(crate) async fn encrypt(secret: &SecretBytes, recipient: &str) -> anyhow::Result<String> {
    let arguments = [
        "encrypt",
        "--age",
        recipient,
        "--encrypted-regex",
        "^(data|stringData)$",
        "--filename-override",
        "secret.yaml",
    ];
    pipe("sops", &arguments, secret).await
}

/// Runs a program where neither files nor variables of whoever runs the demo tell it what to do: a
/// `.sops.yaml` at hand would add its own keys and rules.
async fn pipe(name: &str, arguments: &[&str], input: &SecretBytes) -> anyhow::Result<String> {
    let empty = tempfile::tempdir().context("failed to make an empty folder")?;
    let mut command = Command::new(program(name)?);
    for (variable, _) in std::env::vars_os() {
        let of_tool = |prefix: &&str| variable.to_string_lossy().starts_with(prefix);
        if ["SOPS_", "SEALED_SECRETS_"].iter().any(of_tool) {
            command.env_remove(variable);
        }
    }
    let mut child = command
        .args(arguments)
        .current_dir(empty.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("failed to start {name:?}"))?;
    let Some(mut stdin) = child.stdin.take() else {
        bail!("{name:?} has no input");
    };
    // EXPOSE: the program is what turns it into ciphertext.
    let written = stdin.write_all(input.expose()).await;
    drop(stdin);
    let output = child
        .wait_with_output()
        .await
        .with_context(|| format!("failed to run {name:?}"))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{name:?} ended with {}: {}",
        output.status,
        errors.trim()
    );
    written.with_context(|| format!("failed to write to {name:?}"))?;
    String::from_utf8(output.stdout).with_context(|| format!("{name:?} printed no text"))
}
