//! An OCI registry: Debian's `docker-registry`, with its blobs in the folder of the run.

use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::child::{Child, Launch};
use crate::http::Endpoint;
use crate::http_server::Transport;
use crate::ports::{free_port, with_free_ports};
use crate::prerequisites::Prerequisite;
use crate::start_error::StartError;
use crate::tls::{Authority, client_config};
use crate::workspace::Workspace;

const DEADLINE: Duration = Duration::from_secs(30);

/// The password of [`Registry::USER`] as the registry wants it: bcrypt, of the lowest cost.
const PASSWORD_FILE: &str = "ci:$2b$05$abcdefghijklmnopqrstuuDt8u8tY.Zm8YU.pieFNyF5h5afvnc0a\n";

/// Whether a registry asks who comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everyone may read and write.
    Open,
    /// Basic authentication with [`Registry::USER`] and [`Registry::PASSWORD`].
    Password,
}

/// A running registry. Dropping it stops it.
pub struct Registry {
    #[expect(dead_code, reason = "stops the server when dropped")]
    server: Child,
    endpoint: Endpoint,
    authority: Option<Authority>,
    workspace: Workspace,
}

impl Registry {
    /// The user of a registry with [`Access::Password`].
    pub const USER: &'static str = "ci";
    /// The password of [`Self::USER`].
    pub const PASSWORD: &'static str = "only-for-tests";

    /// Starts a registry over plain HTTP, open to everyone; it serves when this returns.
    ///
    /// # Errors
    /// When the machine lacks the program, or it does not become ready.
    pub fn start() -> Result<Self, StartError> {
        Self::start_with(Transport::Plain, Access::Open)
    }

    /// Starts a registry; it serves when this returns.
    ///
    /// # Errors
    /// When the machine lacks the program, or it does not become ready.
    pub fn start_with(transport: Transport, access: Access) -> Result<Self, StartError> {
        let missing = Prerequisite::DockerRegistry;
        let program = missing.find().ok_or(StartError::Missing { missing })?;
        with_free_ports(|| Self::start_once(&program, transport, access))
    }

    fn start_once(
        program: &Path,
        transport: Transport,
        access: Access,
    ) -> Result<Self, StartError> {
        let workspace = Workspace::new("registry")?;
        let port = free_port()?;
        let blobs = workspace.folder("blobs")?;
        let mut config = json!({
            "version": "0.1",
            "storage": {
                "delete": {"enabled": true},
                "filesystem": {"rootdirectory": blobs.display().to_string()},
            },
            "http": {"addr": format!("127.0.0.1:{port}")},
        });
        let mut endpoint = Endpoint::local("docker-registry", port);
        let mut authority = None;
        if transport == Transport::Tls {
            let issuer = Authority::new("signet test registry")?;
            let identity = issuer.server(&["127.0.0.1", "localhost"])?;
            let certificate = workspace.write("server.crt", &identity.certificate_pem)?;
            let key = workspace.write("server.key", &identity.key_pem)?;
            config["http"]["tls"] = json!({
                "certificate": certificate.display().to_string(),
                "key": key.display().to_string(),
            });
            endpoint = endpoint.with_tls(client_config(issuer.certificate_pem(), None)?);
            authority = Some(issuer);
        }
        if access == Access::Password {
            let file = workspace.write("htpasswd", PASSWORD_FILE)?;
            config["auth"]["htpasswd"] =
                json!({"realm": "test", "path": file.display().to_string()});
            let basic = STANDARD.encode(format!("{}:{}", Self::USER, Self::PASSWORD));
            endpoint = endpoint.with_header("Authorization", &format!("Basic {basic}"));
        }
        // JSON is YAML.
        let config = workspace.write("config.yml", &config.to_string())?;
        let arguments = ["serve".to_owned(), config.display().to_string()];
        let log = workspace.join("registry.log");
        let server = Launch::new("docker-registry", program)
            .arguments(arguments)
            .start_with_log(&log)?;
        server.wait_until_ready(DEADLINE, || match endpoint.send("GET", "/v2/", None) {
            Ok(reply) if reply.is_success() => Ok(()),
            Ok(reply) => Err(format!("it answers {}", reply.status)),
            Err(error) => Err(error.to_string()),
        })?;
        Ok(Self {
            server,
            endpoint,
            authority,
            workspace,
        })
    }

    /// Returns the authority that signed the server's certificate; nothing without TLS.
    pub fn ca_pem(&self) -> Option<&str> {
        self.authority.as_ref().map(Authority::certificate_pem)
    }

    /// Returns the registry's URL, without a slash at its end.
    pub fn url(&self) -> String {
        self.endpoint.url()
    }

    /// Returns an endpoint for pushing blobs and manifests by hand; it is let in.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Returns the folder with log and blobs.
    pub fn folder(&self) -> &Path {
        self.workspace.path()
    }
}
