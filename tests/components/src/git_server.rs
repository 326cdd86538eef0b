//! Git over HTTP or HTTPS: the real `git http-backend`, behind a small server that speaks CGI to it.

use std::path::{Path, PathBuf};

use crate::git_repository::Repository;
use crate::http_server::{HttpServer, ServedRequest, ServerOptions};
use crate::prerequisites::Prerequisite;
use crate::start_error::StartError;
use crate::workspace::Workspace;

mod cgi;

/// A running server. Dropping it stops it and removes its repositories.
pub struct GitServer {
    server: HttpServer,
    repositories: PathBuf,
    workspace: Workspace,
}

impl GitServer {
    /// Starts a server over plain HTTP that lets everyone in.
    ///
    /// # Errors
    /// When the machine lacks git, or a port cannot be opened.
    pub fn start() -> Result<Self, StartError> {
        Self::start_with(&ServerOptions::default())
    }

    /// Starts a server.
    ///
    /// # Errors
    /// When the machine lacks git, or a port cannot be opened.
    pub fn start_with(options: &ServerOptions) -> Result<Self, StartError> {
        let missing = Prerequisite::GitHttpBackend;
        let backend = missing.find().ok_or(StartError::Missing { missing })?;
        let workspace = Workspace::new("git")?;
        let repositories = workspace.folder("repositories")?;
        let program = cgi::Backend {
            program: backend,
            repositories: repositories.clone(),
            user: options
                .credentials
                .as_ref()
                .map(|credentials| credentials.user.clone()),
        };
        let handler = Box::new(move |request: &_| program.run(request));
        let server = HttpServer::start("git server", options, handler)?;
        Ok(Self {
            server,
            repositories,
            workspace,
        })
    }

    /// Returns the server's URL, without a slash at its end.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Returns the authority that signed the server's certificate; nothing without TLS.
    pub fn ca_pem(&self) -> Option<&str> {
        self.server.ca_pem()
    }

    /// Makes an empty repository, served as `<url>/<name>.git`; the name may hold slashes.
    ///
    /// # Errors
    /// When git fails.
    pub fn create_repository(&self, name: &str) -> Result<Repository, StartError> {
        Repository::create(
            self.repositories.join(format!("{name}.git")),
            self.workspace.join("work-trees").join(name),
            format!("{}/{name}.git", self.url()),
        )
    }

    /// Returns the requests answered so far, oldest first.
    pub fn requests(&self) -> Vec<ServedRequest> {
        self.server.requests()
    }

    /// Answers every request with 503 from now on.
    pub fn pause(&self) {
        self.server.pause();
    }

    /// Serves again.
    pub fn resume(&self) {
        self.server.resume();
    }

    /// Returns the folder with the repositories.
    pub fn folder(&self) -> &Path {
        self.workspace.path()
    }
}
