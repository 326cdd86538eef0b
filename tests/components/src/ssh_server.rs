//! Git over SSH: the real `sshd`, on a free port, with a host key and one user key made for the run.

use std::env;
use std::fs::{self, DirBuilder};
use std::io::Read;
use std::net::TcpStream;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::child::{Child, Launch};
use crate::git_repository::Repository;
use crate::ports::{free_port, with_free_ports};
use crate::prerequisites::Prerequisite;
use crate::start_error::StartError;
use crate::workspace::Workspace;

const DEADLINE: Duration = Duration::from_secs(30);

/// A running server. Dropping it stops it and removes its repositories.
pub struct SshGitServer {
    #[expect(dead_code, reason = "stops the server when dropped")]
    server: Child,
    port: u16,
    user: String,
    identity: PathBuf,
    identity_text: String,
    known_hosts: String,
    known_hosts_path: PathBuf,
    workspace: Workspace,
}

impl SshGitServer {
    /// Starts a server; it serves when this returns.
    ///
    /// # Errors
    /// When the machine lacks `sshd`, `ssh-keygen` or git, or the server does not become ready.
    pub fn start() -> Result<Self, StartError> {
        for missing in [Prerequisite::SshClient, Prerequisite::Git] {
            missing.find().ok_or(StartError::Missing { missing })?;
        }
        let missing = Prerequisite::Sshd;
        let sshd = missing.find().ok_or(StartError::Missing { missing })?;
        with_free_ports(|| Self::start_once(&sshd))
    }

    fn start_once(sshd: &Path) -> Result<Self, StartError> {
        let workspace = Workspace::new("ssh")?;
        let port = free_port()?;
        let user = user_name()?;
        let (host_key, host_public) = generate_key(&workspace, "host_key")?;
        let (identity, public) = generate_key(&workspace, "identity")?;
        let authorized = workspace.write("authorized_keys", &format!("restrict {public}"))?;
        let config = workspace.write("sshd_config", &config(port, &host_key, &authorized))?;
        make_privilege_separation_folder()?;

        // sshd starts itself again for each connection and insists on an absolute path, which `find` gave.
        let arguments = [
            "-D".to_owned(),
            "-e".to_owned(),
            "-f".to_owned(),
            config.display().to_string(),
        ];
        let log = workspace.join("sshd.log");
        let server = Launch::new("sshd", sshd)
            .arguments(arguments)
            .start_with_log(&log)?;
        server.wait_until_ready(DEADLINE, || greeting(port))?;

        let known_hosts = format!("[127.0.0.1]:{port} {host_public}");
        let known_hosts_path = workspace.write("known_hosts", &known_hosts)?;
        let identity_text = read(&identity)?;
        Ok(Self {
            server,
            port,
            user,
            identity,
            identity_text,
            known_hosts,
            known_hosts_path,
            workspace,
        })
    }

    /// Makes an empty repository and returns it with its `ssh://` URL.
    ///
    /// # Errors
    /// When git fails.
    pub fn create_repository(&self, name: &str) -> Result<Repository, StartError> {
        let bare = self
            .workspace
            .join("repositories")
            .join(format!("{name}.git"));
        let url = format!(
            "ssh://{}@127.0.0.1:{}{}",
            self.user,
            self.port,
            bare.display()
        );
        Repository::create(bare, self.workspace.join("work-trees").join(name), url)
    }

    /// Returns the user to log in as: the one who runs the tests.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Returns the private key that the server lets in, in OpenSSH format (`identity` of a Git credential Secret).
    pub fn identity(&self) -> &str {
        &self.identity_text
    }

    /// Returns the path of [`Self::identity`].
    pub fn identity_path(&self) -> &Path {
        &self.identity
    }

    /// Returns the line that vouches for the server (`known_hosts` of a Git credential Secret).
    pub fn known_hosts(&self) -> &str {
        &self.known_hosts
    }

    /// Returns the value of `GIT_SSH_COMMAND` with which the `git` program reaches the server.
    pub fn ssh_command(&self) -> String {
        format!(
            "ssh -F none -i {} -o IdentitiesOnly=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile={}",
            self.identity.display(),
            self.known_hosts_path.display()
        )
    }

    /// Returns the folder with log, keys and repositories.
    pub fn folder(&self) -> &Path {
        self.workspace.path()
    }
}

fn config(port: u16, host_key: &Path, authorized: &Path) -> String {
    format!(
        "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\n\
         StrictModes no\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
         PermitRootLogin prohibit-password\nAcceptEnv GIT_PROTOCOL\nPrintMotd no\nMaxStartups 500\n\
         MaxSessions 500\nLogLevel VERBOSE\nForceCommand git-shell -c \"$SSH_ORIGINAL_COMMAND\"\n",
        host_key.display(),
        authorized.display()
    )
}

/// As root, sshd insists on this folder, which a service manager would make.
fn make_privilege_separation_folder() -> Result<(), StartError> {
    let path = Path::new("/run/sshd");
    if !rustix::process::getuid().is_root() || path.is_dir() {
        return Ok(());
    }
    DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(path)
        .map_err(|source| StartError::File {
            act: "create",
            path: path.to_owned(),
            source,
        })
}

fn greeting(port: u16) -> Result<(), String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).map_err(|error| error.to_string())?;
    let timeout = Some(Duration::from_secs(5));
    stream
        .set_read_timeout(timeout)
        .map_err(|error| error.to_string())?;
    let mut greeting = [0; 4];
    stream
        .read_exact(&mut greeting)
        .map_err(|error| error.to_string())?;
    if &greeting == b"SSH-" {
        Ok(())
    } else {
        Err("it does not speak SSH".to_owned())
    }
}

/// Makes an Ed25519 key pair and returns the private key's path and the public key's line.
fn generate_key(workspace: &Workspace, name: &str) -> Result<(PathBuf, String), StartError> {
    let path = workspace.join(name);
    let mut command = Command::new("ssh-keygen");
    command
        .args(["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f"])
        .arg(&path);
    run(&mut command)?;
    let public = read(&workspace.join(&format!("{name}.pub")))?;
    Ok((path, public))
}

fn user_name() -> Result<String, StartError> {
    let mut command = Command::new("id");
    command.arg("--user").arg("--name");
    let name = run(&mut command)?.trim().to_owned();
    if name.is_empty() {
        return Ok(env::var("USER").unwrap_or_default());
    }
    Ok(name)
}

fn run(command: &mut Command) -> Result<String, StartError> {
    let shown = format!("{command:?}");
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|source| StartError::Spawn {
            name: shown.clone(),
            source,
        })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(StartError::Command {
        command: shown,
        status: output.status.to_string(),
        output: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

fn read(path: &Path) -> Result<String, StartError> {
    fs::read_to_string(path).map_err(|source| StartError::File {
        act: "read",
        path: path.to_owned(),
        source,
    })
}
