//! Git over HTTP or HTTPS: the real `git http-backend`, behind a small server that speaks CGI to it.

use std::io::{self, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::git_repository::Repository;
use crate::prerequisites::Prerequisite;
use crate::start_error::StartError;
use crate::tls::{Authority, server_config};
use crate::workspace::Workspace;

mod cgi;
mod connection;

/// What a Git server may be asked for.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct GitServerOptions {
    /// With or without TLS.
    pub transport: Transport,
    /// Who may come in; everyone when there are none.
    pub credentials: Option<Credentials>,
}

/// With or without TLS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Transport {
    /// `http://`
    #[default]
    Plain,
    /// `https://`, with a certificate of an authority that lives for this server.
    Tls,
}

/// User name and password for basic authentication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user name.
    pub user: String,
    /// The password, made up by the test.
    pub password: String,
}

/// A request that the server has answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitRequest {
    /// `GET` or `POST`.
    pub method: String,
    /// Path and query, for example `/team/app.git/info/refs?service=git-upload-pack`.
    pub target: String,
    /// The status code of the answer.
    pub status: u16,
}

/// A running server. Dropping it stops it and removes its repositories.
pub struct GitServer {
    shared: Arc<Shared>,
    address: SocketAddr,
    authority: Option<Authority>,
    acceptor: Option<JoinHandle<()>>,
    workspace: Workspace,
}

/// What the connections' threads need.
struct Shared {
    backend: PathBuf,
    repositories: PathBuf,
    credentials: Option<Credentials>,
    stopping: AtomicBool,
    paused: AtomicBool,
    requests: Mutex<Vec<GitRequest>>,
}

impl GitServer {
    /// Starts a server over plain HTTP that lets everyone in.
    ///
    /// # Errors
    /// When the machine lacks git, or a port cannot be opened.
    pub fn start() -> Result<Self, StartError> {
        Self::start_with(&GitServerOptions::default())
    }

    /// Starts a server.
    ///
    /// # Errors
    /// When the machine lacks git, or a port cannot be opened.
    pub fn start_with(options: &GitServerOptions) -> Result<Self, StartError> {
        let missing = Prerequisite::GitHttpBackend;
        let backend = missing.find().ok_or(StartError::Missing { missing })?;
        let workspace = Workspace::new("git")?;
        let repositories = workspace.folder("repositories")?;
        let (authority, tls) = match options.transport {
            Transport::Plain => (None, None),
            Transport::Tls => {
                let authority = Authority::new("signet test git server")?;
                let identity = authority.server(&["127.0.0.1", "localhost"])?;
                (Some(authority), Some(server_config(&identity)?))
            }
        };
        let bind_error = |source| StartError::Spawn {
            name: "git server".to_owned(),
            source,
        };
        let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(bind_error)?;
        let address = listener.local_addr().map_err(bind_error)?;
        let shared = Arc::new(Shared {
            backend,
            repositories,
            credentials: options.credentials.clone(),
            stopping: AtomicBool::new(false),
            paused: AtomicBool::new(false),
            requests: Mutex::new(Vec::new()),
        });
        let acceptor = thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared, tls.as_ref())
        });
        Ok(Self {
            shared,
            address,
            authority,
            acceptor: Some(acceptor),
            workspace,
        })
    }

    /// Returns the server's URL, without a slash at its end.
    pub fn url(&self) -> String {
        let scheme = if self.authority.is_some() {
            "https"
        } else {
            "http"
        };
        format!("{scheme}://{}", self.address)
    }

    /// Returns the authority that signed the server's certificate; nothing without TLS.
    pub fn ca_pem(&self) -> Option<&str> {
        self.authority.as_ref().map(Authority::certificate_pem)
    }

    /// Makes an empty repository, served as `<url>/<name>.git`; the name may hold slashes.
    ///
    /// # Errors
    /// When git fails.
    pub fn create_repository(&self, name: &str) -> Result<Repository, StartError> {
        Repository::create(
            self.shared.repositories.join(format!("{name}.git")),
            self.workspace.join("work-trees").join(name),
            format!("{}/{name}.git", self.url()),
        )
    }

    /// Returns the requests answered so far, oldest first.
    pub fn requests(&self) -> Vec<GitRequest> {
        self.shared
            .requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Answers every request with 503 from now on.
    pub fn pause(&self) {
        self.shared.paused.store(true, Ordering::SeqCst);
    }

    /// Serves again.
    pub fn resume(&self) {
        self.shared.paused.store(false, Ordering::SeqCst);
    }

    /// Returns the folder with the repositories.
    pub fn folder(&self) -> &Path {
        self.workspace.path()
    }
}

impl Drop for GitServer {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // Wakes the acceptor, which then sees that it shall stop.
        let _ = TcpStream::connect(self.address);
        if let Some(acceptor) = self.acceptor.take() {
            // It holds nothing that a panic could leave half done.
            let _ = acceptor.join();
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>, tls: Option<&Arc<ServerConfig>>) {
    for stream in listener.incoming() {
        if shared.stopping.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        let shared = Arc::clone(shared);
        let tls = tls.map(Arc::clone);
        thread::spawn(move || {
            // A client that breaks off is its own concern.
            let _ = serve(stream, &shared, tls);
        });
    }
}

fn serve(stream: TcpStream, shared: &Shared, tls: Option<Arc<ServerConfig>>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_mins(1)))?;
    let Some(config) = tls else {
        return connection::serve(BufReader::new(stream), shared);
    };
    let session = ServerConnection::new(config).map_err(io::Error::other)?;
    connection::serve(BufReader::new(StreamOwned::new(session, stream)), shared)
}
