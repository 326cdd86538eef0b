//! Kustomizations of one shared folder: from one commit until each has applied it.

use api::names::flux::REQUESTED_AT;
use components::GitServer;
use deploy::family::Family;
use kube::core::DynamicObject;
use serde_json::{Value, json};

use crate::flags::Flags;
use crate::measured::{Measured, Reading};
use crate::rig::{NAMESPACE, Rig, is_true};

const FAMILIES: &[Family] = &[Family::Flux];
const SOURCE: &str = "source.toolkit.fluxcd.io/v1";
const KUSTOMIZE: &str = "kustomize.toolkit.fluxcd.io/v1";

/// How many objects the folder has.
const OBJECTS: usize = 4;

/// Runs the bench.
///
/// # Errors
///
/// When something does not start or takes too long.
pub(crate) async fn run(flags: &Flags) -> anyhow::Result<Vec<Measured>> {
    let rig = Rig::start(FAMILIES).await?;
    let count = flags.kustomizations;
    let git = tokio::task::spawn_blocking(GitServer::start).await??;
    let repository = git.create_repository("team/app")?;
    let commit = |value: &str| {
        let files: Vec<_> = (0..OBJECTS)
            .map(|index| (format!("shared/{index}.yaml"), config_map(index, value)))
            .collect();
        let files: Vec<_> = files
            .iter()
            .map(|(path, content)| (path.as_str(), content.as_str()))
            .collect();
        repository.commit(&files, value)
    };
    let revision = commit("first")?;
    let mut objects: Vec<_> = (0..count).map(kustomization).collect();
    objects.push(source(repository.url(), "first"));
    rig.apply(objects).await?;

    let before = Reading::take(&rig, None).await?;
    let controller = rig.controller(flags, FAMILIES)?;
    let is_done = |object: &_| has_applied(object, &revision);
    rig.until(KUSTOMIZE, "Kustomization", count, is_done)
        .await?;
    let what = format!("{count} Kustomizations × {OBJECTS} objects, first sync");
    let first = before.done(what, &rig, &controller).await?;

    let revision = commit("second")?;
    let before = Reading::take(&rig, Some(&controller)).await?;
    // As a webhook would: nobody waits for the interval.
    rig.apply(vec![source(repository.url(), "second")]).await?;
    let is_done = |object: &_| has_applied(object, &revision);
    rig.until(KUSTOMIZE, "Kustomization", count, is_done)
        .await?;
    let what = format!("{count} Kustomizations × {OBJECTS} objects after one commit");
    let second = before.done(what, &rig, &controller).await?;
    Ok(vec![first, second])
}

fn has_applied(object: &DynamicObject, revision: &str) -> bool {
    let applied = object.data["status"]["lastAppliedRevision"].as_str();
    applied.is_some_and(|applied| applied.ends_with(revision)) && is_true(object, "Ready")
}

fn config_map(index: usize, value: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings-{index}\ndata:\n  key: {value}\n"
    )
}

fn source(url: &str, requested: &str) -> Value {
    json!({
        "apiVersion": SOURCE, "kind": "GitRepository",
        "metadata": {
            "name": "team", "namespace": NAMESPACE, "annotations": { REQUESTED_AT: requested },
        },
        "spec": { "url": url, "interval": "1h", "ref": { "branch": "main" } },
    })
}

fn kustomization(index: usize) -> Value {
    json!({
        "apiVersion": KUSTOMIZE, "kind": "Kustomization",
        "metadata": { "name": format!("unit-{index:04}"), "namespace": NAMESPACE },
        "spec": {
            "interval": "1h", "prune": true, "path": "./shared",
            "namePrefix": format!("u{index:04}-"), "targetNamespace": NAMESPACE,
            "sourceRef": { "kind": "GitRepository", "name": "team" },
        },
    })
}
