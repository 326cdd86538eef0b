//! The controller as a child process.

use std::path::PathBuf;
use std::time::Duration;

use components::{Child, Endpoint, Program, Relay, free_port};

use crate::programs::program;
use crate::world::World;

/// What the controller is started with.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ControllerOptions {
    /// Families to serve.
    pub families: Vec<deploy::family::Family>,
    /// Name of the replica.
    pub identity: String,
    /// Folder for artifacts; a fresh one when there is none.
    pub data: Option<PathBuf>,
    /// Further arguments.
    pub arguments: Vec<String>,
    /// Further environment.
    pub environment: Vec<(String, String)>,
    /// What the log shows.
    pub log_level: String,
}

impl Default for ControllerOptions {
    fn default() -> Self {
        Self {
            families: deploy::family::Family::ALL.to_vec(),
            identity: "signet-0".to_owned(),
            data: None,
            arguments: Vec::new(),
            environment: Vec::new(),
            // Everything there is: the canary reads it.
            log_level: "trace".to_owned(),
        }
    }
}

/// A running controller, stopped with the value.
pub struct Controller {
    child: Child,
    #[expect(dead_code, reason = "closes the ports when dropped")]
    relays: Vec<Relay>,
    api: u16,
    metrics: u16,
    artifacts: u16,
    data: PathBuf,
    temp: PathBuf,
    environment: Vec<(String, String)>,
}

impl Controller {
    /// Starts the controller with the ServiceAccount of the install and waits until it serves.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub fn start(world: &World, options: &ControllerOptions) -> Self {
        let (api, metrics, artifacts) = (port(), port(), port());
        let namespace = world.namespace();
        let kubeconfig = world
            .cluster()
            .service_account_kubeconfig(namespace, deploy::manifests::NAME)
            .expect("the install has a ServiceAccount");
        let data = options
            .data
            .clone()
            .unwrap_or_else(|| world.cluster().folder().join(format!("data-{api}")));
        let temp = world.cluster().folder().join(format!("temp-{api}"));
        std::fs::create_dir_all(&temp).expect("the folder is made");
        let families: Vec<&str> = options
            .families
            .iter()
            .map(|family| family.name())
            .collect();
        let worker = Program::RenderWorker
            .path()
            .expect("the render worker builds");
        let name = format!("controller-{}", options.identity);
        let host = world.cluster().listening_host();
        let launch = world
            .cluster()
            .launch(&name, program("signet-controller"))
            .arguments([
                format!("--enable={}", families.join(",")),
                format!("--namespace={namespace}"),
                format!("--identity={}", options.identity),
                format!("--listen={host}:{api}"),
                format!("--metrics-listen={host}:{metrics}"),
                format!("--artifact-listen={host}:{artifacts}"),
                format!("--artifact-host=127.0.0.1:{artifacts}"),
                format!("--data-dir={}", data.display()),
                format!("--log-level={}", options.log_level),
                "--log-format=text".to_owned(),
            ])
            .arguments(&options.arguments)
            .variable("KUBECONFIG", kubeconfig)
            .variable("TMPDIR", &temp)
            .variable("SIGNET_RENDER_WORKER", worker)
            .variable("RUST_BACKTRACE", "1");
        let launch = options
            .environment
            .iter()
            .fold(launch, |launch, (name, value)| launch.variable(name, value));
        let reach = |port| world.cluster().reach(port).expect("the port is free");
        let relays = [api, metrics, artifacts]
            .into_iter()
            .filter_map(reach)
            .collect();
        let child = launch.start().expect("the controller starts");
        let controller = Self {
            child,
            relays,
            api,
            metrics,
            artifacts,
            data,
            temp,
            environment: options.environment.clone(),
        };
        crate::eventually("the controller's health", Duration::from_secs(20), || {
            if let Some(status) = controller.child.ended() {
                panic!(
                    "the controller ended with {status}:\n{}",
                    controller.child.log()
                );
            }
            controller.get("/healthz").map(|_| ())
        });
        controller
    }

    /// Returns the body of a path of the HTTP API.
    ///
    /// # Errors
    ///
    /// When there is no answer or none of success.
    pub fn get(&self, path: &str) -> Result<String, String> {
        get(self.api, path)
    }

    /// Returns the metrics.
    ///
    /// # Errors
    ///
    /// When there is no answer.
    pub fn metrics(&self) -> Result<String, String> {
        get(self.metrics, "/metrics")
    }

    /// Returns the HTTP API's endpoint.
    pub fn api(&self) -> Endpoint {
        endpoint(self.api)
    }

    /// Returns the port of the HTTP API.
    pub fn api_port(&self) -> u16 {
        self.api
    }

    /// Returns the port artifacts are served on.
    pub fn artifact_port(&self) -> u16 {
        self.artifacts
    }

    /// Returns the folder of artifacts.
    pub fn data(&self) -> &PathBuf {
        &self.data
    }

    /// Returns its folder for temporary files.
    pub fn temp(&self) -> &PathBuf {
        &self.temp
    }

    /// Returns what the options added to its environment.
    pub fn environment(&self) -> &[(String, String)] {
        &self.environment
    }

    /// Returns everything it logged.
    pub fn log(&self) -> String {
        self.child.log()
    }

    /// Returns the process.
    pub fn child(&self) -> &Child {
        &self.child
    }

    /// Asks it to stop and waits until it did; returns whether it ended with success.
    ///
    /// # Panics
    ///
    /// When it does not stop.
    pub fn stop(&self) -> bool {
        self.child
            .terminate(Duration::from_secs(30))
            .expect("the controller stops")
            .success()
    }
}

fn port() -> u16 {
    free_port().expect("there is a free port")
}

fn endpoint(port: u16) -> Endpoint {
    Endpoint::local("signet-controller", port)
}

fn get(port: u16, path: &str) -> Result<String, String> {
    let reply = endpoint(port)
        .send("GET", path, None)
        .map_err(|error| error.to_string())?;
    if reply.status == 200 {
        Ok(reply.text())
    } else {
        Err(format!("status {}", reply.status))
    }
}
