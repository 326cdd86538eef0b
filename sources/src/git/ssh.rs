//! Git over SSH: the system's own `ssh` program, with key and known hosts in memory.
//!
//! `ssh` reads both through `/proc/<our pid>/fd/<n>` from memory files of ours, so that neither a
//! crash nor a snapshot of a disk leaves a key behind. The host key must be known beforehand.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd as _;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rustix::fs::{MemfdFlags, Mode, fchmod, memfd_create};
use secret_bytes::SecretBytes;
use tokio::runtime::Handle;
use tokio::time::Instant;

use crate::credentials::SshIdentity;
use crate::{GitUrl, SourceError};

const DEFAULT_USER: &str = "git";
const COMPLAINT_BYTES: u64 = 16 * 1024;

/// A running `ssh` and what it needs to stay alive. Ends with the value.
pub(super) struct Process {
    child: Arc<Mutex<Child>>,
    complaint: Option<thread::JoinHandle<Vec<u8>>>,
    watchdog: tokio::task::AbortHandle,
    _key: File,
    _known_hosts: File,
}

/// Starts `git-upload-pack` at the other end.
pub(super) fn start(
    url: &GitUrl,
    identity: &SshIdentity,
    deadline: Instant,
    runtime: &Handle,
) -> Result<(Process, ChildStdout, ChildStdin), SourceError> {
    let failed = |source| SourceError::StartSsh {
        url: url.to_string(),
        source,
    };
    let key = memory_file("signet-ssh-key", &identity.key).map_err(failed)?;
    let known_hosts =
        memory_file("signet-ssh-known-hosts", &identity.known_hosts).map_err(failed)?;
    let mut child = command(url, &path_of(&key), &path_of(&known_hosts))
        .spawn()
        .map_err(failed)?;
    let (Some(input), Some(output), Some(complaint)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(failed(io::ErrorKind::BrokenPipe.into()));
    };
    let complaint = thread::spawn(move || {
        let mut text = Vec::new();
        // What was read before an error is still worth having.
        let _read = complaint.take(COMPLAINT_BYTES).read_to_end(&mut text);
        text
    });
    let child = Arc::new(Mutex::new(child));
    let watched = Arc::clone(&child);
    let watchdog = runtime.spawn(async move {
        tokio::time::sleep_until(deadline).await;
        end(&watched);
    });
    let process = Process {
        child,
        complaint: Some(complaint),
        watchdog: watchdog.abort_handle(),
        _key: key,
        _known_hosts: known_hosts,
    };
    Ok((process, output, input))
}

impl Process {
    /// Ends the program and returns what it complained about.
    pub(super) fn complaint(&mut self) -> String {
        end(&self.child);
        let text = self
            .complaint
            .take()
            .and_then(|thread| thread.join().ok())
            .unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        lines
            .collect::<Vec<_>>()
            .join("; ")
            .replace(|c: char| c.is_control(), " ")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.watchdog.abort();
        end(&self.child);
    }
}

/// Says what a complaint of `ssh` means.
pub(super) fn explained(url: &str, complaint: &str) -> Option<SourceError> {
    let url = url.to_owned();
    if complaint.contains("Host key verification failed") || complaint.contains("host key for") {
        return Some(SourceError::VerifyHostKey { url });
    }
    if complaint.contains("Permission denied") || complaint.contains("Load key") {
        return Some(SourceError::Authenticate {
            url,
            answer: complaint.to_owned(),
        });
    }
    let is_about_connection = [
        "Could not resolve",
        "Connection refused",
        "Connection timed out",
        "Connection closed",
        "No route to host",
    ];
    is_about_connection
        .iter()
        .any(|mark| complaint.contains(mark))
        .then(|| SourceError::Connect {
            url,
            detail: complaint.to_owned(),
        })
}

fn end(child: &Mutex<Child>) {
    let mut child = child.lock().unwrap_or_else(PoisonError::into_inner);
    // Both fail only for a program that has ended and been collected already.
    let _killed = child.kill();
    let _collected = child.wait();
}

fn command(url: &GitUrl, key: &str, known_hosts: &str) -> Command {
    let mut command = Command::new("ssh");
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.env_clear();
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command.env("GIT_PROTOCOL", "version=2");
    // No file of the system or of a user may change what follows.
    command.args(["-F", "/dev/null", "-T", "-x", "-a"]);
    for option in [
        "BatchMode=yes",
        "StrictHostKeyChecking=yes",
        "GlobalKnownHostsFile=/dev/null",
        "UpdateHostKeys=no",
        "CheckHostIP=no",
        "IdentitiesOnly=yes",
        "IdentityAgent=none",
        "PreferredAuthentications=publickey",
        "ClearAllForwardings=yes",
        "PermitLocalCommand=no",
        "SendEnv=GIT_PROTOCOL",
        "LogLevel=ERROR",
    ] {
        command.args(["-o", option]);
    }
    command.args(["-o", &format!("UserKnownHostsFile={known_hosts}")]);
    command.args(["-i", key]);
    if let Some(port) = url.url().port() {
        command.args(["-p", &port.to_string()]);
    }
    command.args(["-l", url.user().unwrap_or(DEFAULT_USER)]);
    command.args(["--", url.host().trim_matches(['[', ']'])]);
    command.arg(format!("git-upload-pack {}", quoted(&url.remote_path())));
    command
}

/// Quotes a path for the shell at the other end, which takes one text.
fn quoted(path: &str) -> String {
    format!("'{}'", path.replace('\'', r"'\''"))
}

/// Writes bytes to a file that only exists in memory, readable by our own user alone.
fn memory_file(name: &str, content: &SecretBytes) -> io::Result<File> {
    let mut file = File::from(memfd_create(name, MemfdFlags::CLOEXEC)?);
    fchmod(&file, Mode::RUSR | Mode::WUSR)?;
    // EXPOSE: ssh reads key and known hosts from files and nothing else.
    let bytes = content.expose();
    file.write_all(bytes)?;
    if !bytes.ends_with(b"\n") {
        // OpenSSH refuses a key whose last line does not end.
        file.write_all(b"\n")?;
    }
    Ok(file)
}

fn path_of(file: &File) -> String {
    format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd())
}

#[cfg(test)]
mod tests;
