//! Definitions that a stage brought: their kinds are usable once the API server lists them.

use cluster::{ApiError, Cluster};
use manifests::{Manifest, ObjectId};
use pipeline::health::{Assessment, Health, Pending, Verdict};
use pipeline::operation::is_definition;
use pipeline::stage::Stage;
use serde_json::Value;

use crate::error::Error;

/// Whether every kind that the stage defines is served. `Established` comes a moment earlier.
pub(super) async fn served(stage: &Stage, cluster: &Cluster) -> Result<Verdict, Error> {
    let mut waiting = Vec::new();
    for definition in stage.manifests() {
        for (group, version, kind) in defined(definition) {
            if !is_served(group, version, kind, cluster).await? {
                waiting.push(Pending {
                    id: definition.id(),
                    assessment: Assessment {
                        health: Health::Progressing,
                        word: "InProgress",
                        message: format!("{group}/{version} {kind} is not served yet"),
                    },
                });
            }
        }
    }
    if waiting.is_empty() {
        Ok(Verdict::Passed)
    } else {
        Ok(Verdict::Waiting(waiting))
    }
}

/// Returns the group of the kind that an object defines, which is part of its name; `None` when it
/// defines none.
pub(super) fn group(id: &ObjectId) -> Option<&str> {
    let (_plural, group) = id.name.split_once('.')?;
    is_definition(id).then_some(group)
}

async fn is_served(
    group: &str,
    version: &str,
    kind: &str,
    cluster: &Cluster,
) -> Result<bool, Error> {
    for is_last in [false, true] {
        match cluster.kind(group, version, kind).await {
            Ok(_) => return Ok(true),
            Err(ApiError::NoKind { .. }) if is_last => {}
            Err(ApiError::NoKind { .. }) => cluster.ask_again().await,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(false)
}

/// Returns group, version and kind of every version that a definition serves.
fn defined(manifest: &Manifest) -> Vec<(&str, &str, &str)> {
    if manifest.kind() != "CustomResourceDefinition" || manifest.group() != "apiextensions.k8s.io" {
        return Vec::new();
    }
    let spec = &manifest.object()["spec"];
    let (Some(group), Some(kind)) = (spec["group"].as_str(), spec["names"]["kind"].as_str()) else {
        return Vec::new();
    };
    let versions = spec["versions"].as_array().into_iter().flatten();
    versions
        .filter(|version| version["served"] == Value::Bool(true))
        .filter_map(|version| Some((group, version["name"].as_str()?, kind)))
        .collect()
}
