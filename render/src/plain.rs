//! A folder without any kustomization file and nothing laid over it: read here, in kustomize's
//! order.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use manifests::{ArtifactPath, Dialect, Limits, Manifest, Overlay, Tree, read_yaml_as};
use serde_json::Value;

use crate::RenderError;

/// Reads the files of a folder as kustomize would build them.
///
/// `None` when kustomize does something with one of the objects that is its own business: an
/// annotation it acts on, an object given twice, an empty entry of a list. Then it is asked.
///
/// # Errors
///
/// When a file is no Kubernetes YAML (G-191).
pub(crate) fn build(
    tree: &Tree,
    files: &[ArtifactPath],
    overlay: &Overlay,
) -> Result<Option<Vec<Manifest>>, RenderError> {
    if !overlay.is_empty() {
        return Ok(None);
    }
    let mut manifests = Vec::new();
    for path in files {
        let Some(file) = tree.file(path) else {
            continue;
        };
        let read = read_yaml_as(
            Dialect::Kustomize,
            &file.content,
            Some(path),
            &Limits::default(),
        )
        .map_err(|source| RenderError::Read { source })?;
        manifests.extend(read);
    }
    if manifests.iter().any(concerns_kustomize) || has_duplicates(&manifests) {
        return Ok(None);
    }
    manifests.sort_by(order);
    Ok(Some(manifests))
}

fn concerns_kustomize(manifest: &Manifest) -> bool {
    let annotations = manifest.object().pointer("/metadata/annotations");
    let is_acted_on = annotations
        .and_then(Value::as_object)
        .is_some_and(|annotations| {
            annotations
                .keys()
                .any(|key| key.contains("config.kubernetes.io/") || key.contains("config.k8s.io/"))
        });
    is_acted_on || has_empty_entry(manifest.object())
}

fn has_empty_entry(value: &Value) -> bool {
    match value {
        Value::Array(items) => items
            .iter()
            .any(|item| item.is_null() || has_empty_entry(item)),
        Value::Object(entries) => entries.values().any(has_empty_entry),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn has_duplicates(manifests: &[Manifest]) -> bool {
    let mut seen = BTreeSet::new();
    manifests.iter().any(|manifest| {
        // kustomize takes no namespace and `default` for the same, and looks at none for kinds
        // that it knows to be cluster-scoped. Where that is not sure, it is asked.
        let namespace = manifest
            .namespace()
            .filter(|name| *name != "default" && NAMESPACED.contains(&manifest.kind()));
        !seen.insert((
            manifest.api_version(),
            manifest.kind(),
            namespace,
            manifest.name(),
        ))
    })
}

/// Kinds of which a repository often has several of one name, in different namespaces.
const NAMESPACED: [&str; 15] = [
    "ConfigMap",
    "CronJob",
    "DaemonSet",
    "Deployment",
    "ExternalSecret",
    "Ingress",
    "Job",
    "NetworkPolicy",
    "Role",
    "RoleBinding",
    "SealedSecret",
    "Secret",
    "Service",
    "ServiceAccount",
    "StatefulSet",
];

/// kustomize's order of its output unless a kustomization file chooses another.
fn order(left: &Manifest, right: &Manifest) -> Ordering {
    rank(left.kind())
        .cmp(&rank(right.kind()))
        .then_with(|| group_version_kind(left).cmp(&group_version_kind(right)))
        .then_with(|| {
            // COMPAT: compared as one text with these marks for what is absent.
            let key = |manifest: &Manifest| {
                format!(
                    "{}|{}",
                    manifest.namespace().unwrap_or("~X"),
                    manifest.name()
                )
            };
            key(left).cmp(&key(right))
        })
}

fn group_version_kind(manifest: &Manifest) -> String {
    // COMPAT: `~G` for the core group sorts it behind every named one.
    let group = if manifest.group().is_empty() {
        "~G"
    } else {
        manifest.group()
    };
    format!("{group}_{}_{}", manifest.version(), manifest.kind())
}

fn rank(kind: &str) -> isize {
    let position = |kinds: &[&str]| {
        kinds
            .iter()
            .position(|known| *known == kind)
            .and_then(|at| isize::try_from(at).ok())
    };
    let first = position(&FIRST).map(|at| at - 100);
    first
        .or_else(|| position(&LAST).map(|at| at + 1))
        .unwrap_or(0)
}

const FIRST: [&str; 22] = [
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];

const LAST: [&str; 2] = [
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

#[cfg(test)]
mod tests;
