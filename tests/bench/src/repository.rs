//! A repository of units: one folder for all, or a folder for each.

use api::names::flux::REQUESTED_AT;
use components::{GitServer, Repository};
use serde_json::{Value, json};

use crate::rig::{NAMESPACE, Rig, Seen, is_true};

/// The kind of unit, as it is watched.
pub(crate) const KIND: (&str, &str) = (KUSTOMIZE, "Kustomization");

/// The namespace of the source: a controller that watches nothing else fetches and applies nothing.
pub(crate) const SOURCES: &str = "sources";

/// How many objects a unit has.
pub(crate) const OBJECTS: usize = 4;

const SOURCE: &str = "source.toolkit.fluxcd.io/v1";
const KUSTOMIZE: &str = "kustomize.toolkit.fluxcd.io/v1";

/// Where the units' manifests are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// All units build one folder, each with a name prefix of its own.
    Shared,
    /// Each unit has a folder of its own.
    Own,
}

/// The units and where they come from.
pub(crate) struct Units {
    pub(crate) count: usize,
    pub(crate) shape: Shape,
    #[expect(dead_code, reason = "serves until it is dropped")]
    git: GitServer,
    repository: Repository,
}

impl Units {
    /// Makes a repository with a first commit, and puts source and units into a cluster.
    ///
    /// # Errors
    ///
    /// When something does not start or refuses.
    pub(crate) async fn fill(rig: &Rig, count: usize, shape: Shape) -> anyhow::Result<Self> {
        let git = tokio::task::spawn_blocking(GitServer::start).await??;
        let repository = git.create_repository("team/app")?;
        let units = Self {
            count,
            shape,
            git,
            repository,
        };
        units.commit("first")?;
        rig.apply(vec![json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": SOURCES },
        })])
        .await?;
        rig.apply(vec![units.source("first")]).await?;
        rig.apply((0..count).map(|index| units.unit(index)).collect())
            .await?;
        Ok(units)
    }

    /// Commits another value to every object of every unit, and returns the commit's id.
    ///
    /// # Errors
    ///
    /// When git fails.
    pub(crate) fn commit(&self, value: &str) -> anyhow::Result<String> {
        match self.shape {
            Shape::Shared => self.write(&files("shared", "settings", value), value),
            Shape::Own => {
                let folders =
                    (0..self.count).flat_map(|index| files(&folder(index), &name(index), value));
                self.write(&folders.collect::<Vec<_>>(), value)
            }
        }
    }

    /// Commits another value to every object of one unit, and returns the commit's id.
    ///
    /// # Errors
    ///
    /// When git fails.
    pub(crate) fn commit_to(&self, index: usize, value: &str) -> anyhow::Result<String> {
        self.write(&files(&folder(index), &name(index), value), value)
    }

    fn write(&self, files: &[(String, String)], message: &str) -> anyhow::Result<String> {
        let files: Vec<_> = files
            .iter()
            .map(|(path, content)| (path.as_str(), content.as_str()))
            .collect();
        Ok(self.repository.commit(&files, message)?)
    }

    /// Tells the source to look at once, as a webhook would.
    ///
    /// # Errors
    ///
    /// When the API server refuses.
    pub(crate) async fn tell(&self, rig: &Rig, request: &str) -> anyhow::Result<()> {
        rig.apply(vec![self.source(request)]).await.map(drop)
    }

    fn source(&self, requested: &str) -> Value {
        json!({
            "apiVersion": SOURCE, "kind": "GitRepository",
            "metadata": {
                "name": "team", "namespace": SOURCES, "annotations": { REQUESTED_AT: requested },
            },
            "spec": {
                "url": self.repository.url(), "interval": "10h", "ref": { "branch": "main" },
            },
        })
    }

    fn unit(&self, index: usize) -> Value {
        let mut unit = json!({
            "apiVersion": KUSTOMIZE, "kind": "Kustomization",
            "metadata": { "name": name(index), "namespace": NAMESPACE },
            "spec": {
                "interval": "10h", "prune": true, "targetNamespace": NAMESPACE,
                "sourceRef": { "kind": "GitRepository", "name": "team", "namespace": SOURCES },
            },
        });
        match self.shape {
            Shape::Shared => {
                unit["spec"]["path"] = json!("./shared");
                unit["spec"]["namePrefix"] = json!(format!("{}-", name(index)));
            }
            Shape::Own => unit["spec"]["path"] = json!(format!("./{}", folder(index))),
        }
        unit
    }

    /// Returns what the units are, in words.
    pub(crate) fn words(&self) -> String {
        let folder = match self.shape {
            Shape::Shared => "of one folder",
            Shape::Own => "of a folder each",
        };
        format!("{} Kustomizations × {OBJECTS} objects {folder}", self.count)
    }
}

/// Returns a unit's name.
pub(crate) fn name(index: usize) -> String {
    format!("unit-{index:05}")
}

fn folder(index: usize) -> String {
    format!("units/{index:05}")
}

fn files(folder: &str, name: &str, value: &str) -> Vec<(String, String)> {
    let file = |index| {
        let path = format!("{folder}/{index}.yaml");
        (path, config_map(&format!("{name}-{index}"), value))
    };
    (0..OBJECTS).map(file).collect()
}

fn config_map(name: &str, value: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  key: {value}\n")
}

/// Whether a unit has applied a commit, and says so.
pub(crate) fn has_applied(unit: &Seen, commit: &str) -> bool {
    let applied = unit
        .status
        .as_ref()
        .and_then(|status| status["lastAppliedRevision"].as_str());
    applied.is_some_and(|applied| applied.ends_with(commit)) && is_true(unit, "Ready")
}
