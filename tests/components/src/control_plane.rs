//! A Kubernetes control plane without nodes: etcd, API server, controller manager.
//!
//! TLS, RBAC and the service-account issuer are on; the controller manager gives real garbage collection, namespace
//! deletion, workload controllers and service-account tokens. There are no kubelets: see [`crate::Kwok`].

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use crate::child::{Child, Launch};
use crate::component::{Component, Program};
use crate::ensure::{Installed, ensure};
use crate::http::Endpoint;
use crate::network::{Network, NetworkNamespace, Relay};
use crate::ports::{free_port, with_free_ports};
use crate::start_error::StartError;
use crate::tls::{Authority, Identity, client_config};
use crate::workspace::Workspace;

mod audit;
mod exposure;
mod flags;
mod in_cluster;
mod kubeconfig;

pub use audit::{AuditEvent, AuditLog};
use flags::Files;

/// How long each of the three programs may take to serve; a busy machine with two cores needs a fraction of it.
const DEADLINE: Duration = Duration::from_mins(2);

/// What a control plane may be asked for.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ControlPlaneOptions {
    /// Whether every request is written to an audit log.
    pub audit_log: AuditLog,
    /// Where it runs: elsewhere than on loopback when something is to be reached through the service proxy.
    pub network: Network,
    /// More flags for the API server; a flag given here comes last and wins.
    pub api_server_flags: Vec<String>,
    /// More flags for the controller manager.
    pub controller_manager_flags: Vec<String>,
}

/// A running control plane. Dropping it stops it and removes its data.
pub struct ControlPlane {
    // Fields drop in order: clients of a server before the server, the folder last.
    controller_manager: Child,
    api_server: Mutex<Child>,
    api_server_flags: Vec<String>,
    etcd: Child,
    place: Place,
    installed: Installed,
    authority: Authority,
    admin: Identity,
    endpoint: Endpoint,
    kubeconfig: PathBuf,
    serial: AtomicU32,
    workspace: Workspace,
}

/// The network in which the programs run.
#[derive(Default)]
struct Place {
    #[expect(dead_code, reason = "closes the ports when dropped")]
    relays: Vec<Relay>,
    namespace: Option<NetworkNamespace>,
}

impl Place {
    fn new(network: Network, ports: &[u16]) -> Result<Self, StartError> {
        match network {
            Network::Loopback => Ok(Self::default()),
            Network::Namespace => {
                let namespace = NetworkNamespace::create()?;
                let relays = ports
                    .iter()
                    .map(|port| namespace.relay(*port))
                    .collect::<Result<_, _>>()?;
                Ok(Self {
                    relays,
                    namespace: Some(namespace),
                })
            }
        }
    }

    fn entry(&self) -> Vec<OsString> {
        self.namespace
            .as_ref()
            .map(NetworkNamespace::entry)
            .unwrap_or_default()
    }
}

impl ControlPlane {
    /// Starts a control plane with default options; it serves when this returns.
    ///
    /// # Errors
    /// When the programs are not there and cannot be built, or do not become ready.
    pub fn start() -> Result<Self, StartError> {
        Self::start_with(&ControlPlaneOptions::default())
    }

    /// Starts a control plane; it serves when this returns.
    ///
    /// # Errors
    /// When the programs are not there and cannot be built, or do not become ready.
    pub fn start_with(options: &ControlPlaneOptions) -> Result<Self, StartError> {
        let component = Component::ControlPlane;
        let installed = ensure(component).map_err(StartError::ensure(component))?;
        with_free_ports(|| Self::start_once(&installed, options))
    }

