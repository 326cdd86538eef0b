//! A namespace with a repository of its own and the units that apply from it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use components::{GitServer, Repository};
use e2e::{World, eventually};
use serde_json::{Value, json};

use crate::shared::Shared;

/// How long anything may take on a busy machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(40);

/// A namespace, its repository and its source `repo`.
pub(crate) struct Tenant<'a> {
    pub(crate) world: &'a World,
    pub(crate) namespace: String,
    pub(crate) repository: Repository,
}

impl<'a> Tenant<'a> {
    /// Makes namespace and repository in the shared world, with a first commit.
    pub(crate) fn new(shared: &'a Shared, namespace: &str, files: &[(&str, &str)]) -> Self {
        Self::of(&shared.world, &shared.git, namespace, files)
    }

    /// Makes namespace and repository in a world, with a first commit.
    pub(crate) fn of(
        world: &'a World,
        git: &GitServer,
        namespace: &str,
        files: &[(&str, &str)],
    ) -> Self {
        let repository = git.create_repository(namespace).expect("it is made");
        if !files.is_empty() {
            repository.commit(files, "first").expect("it is committed");
        }
        let cluster = world.cluster();
        cluster.create_namespace(namespace).expect("it is made");
        let tenant = Self {
            world,
            namespace: namespace.to_owned(),
            repository,
        };
        let url = tenant.repository.url().to_owned();
        tenant.source(&json!({"url": url}));
        tenant
    }

    /// Makes the source `repo`, or changes it.
    pub(crate) fn source(&self, spec: &Value) {
        let mut whole = json!({"interval": "1h", "ref": {"branch": "main"}});
        merge(&mut whole, spec);
        self.world.create(&json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
            "metadata": {"name": "repo", "namespace": self.namespace}, "spec": whole,
        }));
    }

    /// Makes a unit that applies the folder of its name, or what `spec` says.
    pub(crate) fn unit(&self, name: &str, spec: &Value) {
        self.unit_with(name, &json!({}), spec);
    }

    /// Makes a unit with annotations.
    pub(crate) fn unit_with(&self, name: &str, annotations: &Value, spec: &Value) {
        let mut whole = json!({
            "interval": "1h", "retryInterval": "2s", "prune": true, "path": format!("./{name}"),
            "targetNamespace": self.namespace,
            "sourceRef": {"kind": "GitRepository", "name": "repo"},
        });
        merge(&mut whole, spec);
        self.world.create(&json!({
            "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
            "metadata": {"name": name, "namespace": self.namespace, "annotations": annotations},
            "spec": whole,
        }));
    }

    /// Commits files and has the source look at once; returns the commit's id.
    pub(crate) fn commit(&self, files: &[(&str, &str)]) -> String {
        let commit = self
            .repository
            .commit(files, "next")
            .expect("it is committed");
        self.request("GitRepository", "repo");
        commit
    }

    /// Asks for a reconcile and returns the mark that shows when it was handled.
    pub(crate) fn request(&self, kind: &str, name: &str) -> String {
        static REQUESTS: AtomicU64 = AtomicU64::new(1);
        let mark = format!("request-{}", REQUESTS.fetch_add(1, Ordering::Relaxed));
        let patch = json!({"metadata": {"annotations": {
            "reconcile.fluxcd.io/requestedAt": mark,
        }}});
        self.world.patch(kind, &self.namespace, name, &patch);
        mark
    }

    /// Asks for a reconcile and waits until it was handled.
    pub(crate) fn reconcile(&self, kind: &str, name: &str) -> Value {
        let mark = self.request(kind, name);
        eventually("the request is handled", DEADLINE, || {
            let object = self.world.get(kind, &self.namespace, name)?;
            if object["status"]["lastHandledReconcileAt"] == mark.as_str() {
                Ok(object)
            } else {
                Err(object["status"].to_string())
            }
        })
    }

    /// Waits until a unit is ready and returns the condition.
    pub(crate) fn ready(&self, unit: &str) -> Value {
        self.world
            .condition("Kustomization", &self.namespace, unit, "Ready", "True")
    }

    /// Waits until a unit has applied a commit.
    pub(crate) fn applied(&self, unit: &str, commit: &str) {
        let what = format!("{unit} applies {commit}");
        eventually(&what, DEADLINE, || {
            let object = self.world.get("Kustomization", &self.namespace, unit)?;
            let applied = object["status"]["lastAppliedRevision"].to_string();
            if applied.contains(commit) {
                Ok(())
            } else {
                Err(object["status"].to_string())
            }
        });
    }

    /// Waits until a unit failed for a reason and returns the message.
    pub(crate) fn fails(&self, unit: &str, reason: &str) -> String {
        let what = format!("{unit} fails with {reason}");
        eventually(&what, DEADLINE, || {
            let object = self.world.get("Kustomization", &self.namespace, unit)?;
            let conditions = object["status"]["conditions"].as_array().cloned();
            let conditions = conditions.unwrap_or_default();
            let ready = conditions.iter().find(|condition| {
                condition["type"] == "Ready"
                    && condition["status"] == "False"
                    && condition["reason"] == reason
            });
            ready
                .and_then(|condition| condition["message"].as_str().map(str::to_owned))
                .ok_or_else(|| format!("conditions are {conditions:#?}"))
        })
    }

    /// Returns an object of the namespace.
    pub(crate) fn get(&self, kind: &str, name: &str) -> Result<Value, String> {
        self.world.get(kind, &self.namespace, name)
    }
}

/// Returns a ConfigMap as a file of a repository.
pub(crate) fn config_map(name: &str, value: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  key: {value}\n")
}

/// Puts the fields of one object over those of another; `null` takes a field away.
fn merge(into: &mut Value, from: &Value) {
    let (Some(into), Some(from)) = (into.as_object_mut(), from.as_object()) else {
        return;
    };
    for (key, value) in from {
        if value.is_null() {
            into.remove(key);
        } else {
            into.insert(key.clone(), value.clone());
        }
    }
}
