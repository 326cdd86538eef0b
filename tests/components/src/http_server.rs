//! A small HTTP/1.1 server on loopback, for what has none of its own: Git's CGI program, and plain files.

use std::io::{self, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::start_error::StartError;
use crate::tls::{Authority, server_config};

mod connection;

pub(crate) use connection::{Answer, Request};

/// What a server may be asked for.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ServerOptions {
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

/// A request that a server has answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedRequest {
    /// `GET`, `HEAD` or `POST`.
    pub method: String,
    /// Path and query, for example `/team/app.git/info/refs?service=git-upload-pack`.
    pub target: String,
    /// The status code of the answer.
    pub status: u16,
}

/// What answers a request that was let in.
type Handler = dyn Fn(&Request) -> io::Result<Answer> + Send + Sync;

/// A running server. Dropping it stops it.
pub(crate) struct HttpServer {
    shared: Arc<Shared>,
    address: SocketAddr,
    authority: Option<Authority>,
    acceptor: Option<JoinHandle<()>>,
}

/// What the connections' threads need.
struct Shared {
    handler: Box<Handler>,
    credentials: Option<Credentials>,
    stopping: AtomicBool,
    paused: AtomicBool,
    requests: Mutex<Vec<ServedRequest>>,
}

impl HttpServer {
    pub(crate) fn start(
        name: &str,
        options: &ServerOptions,
        handler: Box<Handler>,
    ) -> Result<Self, StartError> {
        let (authority, tls) = match options.transport {
            Transport::Plain => (None, None),
            Transport::Tls => {
                let authority = Authority::new(name)?;
                let identity = authority.server(&["127.0.0.1", "localhost"])?;
                (Some(authority), Some(server_config(&identity)?))
            }
        };
        let bind_error = |source| StartError::Spawn {
            name: name.to_owned(),
            source,
        };
        let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(bind_error)?;
        let address = listener.local_addr().map_err(bind_error)?;
        let shared = Arc::new(Shared {
            handler,
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
        })
    }

    pub(crate) fn url(&self) -> String {
        let scheme = if self.authority.is_some() {
            "https"
        } else {
            "http"
        };
        format!("{scheme}://{}", self.address)
    }

    pub(crate) fn ca_pem(&self) -> Option<&str> {
        self.authority.as_ref().map(Authority::certificate_pem)
    }

    pub(crate) fn requests(&self) -> Vec<ServedRequest> {
        self.shared
            .requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn pause(&self) {
        self.shared.paused.store(true, Ordering::SeqCst);
    }

    pub(crate) fn resume(&self) {
        self.shared.paused.store(false, Ordering::SeqCst);
    }
}

impl Drop for HttpServer {
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
