//! kwok: nodes and pods that become ready without a kubelet.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::child::Child;
use crate::component::{Component, Program};
use crate::control_plane::ControlPlane;
use crate::ensure::{Installed, ensure};
use crate::http::Endpoint;
use crate::start_error::StartError;
use crate::workspace::Workspace;

const DEADLINE: Duration = Duration::from_mins(1);
const STAGES: [&str; 5] = [
    "node-initialize.yaml",
    "node-heartbeat-with-lease.yaml",
    "pod-ready.yaml",
    "pod-complete.yaml",
    "pod-delete.yaml",
];

/// kwok, running against a control plane. Dropping it stops it.
///
/// There is no scheduler: pods need `spec.nodeName` (see [`Kwok::NODE`]), also in the templates of workloads.
pub struct Kwok {
    #[expect(dead_code, reason = "stops the program when dropped")]
    program: Child,
    workspace: Workspace,
}

impl Kwok {
    /// The name of the node that [`Kwok::start`] makes.
    pub const NODE: &'static str = "node-1";

    /// Starts kwok and makes a node; the node is ready when this returns.
    ///
    /// # Errors
    /// When the program is not there and cannot be built, or the node does not become ready.
    pub fn start(cluster: &ControlPlane) -> Result<Self, StartError> {
        let component = Component::Kwok;
        let installed = ensure(component).map_err(StartError::ensure(component))?;
        let workspace = Workspace::new("kwok")?;
        let log = workspace.join("kwok.log");
        let program = cluster
            .launch("kwok", installed.program(Program::Kwok))
            .arguments(arguments(&installed, cluster))
            .variable("HOME", workspace.path())
            .start_with_log(&log)?;
        let node = json!({
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": Self::NODE, "labels": {"kubernetes.io/hostname": Self::NODE}},
        });
        cluster.request("POST", "/api/v1/nodes", Some(&node))?;
        program.wait_until_ready(DEADLINE, || node_is_ready(cluster.endpoint()))?;
        Ok(Self { program, workspace })
    }

    /// Returns the folder with the log.
    pub fn folder(&self) -> &Path {
        self.workspace.path()
    }
}

fn arguments(installed: &Installed, cluster: &ControlPlane) -> Vec<String> {
    let mut arguments = vec![
        format!("--kubeconfig={}", cluster.kubeconfig().display()),
        "--manage-all-nodes=true".to_owned(),
        "--node-lease-duration-seconds=40".to_owned(),
    ];
    for stage in STAGES {
        arguments.push(format!(
            "--config={}",
            installed.folder().join(stage).display()
        ));
    }
    arguments
}

fn node_is_ready(endpoint: &Endpoint) -> Result<(), String> {
    let node = endpoint
        .json("GET", &format!("/api/v1/nodes/{}", Kwok::NODE), None)
        .map_err(|error| error.to_string())?;
    let ready = node["status"]["conditions"]
        .as_array()
        .is_some_and(|conditions| conditions.iter().any(is_ready));
    if ready {
        Ok(())
    } else {
        Err(format!("the node has the conditions {}", node["status"]))
    }
}

fn is_ready(condition: &Value) -> bool {
    condition["type"] == "Ready" && condition["status"] == "True"
}
