//! Which Secrets a workload reads.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::Manifest;

/// One Secret a workload reads, in the workload's own namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretReference {
    /// Name of the Secret.
    pub name: String,
    /// The one key that is read, when only one is.
    pub key: Option<String>,
    /// Whether the workload starts without it.
    pub optional: bool,
}

/// Returns the Secrets that the Pods of a workload read: environment, volumes and image pulls.
///
/// Empty for kinds that make no Pods.
pub fn secret_references(manifest: &Manifest) -> BTreeSet<SecretReference> {
    let mut found = BTreeSet::new();
    if let Some(spec) = pod_spec(manifest) {
        for containers in ["containers", "initContainers", "ephemeralContainers"] {
            list(spec, containers).for_each(|container| environment(container, &mut found));
        }
        list(spec, "volumes").for_each(|volume| of_volume(volume, &mut found));
        for secret in list(spec, "imagePullSecrets") {
            insert(secret, "name", Key::All, &mut found);
        }
    }
    found
}

/// Returns the part of a workload that describes its Pods.
fn pod_spec(manifest: &Manifest) -> Option<&Value> {
    let pointer = match (manifest.group(), manifest.kind()) {
        ("", "Pod") => "/spec",
        ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet")
        | ("batch", "Job")
        | ("", "ReplicationController")
        | ("argoproj.io", "Rollout") => "/spec/template/spec",
        ("", "PodTemplate") => "/template/spec",
        ("batch", "CronJob") => "/spec/jobTemplate/spec/template/spec",
        _ => return None,
    };
    manifest.object().pointer(pointer)
}

fn environment(container: &Value, found: &mut BTreeSet<SecretReference>) {
    for variable in list(container, "env") {
        if let Some(reference) = variable.pointer("/valueFrom/secretKeyRef") {
            insert(reference, "name", Key::Named, found);
        }
    }
    for source in list(container, "envFrom") {
        if let Some(reference) = source.get("secretRef") {
            insert(reference, "name", Key::All, found);
        }
    }
}

fn of_volume(volume: &Value, found: &mut BTreeSet<SecretReference>) {
    if let Some(secret) = volume.get("secret") {
        insert(secret, "secretName", Key::Items, found);
    }
    if let Some(projected) = volume.get("projected") {
        for source in list(projected, "sources") {
            if let Some(secret) = source.get("secret") {
                insert(secret, "name", Key::Items, found);
            }
        }
    }
    if let Some(share) = volume.get("azureFile") {
        insert(share, "secretName", Key::All, found);
    }
    for pointer in VOLUME_CREDENTIALS {
        if let Some(secret) = volume.pointer(pointer) {
            insert(secret, "name", Key::All, found);
        }
    }
}

/// Where other kinds of volume name the Secret they are mounted with.
const VOLUME_CREDENTIALS: [&str; 8] = [
    "/cephfs/secretRef",
    "/cinder/secretRef",
    "/csi/nodePublishSecretRef",
    "/flexVolume/secretRef",
    "/iscsi/secretRef",
    "/rbd/secretRef",
    "/scaleIO/secretRef",
    "/storageos/secretRef",
];

/// Which keys a reference names.
#[derive(Clone, Copy)]
enum Key {
    /// None: the Secret is read as a whole.
    All,
    /// One, in `key`.
    Named,
    /// One in each of `items`, if there are any.
    Items,
}

fn insert(reference: &Value, name: &str, key: Key, found: &mut BTreeSet<SecretReference>) {
    let text = |field: &str| {
        reference
            .get(field)
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let Some(name) = text(name).filter(|name| !name.is_empty()) else {
        return;
    };
    let keys: Vec<String> = match key {
        Key::All => Vec::new(),
        Key::Named => text("key").into_iter().collect(),
        Key::Items => list(reference, "items")
            .filter_map(|item| item.get("key")?.as_str().map(str::to_owned))
            .collect(),
    };
    let optional = reference
        .get("optional")
        .and_then(Value::as_bool)
        .unwrap_or_default();
    let whole = keys.is_empty().then_some(None);
    for key in keys.into_iter().map(Some).chain(whole) {
        found.insert(SecretReference {
            name: name.clone(),
            key,
            optional,
        });
    }
}

fn list<'a>(value: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    value
        .get(field)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

#[cfg(test)]
mod tests;
