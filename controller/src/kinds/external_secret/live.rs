//! The Secret there is.

use std::collections::BTreeSet;

use api::external_secrets::CreationPolicy;
use api::names::external_secrets::{DATA_HASH, MANAGED};
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{
    ManagedFieldsEntry, ObjectMeta, OwnerReference,
};
use serde_json::Value;

use super::hash;
use crate::secrets::{self, Data};

/// The Secret there is, its values in the one type that may hold them.
pub(crate) struct Live {
    pub(super) metadata: ObjectMeta,
    pub(super) kind: Option<String>,
    pub(super) is_immutable: bool,
    pub(super) data: Data,
}

/// Which fields of a Secret a field manager wrote, by name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Own {
    pub(super) keys: BTreeSet<String>,
    pub(super) labels: BTreeSet<String>,
    pub(super) annotations: BTreeSet<String>,
}

impl Live {
    pub(super) fn of(mut secret: Secret) -> Self {
        Self {
            metadata: std::mem::take(&mut secret.metadata),
            kind: secret.type_.take(),
            is_immutable: secret.immutable == Some(true),
            data: secrets::take(secret),
        }
    }

    /// Whether the Secret carries the label of the family.
    pub(super) fn is_managed(&self) -> bool {
        let labels = self.metadata.labels.as_ref();
        labels
            .and_then(|labels| labels.get(MANAGED))
            .is_some_and(|value| value == "true")
    }

    /// Whether the Secret is as it was written (§7.5).
    fn is_as_written(&self) -> bool {
        let annotations = self.metadata.annotations.as_ref();
        self.is_managed()
            && annotations
                .and_then(|annotations| annotations.get(DATA_HASH))
                .is_some_and(|written| *written == hash::of_data(&self.data))
    }

    /// Returns the owner that controls the Secret.
    pub(super) fn controller(&self) -> Option<&OwnerReference> {
        controller(&self.metadata)
    }

    /// Returns what a field manager wrote, by whatever kind of request.
    pub(super) fn written_by(&self, manager: &str) -> Own {
        let mut own = Own::default();
        let entries = self.metadata.managed_fields.iter().flatten();
        for entry in entries.filter(|entry| entry.manager.as_deref() == Some(manager)) {
            collect(entry, &["f:data"], &mut own.keys);
            collect(entry, &["f:metadata", "f:labels"], &mut own.labels);
            collect(
                entry,
                &["f:metadata", "f:annotations"],
                &mut own.annotations,
            );
        }
        own
    }
}

/// Returns the owner that controls an object.
pub(super) fn controller(metadata: &ObjectMeta) -> Option<&OwnerReference> {
    metadata
        .owner_references
        .iter()
        .flatten()
        .find(|owner| owner.controller == Some(true))
}

/// Whether the Secret needs no repair (§7.5).
pub(super) fn is_valid(live: Option<&Live>, policy: CreationPolicy) -> bool {
    policy == CreationPolicy::Orphan || live.is_some_and(Live::is_as_written)
}

fn collect(entry: &ManagedFieldsEntry, path: &[&str], into: &mut BTreeSet<String>) {
    let Some(fields) = &entry.fields_v1 else {
        return;
    };
    let found = path
        .iter()
        .try_fold(&fields.0, |fields, part| fields.get(part))
        .and_then(Value::as_object);
    let names = found
        .into_iter()
        .flat_map(serde_json::Map::keys)
        .filter_map(|name| name.strip_prefix("f:"));
    into.extend(names.map(ToOwned::to_owned));
}

#[cfg(test)]
mod tests;
