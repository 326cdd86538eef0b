//! What a machine must bring: the programs that nothing here builds.

use std::env;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Something the machine must have, and the package that brings it on Debian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prerequisite {
    /// The Go toolchain, for building the components: 1.26, or one from 1.21 on, which fetches that by itself.
    Go,
    /// A C compiler, for the workspace's own crypto library.
    CCompiler,
    /// `python3` with its `venv` module, for moto.
    PythonVenv,
    /// `git`.
    Git,
    /// `git http-backend`, which serves repositories over HTTP.
    GitHttpBackend,
    /// `sshd`, which serves repositories over SSH.
    Sshd,
    /// `ssh-keygen` and the `ssh` client.
    SshClient,
    /// `docker-registry`, the OCI registry.
    DockerRegistry,
    /// `ip`, for network namespaces.
    Iproute,
}

impl Prerequisite {
    /// Every prerequisite.
    pub const ALL: [Self; 9] = [
        Self::Go,
        Self::CCompiler,
        Self::PythonVenv,
        Self::Git,
        Self::GitHttpBackend,
        Self::Sshd,
        Self::SshClient,
        Self::DockerRegistry,
        Self::Iproute,
    ];

    /// Returns the Debian package that brings it.
    pub fn debian_package(self) -> &'static str {
        match self {
            Self::Go => "golang-go",
            Self::CCompiler => "build-essential",
            Self::PythonVenv => "python3-venv",
            Self::Git | Self::GitHttpBackend => "git",
            Self::Sshd => "openssh-server",
            Self::SshClient => "openssh-client",
            Self::DockerRegistry => "docker-registry",
            Self::Iproute => "iproute2",
        }
    }

    /// Returns where it is, or `None` when the machine lacks it.
    pub fn find(self) -> Option<PathBuf> {
        match self {
            Self::Go => find_program("go").filter(|go| is_new_enough(go)),
            Self::CCompiler => find_program("cc"),
            Self::PythonVenv => find_program("python3").filter(|python| has_venv(python)),
            Self::Git => find_program("git"),
            Self::GitHttpBackend => git_http_backend(),
            Self::Sshd => find_program("sshd"),
            Self::SshClient => find_program("ssh").and(find_program("ssh-keygen")),
            Self::DockerRegistry => find_program("docker-registry"),
            Self::Iproute => find_program("ip"),
        }
    }
}

impl fmt::Display for Prerequisite {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Go => "go (1.26, or at least 1.21 and allowed to fetch newer toolchains)",
            Self::CCompiler => "a C compiler (cc)",
            Self::PythonVenv => "python3 with the venv module",
            Self::Git => "git",
            Self::GitHttpBackend => "git http-backend",
            Self::Sshd => "sshd",
            Self::SshClient => "ssh and ssh-keygen",
            Self::DockerRegistry => "docker-registry",
            Self::Iproute => "ip",
        })
    }
}

/// Returns what the machine lacks.
pub fn missing_prerequisites() -> Vec<Prerequisite> {
    Prerequisite::ALL
        .into_iter()
        .filter(|prerequisite| prerequisite.find().is_none())
        .collect()
}

/// Returns the first program of this name on `$PATH` or in the system folders that a user's `$PATH` often lacks.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin", "/usr/local/go/bin"].map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|candidate| candidate.is_file())
}

fn is_new_enough(go: &Path) -> bool {
    let output = Command::new(go)
        .arg("version")
        .env("GOTOOLCHAIN", "local")
        .output();
    output.is_ok_and(|output| minor_version(&String::from_utf8_lossy(&output.stdout)) >= Some(21))
}

/// Reads the minor version out of `go version go1.26.8 linux/amd64`.
fn minor_version(text: &str) -> Option<u32> {
    let (_, version) = text.split_once(" go1.")?;
    version.split(['.', ' ']).next()?.parse().ok()
}

fn has_venv(python: &Path) -> bool {
    Command::new(python)
        .args(["-c", "import venv, ensurepip"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn git_http_backend() -> Option<PathBuf> {
    let git = find_program("git")?;
    let output = Command::new(git).arg("--exec-path").output().ok()?;
    let folder = String::from_utf8(output.stdout).ok()?;
    Some(Path::new(folder.trim()).join("git-http-backend")).filter(|backend| backend.is_file())
}

#[cfg(test)]
mod tests;
