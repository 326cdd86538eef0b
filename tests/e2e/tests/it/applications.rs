//! A namespace with a repository of its own and the Applications that deploy from it.

use components::Repository;
use e2e::{World, eventually};
use serde_json::{Value, json};

use crate::shared::Shared;
use crate::tenant::DEADLINE;

/// Namespace of Applications and projects.
pub(crate) const ARGOCD: &str = "argocd";

/// A destination namespace, its repository, and Applications called `<namespace>-<name>`.
pub(crate) struct Deployed<'a> {
    pub(crate) world: &'a World,
    pub(crate) namespace: String,
    pub(crate) repository: Repository,
}

impl<'a> Deployed<'a> {
    /// Makes namespace and repository, with a first commit.
    pub(crate) fn new(shared: &'a Shared, namespace: &str, files: &[(&str, &str)]) -> Self {
        let repository = shared.git.create_repository(namespace).expect("it is made");
        repository.commit(files, "first").expect("it is committed");
        let world = &shared.world;
        home(world);
        world
            .cluster()
            .create_namespace(namespace)
            .expect("it is made");
        Self {
            world,
            namespace: namespace.to_owned(),
            repository,
        }
    }

    /// Returns the name of an Application.
    pub(crate) fn name(&self, app: &str) -> String {
        format!("{}-{app}", self.namespace)
    }

    /// Makes an Application that deploys the folder of its name, or what `spec` says: a merge patch.
    pub(crate) fn app(&self, app: &str, spec: &Value) {
        self.app_with(app, &json!({}), spec);
    }

    /// Makes an Application with metadata.
    pub(crate) fn app_with(&self, app: &str, metadata: &Value, spec: &Value) {
        let mut object = json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
            "metadata": {"name": self.name(app), "namespace": ARGOCD},
            "spec": {
                "project": "default",
                "source": {
                    "repoURL": self.repository.url(), "targetRevision": "main", "path": app,
                },
                "destination": {
                    "server": "https://kubernetes.default.svc", "namespace": self.namespace,
                },
                "syncPolicy": {"automated": {}},
            },
        });
        merge(&mut object["metadata"], metadata);
        merge(&mut object["spec"], spec);
        self.world.create(&object);
    }

    /// Changes an Application by a merge patch.
    pub(crate) fn patch(&self, app: &str, patch: &Value) {
        self.world
            .patch("Application", ARGOCD, &self.name(app), patch);
    }

    /// Returns an Application.
    pub(crate) fn get(&self, app: &str) -> Result<Value, String> {
        self.world.get("Application", ARGOCD, &self.name(app))
    }

    /// Returns an object of the namespace.
    pub(crate) fn object(&self, kind: &str, name: &str) -> Result<Value, String> {
        self.world.get(kind, &self.namespace, name)
    }

    /// Waits until an Application is as asked and returns it.
    pub(crate) fn until(&self, app: &str, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        eventually(&format!("{app} {what}"), DEADLINE, || {
            let object = self.get(app)?;
            if is(&object) {
                Ok(object)
            } else {
                Err(format!("{:#}", object["status"]))
            }
        })
    }

    /// Waits until an Application is synced to a commit.
    pub(crate) fn synced(&self, app: &str, commit: &str) -> Value {
        self.until(app, "is synced", |object| {
            let status = &object["status"];
            status["sync"]["status"] == "Synced" && status["sync"]["revision"] == commit
        })
    }

    /// Has an Application compared anew and waits until it was.
    pub(crate) fn refresh(&self, app: &str) -> Value {
        const REFRESH: &str = "argocd.argoproj.io/refresh";
        let ask = json!({"metadata": {"annotations": {REFRESH: "normal"}}});
        self.patch(app, &ask);
        self.until(app, "is compared", |object| {
            object["metadata"]["annotations"][REFRESH].is_null()
        })
    }

    /// Waits for a condition and returns its message.
    pub(crate) fn condition(&self, app: &str, kind: &str) -> String {
        let object = self.until(app, &format!("has {kind}"), |object| {
            !message(object, kind).is_empty()
        });
        message(&object, kind)
    }

    /// Commits files and has an Application compared with them; returns the commit.
    pub(crate) fn commit(&self, app: &str, files: &[(&str, &str)]) -> String {
        let commit = self.repository.commit(files, "next");
        let commit = commit.expect("it is committed");
        self.refresh(app);
        commit
    }
}

/// Makes the namespace of Applications, unless it is there.
pub(crate) fn home(world: &World) {
    world.create(&json!({
        "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ARGOCD},
    }));
}

/// Returns the message of a condition, empty when there is none.
pub(crate) fn message(object: &Value, kind: &str) -> String {
    let conditions = object["status"]["conditions"].as_array();
    let found = conditions
        .into_iter()
        .flatten()
        .find(|condition| condition["type"] == kind);
    let text = found.and_then(|condition| condition["message"].as_str());
    text.unwrap_or_default().to_owned()
}

/// Returns what an Application says of one of its objects.
pub(crate) fn resource<'o>(app: &'o Value, kind: &str, name: &str) -> &'o Value {
    let resources = app["status"]["resources"].as_array();
    resources
        .into_iter()
        .flatten()
        .find(|resource| resource["kind"] == kind && resource["name"] == name)
        .unwrap_or(&Value::Null)
}

/// Puts the fields of one object over those of another, deeply; `null` takes a field away.
fn merge(into: &mut Value, from: &Value) {
    let Some(from) = from.as_object() else {
        *into = from.clone();
        return;
    };
    if !into.is_object() {
        *into = json!({});
    }
    for (key, value) in from {
        if value.is_null() {
            if let Some(into) = into.as_object_mut() {
                into.remove(key);
            }
        } else {
            merge(&mut into[key], value);
        }
    }
}
