//! The controller, under the rights of the install's ServiceAccount.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use components::{Child, Endpoint, Launch, Program, free_port};

use crate::backends::Backends;
use crate::cluster::Cluster;
use crate::install::Names;
use crate::programs::program;

/// How long it may take to serve its sealing certificate; a new key takes about a second to make.
const DEADLINE: Duration = Duration::from_mins(1);

/// A running controller. Cloning is cheap; the last clone stops it.
#[derive(Clone)]
pub(crate) struct Controller {
    child: Arc<Child>,
    port: u16,
}

impl Controller {
    /// Starts the controller and waits until it serves its sealing certificate.
    ///
    /// # Errors
    ///
    /// When it does not.
    pub(crate) async fn start(
        cluster: &Cluster,
        names: &Names,
        backends: &Backends,
        folder: &Path,
    ) -> anyhow::Result<Self> {
        let account = deploy::manifests::NAME;
        let kubeconfig = cluster
            .account_kubeconfig(&names.system, account, folder)
            .await?;
        let (port, metrics, artifacts) = (free_port()?, free_port()?, free_port()?);
        let launch = Launch::new("controller", program("signet-controller")?)
            .arguments([
                format!("--namespace={}", names.system),
                format!("--watch-namespace={}", names.namespace),
                "--identity=demo".to_owned(),
                format!("--listen=127.0.0.1:{port}"),
                format!("--metrics-listen=127.0.0.1:{metrics}"),
                format!("--artifact-listen=127.0.0.1:{artifacts}"),
                format!("--artifact-host=127.0.0.1:{artifacts}"),
                format!("--data-dir={}", folder.join("data").display()),
            ])
            .variable("KUBECONFIG", kubeconfig)
            .variable("SIGNET_RENDER_WORKER", Program::RenderWorker.path()?)
            .variable("AWS_ENDPOINT_URL", backends.aws());
        let controller = tokio::task::spawn_blocking(move || {
            let child = launch.start()?;
            let endpoint = Endpoint::local("signet-controller", port);
            child.wait_until_ready(DEADLINE, || {
                match endpoint.send("GET", "/v1/cert.pem", None) {
                    Ok(reply) if reply.is_success() => Ok(()),
                    Ok(reply) => Err(format!("/v1/cert.pem answers {}", reply.status)),
                    Err(error) => Err(error.to_string()),
                }
            })?;
            anyhow::Ok(Self {
                child: Arc::new(child),
                port,
            })
        });
        controller.await?
    }

    /// Returns where its sealing certificate is.
    pub(crate) fn certificate(&self) -> String {
        format!("http://127.0.0.1:{}/v1/cert.pem", self.port)
    }

    /// Returns the most memory it has used so far, in MiB.
    pub(crate) fn peak_memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
        let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kilobytes / 1024)
    }

    /// Whether it runs.
    pub(crate) fn runs(&self) -> bool {
        self.child.ended().is_none()
    }
}
