//! `signet diff`, run in this process against a real API server.

mod applications;
mod folder;
mod rights;
mod units;

use std::sync::OnceLock;

use components::Program;

use crate::age_key::AgeKey;
use crate::cluster::cluster;
use crate::folder::Folder;
use crate::tool::{Outcome, SIGNET, Tool};

/// A namespace of the cluster, and a folder to compare with it.
struct Place {
    namespace: &'static str,
    folder: Folder,
}

impl Place {
    fn new(namespace: &'static str) -> Self {
        cluster().create_namespace(namespace).unwrap();
        Self {
            namespace,
            folder: Folder::new(),
        }
    }

    /// Brings what the folder holds into the cluster, as a unit named `apps` of the namespace.
    fn apply(&self, manifests: &str) {
        let manager = "--field-manager=kustomize-controller";
        let arguments = [
            "apply",
            "--server-side",
            manager,
            "-n",
            self.namespace,
            "-f",
            "-",
        ];
        cluster().kubectl(arguments, Some(manifests)).unwrap();
    }

    fn diff(&self, arguments: &[&str]) -> Outcome {
        self.diff_with(&SIGNET, cluster().kubeconfig().to_str().unwrap(), arguments)
    }

    fn diff_with(&self, tool: &Tool, kubeconfig: &str, arguments: &[&str]) -> Outcome {
        let worker = Program::RenderWorker.path().unwrap();
        let environment = [
            ("SIGNET_RENDER_WORKER", worker.to_str().unwrap()),
            ("SOPS_AGE_KEY", &age_key().identity),
        ];
        let fixed = ["--kubeconfig", kubeconfig, "-n", self.namespace];
        let arguments = [&["diff"], arguments, &fixed].concat();
        tool.run(&arguments, b"", &environment, self.folder.root())
    }
}

/// The key of every encrypted file.
fn age_key() -> &'static AgeKey {
    static KEY: OnceLock<AgeKey> = OnceLock::new();
    KEY.get_or_init(AgeKey::generate)
}

fn config_map(name: &str, value: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  key: {value}\n")
}

fn secret(name: &str, user: &str, password: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\nstringData:\n  user: {user}\n  \
         password: {password}\n"
    )
}

impl Outcome {
    /// Returns standard output of a run that found differences.
    fn difference(self) -> String {
        assert_eq!(self.status, 1, "{}{}", self.stdout, self.stderr);
        self.stdout
    }
}
