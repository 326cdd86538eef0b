//! moto's server: the HTTP APIs of KMS, Secrets Manager, SSM, STS, S3 and ECR, in memory.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::child::{Child, Launch};
use crate::component::{Component, Program};
use crate::ensure::ensure;
use crate::http::Endpoint;
use crate::ports::{free_port, with_free_ports};
use crate::start_error::StartError;
use crate::workspace::Workspace;

const REGION: &str = "eu-central-1";
const DEADLINE: Duration = Duration::from_secs(90);

/// A running server. Dropping it stops it.
pub struct Moto {
    #[expect(dead_code, reason = "stops the server when dropped")]
    server: Child,
    endpoint: Endpoint,
    workspace: Workspace,
}

impl Moto {
    /// Starts a server; it serves when this returns.
    ///
    /// # Errors
    /// When moto is not there and cannot be installed, or does not become ready.
    pub fn start() -> Result<Self, StartError> {
        let component = Component::Moto;
        let python = ensure(component)
            .map_err(StartError::ensure(component))?
            .program(Program::MotoPython);
        with_free_ports(|| Self::start_once(&python))
    }

    fn start_once(python: &Path) -> Result<Self, StartError> {
        let workspace = Workspace::new("moto")?;
        let port = free_port()?;
        let port_text = port.to_string();
        // The environment has been moved since it was made: its scripts name the old place, its modules do not care.
        let arguments = [
            "-m",
            "moto.server",
            "-H",
            "127.0.0.1",
            "-p",
            port_text.as_str(),
        ];
        let log = workspace.join("moto.log");
        let server = Launch::new("moto", python)
            .arguments(arguments)
            .variable("HOME", workspace.path())
            .variable("PYTHONDONTWRITEBYTECODE", "1")
            .start_with_log(&log)?;
        let endpoint = Endpoint::local("moto", port);
        server.wait_until_ready(DEADLINE, || {
            match endpoint.send("GET", "/moto-api/data.json", None) {
                Ok(reply) if reply.is_success() => Ok(()),
                Ok(reply) => Err(format!("it answers {}", reply.status)),
                Err(error) => Err(error.to_string()),
            }
        })?;
        Ok(Self {
            server,
            endpoint,
            workspace,
        })
    }

    /// Returns the server's URL (`AWS_ENDPOINT_URL`).
    pub fn url(&self) -> String {
        self.endpoint.url()
    }

    /// Returns the region that [`Self::environment`] and [`Self::call`] use.
    pub fn region(&self) -> &'static str {
        REGION
    }

    /// Returns the environment that points a program's AWS client here.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AWS_ENDPOINT_URL", self.url()),
            ("AWS_ACCESS_KEY_ID", "testing".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "testing".to_owned()),
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_DEFAULT_REGION", REGION.to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ]
    }

    /// Returns the folder with the log.
    pub fn folder(&self) -> &Path {
        self.workspace.path()
    }

    /// Calls one operation of a service that speaks the JSON protocol, for setting a scene: for example
    /// `call("secretsmanager", "secretsmanager.CreateSecret", …)`, `call("kms", "TrentService.CreateKey", …)`,
    /// `call("ssm", "AmazonSSM.PutParameter", …)`.
    ///
    /// # Errors
    /// When there is no answer or a refusal.
    pub fn call(&self, service: &str, target: &str, body: &Value) -> Result<Value, StartError> {
        let endpoint = self
            .endpoint
            .clone()
            .with_header("Authorization", &authorization(service))
            .with_header("X-Amz-Target", target);
        let text = body.to_string();
        let content = Some(("application/x-amz-json-1.1", text.as_bytes()));
        let reply = endpoint
            .send("POST", "/", content)
            .map_err(|source| StartError::Request {
                name: "moto",
                source,
            })?;
        if reply.is_success() {
            return Ok(reply.json());
        }
        Err(StartError::Refused {
            name: "moto",
            request: target.to_owned(),
            status: reply.status,
            body: reply.text(),
        })
    }

    /// Makes a bucket of S3.
    ///
    /// # Errors
    /// When there is no answer or a refusal.
    pub fn create_bucket(&self, name: &str) -> Result<(), StartError> {
        let place = format!(
            "<CreateBucketConfiguration><LocationConstraint>{REGION}</LocationConstraint></CreateBucketConfiguration>"
        );
        self.object("PUT", &format!("/{name}"), place.as_bytes())
            .map(drop)
    }

    /// Writes an object to a bucket of S3.
    ///
    /// # Errors
    /// When there is no answer or a refusal.
    pub fn put_object(&self, bucket: &str, key: &str, content: &[u8]) -> Result<(), StartError> {
        self.object("PUT", &format!("/{bucket}/{key}"), content)
            .map(drop)
    }

    /// Returns an object's content.
    ///
    /// # Errors
    /// When there is no answer or a refusal.
    pub fn object_content(&self, bucket: &str, key: &str) -> Result<Vec<u8>, StartError> {
        self.object("GET", &format!("/{bucket}/{key}"), &[])
    }

    fn object(&self, method: &str, path: &str, content: &[u8]) -> Result<Vec<u8>, StartError> {
        let reply = self
            .endpoint
            .clone()
            .with_header("Authorization", &authorization("s3"))
            .send(method, path, Some(("application/octet-stream", content)))
            .map_err(|source| StartError::Request {
                name: "moto",
                source,
            })?;
        if reply.is_success() {
            return Ok(reply.body);
        }
        Err(StartError::Refused {
            name: "moto",
            request: format!("{method} {path}"),
            status: reply.status,
            body: reply.text(),
        })
    }

    /// Forgets everything.
    ///
    /// # Errors
    /// When there is no answer or a refusal.
    pub fn reset(&self) -> Result<(), StartError> {
        self.endpoint
            .json("POST", "/moto-api/reset", None)
            .map(drop)
    }
}

/// Returns the header of a signed request. The server reads the service from it and does not check the signature.
fn authorization(service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=testing/20260101/{REGION}/{service}/aws4_request, \
         SignedHeaders=host, Signature=0"
    )
}
