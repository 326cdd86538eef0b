//! An OpenBao dev server: the API of Vault, unsealed, in memory.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::child::{Child, Launch};
use crate::component::{Component, Program};
use crate::control_plane::ControlPlane;
use crate::ensure::ensure;
use crate::http::Endpoint;
use crate::ports::{free_port, with_free_ports};
use crate::start_error::StartError;
use crate::workspace::Workspace;

/// The root token of every server this module starts: it is worth something only on loopback, for one run.
const ROOT_TOKEN: &str = "root-token-of-a-test-server";
const DEADLINE: Duration = Duration::from_mins(1);

/// A running server with KV version 2 at `secret/`. Dropping it stops it.
pub struct OpenBao {
    server: Child,
    endpoint: Endpoint,
    workspace: Workspace,
}

/// What a client of the `AppRole` method logs in with.
#[derive(Debug, Clone)]
pub struct AppRole {
    /// The role's id.
    pub role_id: String,
    /// A secret id of the role.
    pub secret_id: String,
}

impl OpenBao {
    /// Starts a server; it serves when this returns.
    ///
    /// # Errors
    /// When the program is not there and cannot be built, or does not become ready.
    pub fn start() -> Result<Self, StartError> {
        let component = Component::OpenBao;
        let program = ensure(component)
            .map_err(StartError::ensure(component))?
            .program(Program::Bao);
        with_free_ports(|| Self::start_once(&program))
    }

    fn start_once(program: &Path) -> Result<Self, StartError> {
        let workspace = Workspace::new("openbao")?;
        let port = free_port()?;
        let arguments = [
            "server".to_owned(),
            "-dev".to_owned(),
            // The token would be written to the home folder.
            "-dev-no-store-token".to_owned(),
            format!("-dev-root-token-id={ROOT_TOKEN}"),
            format!("-dev-listen-address=127.0.0.1:{port}"),
        ];
        let log = workspace.join("bao.log");
        let server = Launch::new("bao", program)
            .arguments(arguments)
            .variable("HOME", workspace.path())
            .start_with_log(&log)?;
        let endpoint = Endpoint::local("openbao", port).with_header("X-Vault-Token", ROOT_TOKEN);
        // The mount at secret/ is made after the server answers.
        server.wait_until_ready(DEADLINE, || {
            endpoint
                .json("GET", "/v1/secret/config", None)
                .map(drop)
                .map_err(|error| error.to_string())
        })?;
        Ok(Self {
            server,
            endpoint,
            workspace,
        })
    }

    /// Returns the server's URL, `http://127.0.0.1:<port>` (`VAULT_ADDR`).
    pub fn url(&self) -> String {
        self.endpoint.url()
    }

    /// Returns the server's process id.
    pub fn process_id(&self) -> u32 {
        self.server.id()
    }

    /// Has the server stand still: connections stay open, and nothing is answered.
    pub fn pause(&self) {
        self.server.pause();
    }

    /// Lets the server go on.
    pub fn resume(&self) {
        self.server.resume();
    }

    /// Returns the root token (`VAULT_TOKEN`).
    pub fn root_token(&self) -> &'static str {
        ROOT_TOKEN
    }

    /// Returns the folder with the log.
    pub fn folder(&self) -> &Path {
        self.workspace.path()
    }

    /// Sends a request under the root token; `path` begins after `/v1/`.
    ///
    /// # Errors
    /// When there is no answer or a refusal.
    pub fn request(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, StartError> {
        self.endpoint.json(method, &format!("/v1/{path}"), body)
    }

    /// Mounts a secrets engine: `kv`, `transit`, `database` …
    ///
    /// # Errors
    /// When the server refuses, for example because something is mounted there.
    pub fn enable_engine(
        &self,
        kind: &str,
        mount: &str,
        options: &Value,
    ) -> Result<(), StartError> {
        let body = json!({"type": kind, "options": options});
        self.request("POST", &format!("sys/mounts/{mount}"), Some(&body))
            .map(drop)
    }

    /// Mounts an auth method: `approle`, `kubernetes`, `userpass`, `jwt` …
    ///
    /// # Errors
    /// When the server refuses, for example because something is mounted there.
    pub fn enable_auth(&self, kind: &str, mount: &str) -> Result<(), StartError> {
        self.request(
            "POST",
            &format!("sys/auth/{mount}"),
            Some(&json!({"type": kind})),
        )
        .map(drop)
    }

    /// Writes a policy in the server's policy language.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn write_policy(&self, name: &str, policy: &str) -> Result<(), StartError> {
        let body = json!({"policy": policy});
        self.request("PUT", &format!("sys/policies/acl/{name}"), Some(&body))
            .map(drop)
    }

    /// Writes a secret to the KV version 2 engine at `secret/`.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn put_secret(&self, path: &str, data: &Value) -> Result<(), StartError> {
        let body = json!({"data": data});
        self.request("POST", &format!("secret/data/{path}"), Some(&body))
            .map(drop)
    }

    /// Mounts the transit engine at `transit/` if it is not there, and makes a key.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn create_transit_key(&self, name: &str) -> Result<(), StartError> {
        let mounts = self.request("GET", "sys/mounts", None)?;
        if mounts["data"].get("transit/").is_none() {
            self.enable_engine("transit", "transit", &json!({}))?;
        }
        self.request("POST", &format!("transit/keys/{name}"), Some(&json!({})))
            .map(drop)
    }

    /// Mounts the `AppRole` method at `approle/` if it is not there, and makes a role with these policies.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn create_app_role(&self, name: &str, policies: &[&str]) -> Result<AppRole, StartError> {
        let methods = self.request("GET", "sys/auth", None)?;
        if methods["data"].get("approle/").is_none() {
            self.enable_auth("approle", "approle")?;
        }
        let role = format!("auth/approle/role/{name}");
        self.request("POST", &role, Some(&json!({"token_policies": policies})))?;
        let role_id = self.request("GET", &format!("{role}/role-id"), None)?;
        let secret_id = self.request("POST", &format!("{role}/secret-id"), Some(&json!({})))?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Ok(AppRole {
            role_id: text(&role_id["data"]["role_id"]),
            secret_id: text(&secret_id["data"]["secret_id"]),
        })
    }

    /// Mounts the Kubernetes method at `mount`, against `cluster`: clients log in with service-account tokens, which the
    /// server has the cluster review.
    ///
    /// Each client's own token asks for the review, so its account needs the cluster role `system:auth-delegator`.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn enable_kubernetes_auth(
        &self,
        mount: &str,
        cluster: &ControlPlane,
    ) -> Result<(), StartError> {
        self.enable_auth("kubernetes", mount)?;
        let config = json!({
            "kubernetes_host": cluster.url(),
            "kubernetes_ca_cert": cluster.ca_pem(),
            "disable_local_ca_jwt": true,
        });
        self.request("POST", &format!("auth/{mount}/config"), Some(&config))
            .map(drop)
    }

    /// Makes a role of the Kubernetes method at `mount` for one service account.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn create_kubernetes_role(
        &self,
        mount: &str,
        role: &str,
        namespace: &str,
        account: &str,
        policies: &[&str],
    ) -> Result<(), StartError> {
        let body = json!({
            "bound_service_account_names": [account],
            "bound_service_account_namespaces": [namespace],
            "token_policies": policies,
        });
        self.request("POST", &format!("auth/{mount}/role/{role}"), Some(&body))
            .map(drop)
    }
}