    fn start_once(
        installed: &Installed,
        options: &ControlPlaneOptions,
    ) -> Result<Self, StartError> {
        let workspace = Workspace::new("control-plane")?;
        let authority = Authority::new("signet test cluster")?;
        let admin = authority.client("signet-admin", Some("system:masters"))?;
        let files = Files::write(&workspace, &authority, options)?;
        let (etcd_port, port) = (free_port()?, free_port()?);
        let place = Place::new(options.network, &[etcd_port, port])?;
        let start = |program: Program, arguments: &[String]| {
            let name = program.file();
            Launch::new(name, installed.program(program))
                .through(&place.entry())
                .arguments(arguments)
                .start_with_log(&workspace.join(&format!("{name}.log")))
        };

        let data = workspace.folder("etcd")?;
        let etcd = start(Program::Etcd, &flags::etcd(&data, etcd_port, free_port()?))?;
        let etcd_endpoint = Endpoint::local("etcd", etcd_port);
        etcd.wait_until_ready(DEADLINE, || answers(&etcd_endpoint, "/health"))?;

        let api_server_flags = flags::api_server(&files, etcd_port, port, options);
        let api_server = start(Program::KubeApiserver, &api_server_flags)?;
        let endpoint = Endpoint::local("kube-apiserver", port)
            .with_tls(client_config(authority.certificate_pem(), Some(&admin))?);
        api_server.wait_until_ready(DEADLINE, || answers(&endpoint, "/readyz"))?;

        let write_kubeconfig = |name: &str, identity: &Identity| {
            let (url, ca) = (endpoint.url(), authority.certificate_pem());
            let text = kubeconfig::with_certificate(&url, ca, identity).to_string();
            workspace.write(name, &text)
        };
        let manager = authority.client("system:kube-controller-manager", None)?;
        let manager_kubeconfig = write_kubeconfig("controller-manager.kubeconfig", &manager)?;
        let flags = flags::controller_manager(&files, &manager_kubeconfig, options);
        let controller_manager = start(Program::KubeControllerManager, &flags)?;
        // The manager makes this account; pods and token requests need it.
        controller_manager.wait_until_ready(DEADLINE, || {
            answers(
                &endpoint,
                "/api/v1/namespaces/default/serviceaccounts/default",
            )
        })?;

        let kubeconfig = write_kubeconfig("admin.kubeconfig", &admin)?;
        Ok(Self {
            controller_manager,
            api_server: Mutex::new(api_server),
            api_server_flags,
            etcd,
            place,
            installed: installed.clone(),
            authority,
            admin,
            endpoint,
            kubeconfig,
            serial: AtomicU32::new(0),
            workspace,
        })
    }

    /// Returns the launch of a program in the network of the control plane, so that the API server can reach it under
    /// [`Self::address`].
    pub fn launch(&self, name: &str, program: impl Into<PathBuf>) -> Launch {
        Launch::new(name, program).through(&self.place.entry())
    }

