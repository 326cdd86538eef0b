//! An OCI registry: Debian's `docker-registry`, with its blobs in the folder of the run.

use std::path::Path;
use std::time::Duration;

use crate::child::{Child, Launch};
use crate::http::Endpoint;
use crate::ports::{free_port, with_free_ports};
use crate::prerequisites::Prerequisite;
use crate::start_error::StartError;
use crate::workspace::Workspace;

const DEADLINE: Duration = Duration::from_secs(30);

/// A running registry without authentication, over plain HTTP. Dropping it stops it.
pub struct Registry {
    #[expect(dead_code, reason = "stops the server when dropped")]
    server: Child,
    endpoint: Endpoint,
    workspace: Workspace,
}

impl Registry {
    /// Starts a registry; it serves when this returns.
    ///
    /// # Errors
    /// When the machine lacks the program, or it does not become ready.
    pub fn start() -> Result<Self, StartError> {
        let missing = Prerequisite::DockerRegistry;
        let program = missing.find().ok_or(StartError::Missing { missing })?;
        with_free_ports(|| Self::start_once(&program))
    }

    fn start_once(program: &Path) -> Result<Self, StartError> {
        let workspace = Workspace::new("registry")?;
        let port = free_port()?;
        let blobs = workspace.folder("blobs")?;
        let config = format!(
            "version: 0.1\nlog:\n  level: info\nstorage:\n  delete:\n    enabled: true\n  filesystem:\n    \
             rootdirectory: {}\nhttp:\n  addr: 127.0.0.1:{port}\n",
            blobs.display()
        );
        let config = workspace.write("config.yml", &config)?;
        let arguments = ["serve".to_owned(), config.display().to_string()];
        let log = workspace.join("registry.log");
        let server = Launch::new("docker-registry", program)
            .arguments(arguments)
            .start_with_log(&log)?;
        let endpoint = Endpoint::local("docker-registry", port);
        server.wait_until_ready(DEADLINE, || match endpoint.send("GET", "/v2/", None) {
            Ok(reply) if reply.is_success() => Ok(()),
            Ok(reply) => Err(format!("it answers {}", reply.status)),
            Err(error) => Err(error.to_string()),
        })?;
        Ok(Self {
            server,
            endpoint,
            workspace,
        })
    }

    /// Returns the registry's URL, `http://127.0.0.1:<port>`.
    pub fn url(&self) -> String {
        self.endpoint.url()
    }

    /// Returns an endpoint for pushing blobs and manifests by hand.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Returns the folder with log and blobs.
    pub fn folder(&self) -> &Path {
        self.workspace.path()
    }
}
