//! A bare repository that a server offers, and a work tree for putting commits into it.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::prerequisites::Prerequisite;
use crate::start_error::StartError;

/// A repository on a test server. Commits made here are there at once, as if someone had pushed them.
#[derive(Debug, Clone)]
pub struct Repository {
    bare: PathBuf,
    work_tree: PathBuf,
    url: String,
}

impl Repository {
    /// Makes an empty bare repository in `bare` with the branch `main`, and a work tree in `work_tree`.
    pub(crate) fn create(
        bare: PathBuf,
        work_tree: PathBuf,
        url: String,
    ) -> Result<Self, StartError> {
        for folder in [&bare, &work_tree] {
            fs::create_dir_all(folder).map_err(|source| StartError::File {
                act: "create",
                path: folder.clone(),
                source,
            })?;
        }
        let repository = Self {
            bare,
            work_tree,
            url,
        };
        git(
            &repository.bare,
            ["init", "--quiet", "--bare", "--initial-branch=main", "."],
        )?;
        // Whoever may talk to the server may push; and fetch a commit by its id, as the large hosts allow.
        git(&repository.bare, ["config", "http.receivepack", "true"])?;
        git(
            &repository.bare,
            ["config", "uploadpack.allowAnySHA1InWant", "true"],
        )?;
        git(
            &repository.bare,
            ["config", "uploadpack.allowFilter", "true"],
        )?;
        git(
            &repository.work_tree,
            ["init", "--quiet", "--initial-branch=main", "."],
        )?;
        let remote = repository.bare.as_os_str();
        git(
            &repository.work_tree,
            [
                OsStr::new("remote"),
                OsStr::new("add"),
                OsStr::new("origin"),
                remote,
            ],
        )?;
        Ok(repository)
    }

    /// Returns the URL under which the server offers it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the folder of the bare repository.
    pub fn path(&self) -> &Path {
        &self.bare
    }

    /// Returns the work tree: change files there, then call [`Self::commit_all`].
    pub fn work_tree(&self) -> &Path {
        &self.work_tree
    }

    /// Writes files (path, content), commits everything in the work tree, pushes, and returns the commit's id.
    ///
    /// # Errors
    /// When a file cannot be written or git fails.
    pub fn commit(&self, files: &[(&str, &str)], message: &str) -> Result<String, StartError> {
        for (path, content) in files {
            let path = self.work_tree.join(path);
            path.parent()
                .map_or(Ok(()), fs::create_dir_all)
                .and_then(|()| fs::write(&path, content))
                .map_err(|source| StartError::File {
                    act: "write",
                    path: path.clone(),
                    source,
                })?;
        }
        self.commit_all(message)
    }

    /// Removes files or folders, commits, pushes, and returns the commit's id.
    ///
    /// # Errors
    /// When git fails, for example because a path is not there.
    pub fn remove(&self, paths: &[&str], message: &str) -> Result<String, StartError> {
        let mut arguments = vec!["rm", "-r", "--quiet", "--"];
        arguments.extend(paths);
        git(&self.work_tree, arguments)?;
        self.commit_all(message)
    }

    /// Commits everything in the work tree (also when nothing changed), pushes, and returns the commit's id.
    ///
    /// # Errors
    /// When git fails.
    pub fn commit_all(&self, message: &str) -> Result<String, StartError> {
        git(&self.work_tree, ["add", "--all"])?;
        git(
            &self.work_tree,
            ["commit", "--quiet", "--allow-empty", "--message", message],
        )?;
        git(
            &self.work_tree,
            ["push", "--quiet", "--force", "origin", "HEAD"],
        )?;
        self.head()
    }

    /// Moves the work tree to another branch, made from the present commit if it is new.
    ///
    /// # Errors
    /// When git fails.
    pub fn switch(&self, branch: &str) -> Result<(), StartError> {
        let known = git(&self.work_tree, ["branch", "--list", branch])?;
        let arguments: &[&str] = if known.trim().is_empty() {
            &["switch", "--quiet", "--create", branch]
        } else {
            &["switch", "--quiet", branch]
        };
        git(&self.work_tree, arguments).map(drop)
    }

    /// Tags the present commit and pushes the tag.
    ///
    /// # Errors
    /// When git fails, for example because the tag is there.
    pub fn tag(&self, name: &str) -> Result<(), StartError> {
        git(&self.work_tree, ["tag", name])?;
        git(&self.work_tree, ["push", "--quiet", "origin", name]).map(drop)
    }

    /// Returns the id of the present commit.
    ///
    /// # Errors
    /// When there is no commit.
    pub fn head(&self) -> Result<String, StartError> {
        Ok(git(&self.work_tree, ["rev-parse", "HEAD"])?
            .trim()
            .to_owned())
    }

    /// Runs git in the work tree and returns what it printed.
    ///
    /// # Errors
    /// When git fails.
    pub fn git<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Result<String, StartError> {
        git(&self.work_tree, arguments)
    }
}

/// Returns a git command that reads no configuration of user or machine and asks nobody.
pub(crate) fn git_command() -> Result<Command, StartError> {
    let missing = Prerequisite::Git;
    let mut command = Command::new(missing.find().ok_or(StartError::Missing { missing })?);
    command
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_AUTHOR_NAME", "Test")
        .env("GIT_AUTHOR_EMAIL", "test@example.com")
        .env("GIT_COMMITTER_NAME", "Test")
        .env("GIT_COMMITTER_EMAIL", "test@example.com")
        // A test run may itself be started by a git hook.
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE")
        .stdin(Stdio::null());
    Ok(command)
}

fn git<A: AsRef<OsStr>>(
    folder: &Path,
    arguments: impl IntoIterator<Item = A>,
) -> Result<String, StartError> {
    let mut command = git_command()?;
    command.current_dir(folder).args(arguments);
    let output = command.output().map_err(|source| StartError::Spawn {
        name: "git".to_owned(),
        source,
    })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(StartError::Command {
        command: format!("{command:?}"),
        status: output.status.to_string(),
        output: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}
