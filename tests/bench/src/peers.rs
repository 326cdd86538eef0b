//! The upstream controllers, with the settings that let them run as fast as they can.
//!
//! They are cluster administrators: which rights they need does not matter here.

use std::time::Duration;

use anyhow::Context;
use components::{Child, Launch, Program, free_port};
use serde_json::{Value, json};

use crate::flags::Flags;
use crate::measured::Watched;
use crate::rig::Rig;

/// The upstream controller of Kustomizations.
pub(crate) const KUSTOMIZE_CONTROLLER: &str = "kustomize-controller 1.9.4";
/// The upstream controller of SealedSecrets.
pub(crate) const SEALED_SECRETS: &str = "sealed-secrets 0.40.0";
/// The upstream controller of ExternalSecrets.
pub(crate) const EXTERNAL_SECRETS: &str = "external-secrets 0.20.4";

/// The account they run as.
const ACCOUNT: &str = "upstream";

/// How long one may take to end.
const STOP: Duration = Duration::from_secs(30);

/// A running upstream controller.
pub(crate) struct Peer {
    child: Child,
    shows_log: bool,
}

impl Peer {
    /// Starts the controller of Kustomizations: 20 at once instead of 4, 500 requests in a second
    /// instead of 50.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub(crate) async fn kustomize_controller(rig: &Rig, flags: &Flags) -> anyhow::Result<Self> {
        let program = build(Program::KustomizeController).await?;
        // It watches kinds of sources that nobody here has.
        rig.apply(vec![
            definition("ocirepositories", "OCIRepository"),
            definition("buckets", "Bucket"),
            definition("externalartifacts", "ExternalArtifact"),
            account(rig),
            administrator(rig),
        ])
        .await?;
        let launch = Launch::new("kustomize-controller", program)
            .arguments([
                "--concurrent=20".to_owned(),
                "--kube-api-qps=500".to_owned(),
                "--kube-api-burst=1000".to_owned(),
                "--log-level=error".to_owned(),
                format!("--metrics-addr=127.0.0.1:{}", free_port()?),
                format!("--health-addr=127.0.0.1:{}", free_port()?),
            ])
            .variable("RUNTIME_NAMESPACE", rig.system());
        Self::start(rig, flags, launch)
    }

    /// Starts the controller of ExternalSecrets: 20 at once instead of 1, 1 000 requests in a second
    /// instead of 50.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub(crate) async fn external_secrets(rig: &Rig, flags: &Flags) -> anyhow::Result<Self> {
        let program = build(Program::ExternalSecrets).await?;
        rig.apply(vec![account(rig), administrator(rig)]).await?;
        let launch = Launch::new("external-secrets", program).arguments([
            "--concurrent=20".to_owned(),
            "--client-qps=1000".to_owned(),
            "--client-burst=2000".to_owned(),
            "--loglevel=error".to_owned(),
            "--enable-leader-election=false".to_owned(),
            "--enable-cluster-external-secret-reconciler=false".to_owned(),
            "--enable-push-secret-reconciler=false".to_owned(),
            "--enable-cluster-push-secret-reconciler=false".to_owned(),
            format!("--metrics-addr=127.0.0.1:{}", free_port()?),
            format!("--live-addr=127.0.0.1:{}", free_port()?),
        ]);
        Self::start(rig, flags, launch)
    }

    /// Starts the controller of SealedSecrets without the limit on its requests, which are 5 in a
    /// second by default. It reads the in-cluster configuration alone, which needs root.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub(crate) async fn sealed_secrets(rig: &Rig, flags: &Flags) -> anyhow::Result<Self> {
        let program = build(Program::SealedSecretsController).await?;
        rig.apply(vec![account(rig), administrator(rig)]).await?;
        let child = rig
            .cluster()
            .launch_as_pod("sealed-secrets", program, rig.system(), ACCOUNT)?
            .arguments([
                "--kubeclient-qps=-1".to_owned(),
                "--key-renew-period=0".to_owned(),
                "--log-level=ERROR".to_owned(),
                format!("--listen-addr=127.0.0.1:{}", free_port()?),
                format!("--listen-metrics-addr=127.0.0.1:{}", free_port()?),
            ])
            .start()?;
        Ok(Self {
            child,
            shows_log: flags.log,
        })
    }

    fn start(rig: &Rig, flags: &Flags, launch: Launch) -> anyhow::Result<Self> {
        let kubeconfig = rig
            .cluster()
            .service_account_kubeconfig(rig.system(), ACCOUNT)?;
        let child = launch.variable("KUBECONFIG", kubeconfig).start()?;
        Ok(Self {
            child,
            shows_log: flags.log,
        })
    }

    /// Returns its process.
    pub(crate) fn watched(&self) -> Watched {
        Watched {
            name: "controller",
            process: self.child.id(),
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        if self.shows_log || self.child.ended().is_some() {
            crate::say(&self.child.log());
        }
        // One that does not end is killed with the value.
        let _ = self.child.terminate(STOP);
    }
}

async fn build(program: Program) -> anyhow::Result<std::path::PathBuf> {
    let built = tokio::task::spawn_blocking(move || program.path()).await?;
    built.with_context(|| format!("{} is not built", program.file()))
}

fn account(rig: &Rig) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": { "name": ACCOUNT, "namespace": rig.system() },
    })
}

fn administrator(rig: &Rig) -> Value {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": { "name": ACCOUNT },
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin",
        },
        "subjects": [{
            "kind": "ServiceAccount", "name": ACCOUNT, "namespace": rig.system(),
        }],
    })
}

/// Returns the definition of a kind of source, so that it can be watched.
fn definition(plural: &str, kind: &str) -> Value {
    let group = "source.toolkit.fluxcd.io";
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": format!("{plural}.{group}") },
        "spec": {
            "group": group, "scope": "Namespaced",
            "names": {
                "kind": kind, "plural": plural, "singular": kind.to_lowercase(),
                "listKind": format!("{kind}List"),
            },
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "schema": { "openAPIV3Schema": {
                    "type": "object", "x-kubernetes-preserve-unknown-fields": true,
                } },
                "subresources": { "status": {} },
            }],
        },
    })
}