    /// Returns the address under which the API server reaches what [`Self::launch`] starts.
    ///
    /// Only the one of [`Network::Namespace`] may stand in Endpoints.
    pub fn address(&self) -> &'static str {
        match self.place.namespace {
            Some(_) => NetworkNamespace::ADDRESS,
            None => "127.0.0.1",
        }
    }

    /// Returns the host on which a program listens so that both [`Self::expose`] and [`Self::reach`] find it.
    pub fn listening_host(&self) -> &'static str {
        match self.place.namespace {
            Some(_) => "0.0.0.0",
            None => "127.0.0.1",
        }
    }

    /// Makes a port of the control plane's network appear on 127.0.0.1 out here, for as long as the value lives. A port
    /// of [`Network::Loopback`] is there already.
    ///
    /// What listens inside must do so on 127.0.0.1 as well.
    ///
    /// # Errors
    /// When the port is taken out here.
    pub fn reach(&self, port: u16) -> Result<Option<Relay>, StartError> {
        let namespace = self.place.namespace.as_ref();
        namespace.map(|inside| inside.relay(port)).transpose()
    }

    /// Returns the API server's URL, `https://127.0.0.1:<port>`.
    pub fn url(&self) -> String {
        self.endpoint.url()
    }

    /// Returns the path of a kubeconfig for a member of `system:masters`.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// Returns the certificate of the authority that signed the server's certificate and that of every client.
    pub fn ca_pem(&self) -> &str {
        self.authority.certificate_pem()
    }

    /// Returns the administrator's certificate and key.
    pub fn admin(&self) -> &Identity {
        &self.admin
    }

    /// Returns an endpoint that speaks as the administrator.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Returns the folder with logs, certificates and data.
    pub fn folder(&self) -> &Path {
        self.workspace.path()
    }

    /// Sends a request as the administrator and returns the answered object.
    ///
    /// A `PATCH` is a server-side apply: give the path `?fieldManager=…`.
    ///
    /// # Errors
    /// When there is no answer or a refusal.
    pub fn request(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, StartError> {
        self.endpoint.json(method, path, body)
    }

    /// Makes a namespace and waits until it has its default service account.
    ///
    /// # Errors
    /// When the API server refuses, or the account does not appear.
    pub fn create_namespace(&self, name: &str) -> Result<(), StartError> {
        let namespace =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        self.request("POST", "/api/v1/namespaces", Some(&namespace))?;
        let account = format!("/api/v1/namespaces/{name}/serviceaccounts/default");
        self.controller_manager
            .wait_until_ready(DEADLINE, || answers(&self.endpoint, &account))
    }

    /// Returns the path of a kubeconfig for any user: RBAC decides what it may do.
    ///
    /// # Errors
    /// When the certificate or file cannot be written.
    pub fn kubeconfig_for_user(
        &self,
        user: &str,
        group: Option<&str>,
    ) -> Result<PathBuf, StartError> {
        let identity = self.authority.client(user, group)?;
        let text = kubeconfig::with_certificate(&self.url(), self.ca_pem(), &identity).to_string();
        self.workspace
            .write(&self.next_file("user.kubeconfig"), &text)
    }

    /// Returns a token of a service account, valid for an hour, made by the `TokenRequest` API.
    ///
    /// # Errors
    /// When the account does not exist.
    pub fn service_account_token(&self, namespace: &str, name: &str) -> Result<String, StartError> {
        let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token");
        let request = json!({
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"expirationSeconds": 3600},
        });
        let answer = self.request("POST", &path, Some(&request))?;
        Ok(answer["status"]["token"]
            .as_str()
            .unwrap_or_default()
            .to_owned())
    }

    /// Returns the path of a kubeconfig that speaks as a service account: for running a controller under its roles.
    ///
    /// # Errors
    /// When the account does not exist or the file cannot be written.
    pub fn service_account_kubeconfig(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<PathBuf, StartError> {
        let token = self.service_account_token(namespace, name)?;
        let text =
            kubeconfig::with_token(&self.url(), self.ca_pem(), namespace, &token).to_string();
        self.workspace
            .write(&self.next_file("account.kubeconfig"), &text)
    }

    /// Runs the `kubectl` of the same release as the administrator, and returns what it printed.
    ///
    /// # Errors
    /// When it ends with a failure; the error holds its output.
    pub fn kubectl<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
        stdin: Option<&str>,
    ) -> Result<String, StartError> {
        let mut command = Command::new(self.installed.program(Program::Kubectl));
        command
            .arg("--kubeconfig")
            .arg(&self.kubeconfig)
            .args(arguments)
            .env("HOME", self.workspace.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let shown = format!("{command:?}");
        let spawn_error = |source| StartError::Spawn {
            name: "kubectl".to_owned(),
            source,
        };
        let mut process = command.spawn().map_err(spawn_error)?;
        if let Some(mut pipe) = process.stdin.take() {
            // A program that ends early tells why by its status and output, not by the broken pipe.
            let _ = pipe.write_all(stdin.unwrap_or_default().as_bytes());
        }
        let output = process.wait_with_output().map_err(spawn_error)?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(StartError::Command {
            command: shown,
            status: output.status.to_string(),
            output: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    /// Applies manifests (YAML or JSON, any number of documents) by server-side apply.
    ///
    /// # Errors
    /// When the API server refuses one of them.
    pub fn apply(&self, manifests: &str) -> Result<(), StartError> {
        let arguments = ["apply", "--server-side", "--force-conflicts", "-f", "-"];
        self.kubectl(arguments, Some(manifests)).map(drop)
    }

    /// Returns what the audit log holds so far, oldest first; empty when the log is off.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn audit_events(&self) -> Result<Vec<AuditEvent>, StartError> {
        let path = self.workspace.join(audit::LOG);
        if !path.exists() {
            return Ok(Vec::new());
        }
        let text = fs::read_to_string(&path).map_err(|source| StartError::File {
            act: "read",
            path,
            source,
        })?;
        Ok(audit::parse(&text))
    }

    /// Returns the process ids of etcd, API server and controller manager: for measuring what they use.
    pub fn process_ids(&self) -> [u32; 3] {
        [
            self.etcd.id(),
            self.api_server().id(),
            self.controller_manager.id(),
        ]
    }

    /// Kills the API server, as a machine that loses power would. What it stored stays in etcd.
    pub fn kill_api_server(&self) {
        self.api_server().kill();
    }

    /// Starts the API server again after [`Self::kill_api_server`], at the same address; it serves when this returns.
    ///
    /// # Errors
    /// When it does not become ready.
    pub fn start_api_server(&self) -> Result<(), StartError> {
        let name = Program::KubeApiserver.file();
        let again = Launch::new(name, self.installed.program(Program::KubeApiserver))
            .through(&self.place.entry())
            .arguments(&self.api_server_flags)
            .start_with_log(&self.next_log(name))?;
        again.wait_until_ready(DEADLINE, || answers(&self.endpoint, "/readyz"))?;
        *self.api_server() = again;
        Ok(())
    }

    fn next_log(&self, name: &str) -> PathBuf {
        self.workspace.join(&self.next_file(&format!("{name}.log")))
    }

    fn api_server(&self) -> MutexGuard<'_, Child> {
        self.api_server
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn next_file(&self, name: &str) -> String {
        format!("{}-{name}", self.serial.fetch_add(1, Ordering::Relaxed))
    }
}

fn answers(endpoint: &Endpoint, path: &str) -> Result<(), String> {
    match endpoint.send("GET", path, None) {
        Ok(reply) if reply.is_success() => Ok(()),
        Ok(reply) => Err(format!("{path} answers {}", reply.status)),
        Err(error) => Err(error.to_string()),
    }
}
