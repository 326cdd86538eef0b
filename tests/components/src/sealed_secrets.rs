//! The upstream sealed-secrets controller, for interoperability tests and benches beside ours.

use std::fs;
use std::time::Duration;

use serde_json::json;

use crate::child::Child;
use crate::component::{Component, Program};
use crate::control_plane::ControlPlane;
use crate::ensure::ensure;
use crate::http::Endpoint;
use crate::network::Relay;
use crate::ports::free_port;
use crate::start_error::StartError;

const NAMESPACE: &str = "sealed-secrets";
const DEADLINE: Duration = Duration::from_mins(2);

/// The running upstream controller, with cluster-admin. Dropping it stops it; its keys stay in the cluster.
pub struct SealedSecretsController {
    controller: Child,
    endpoint: Endpoint,
    #[expect(dead_code, reason = "closes the port when dropped")]
    relay: Option<Relay>,
}

impl SealedSecretsController {
    /// Installs the upstream definition and starts the controller with more flags; it has a sealing key when this
    /// returns. Needs root: the controller knows only the in-cluster configuration.
    ///
    /// # Errors
    /// When the program is not there and cannot be built, or does not become ready.
    pub fn start(cluster: &ControlPlane, flags: &[&str]) -> Result<Self, StartError> {
        let component = Component::SealedSecrets;
        let installed = ensure(component).map_err(StartError::ensure(component))?;
        let definition = installed.folder().join("bitnami.com_sealedsecrets.yaml");
        let text = fs::read_to_string(&definition).map_err(|source| StartError::File {
            act: "read",
            path: definition,
            source,
        })?;
        cluster.apply(&text)?;
        cluster.create_namespace(NAMESPACE)?;
        let binding = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": NAMESPACE},
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": "cluster-admin",
            },
            "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": NAMESPACE}],
        });
        cluster.apply(&binding.to_string())?;
        let (port, metrics_port) = (free_port()?, free_port()?);
        let controller = cluster
            .launch_as_pod(
                "sealed-secrets",
                installed.program(Program::SealedSecretsController),
                NAMESPACE,
                "default",
            )?
            .arguments([
                format!("--listen-addr={}:{port}", cluster.listening_host()),
                format!("--listen-metrics-addr=127.0.0.1:{metrics_port}"),
            ])
            .arguments(flags)
            .start()?;
        let endpoint = Endpoint::local("sealed-secrets", port);
        let relay = cluster.reach(port)?;
        controller.wait_until_ready(DEADLINE, || certificate(&endpoint).map(drop))?;
        Ok(Self {
            controller,
            endpoint,
            relay,
        })
    }

    /// Returns the certificate that `kubeseal --cert` takes.
    ///
    /// # Errors
    /// When the controller does not answer.
    pub fn certificate_pem(&self) -> Result<String, StartError> {
        self.controller
            .wait_until_ready(DEADLINE, || certificate(&self.endpoint))
    }

    /// Returns the port of its HTTP API, for [`ControlPlane::expose`].
    pub fn port(&self) -> u16 {
        self.endpoint.port()
    }

    /// Returns the namespace it runs in.
    pub fn namespace(&self) -> &'static str {
        NAMESPACE
    }

    /// Returns the running program.
    pub fn child(&self) -> &Child {
        &self.controller
    }
}

fn certificate(endpoint: &Endpoint) -> Result<String, String> {
    let reply = endpoint
        .send("GET", "/v1/cert.pem", None)
        .map_err(|error| error.to_string())?;
    let text = reply.text();
    if reply.is_success() && text.contains("BEGIN CERTIFICATE") {
        Ok(text)
    } else {
        Err(text)
    }
}
