//! What to write, if anything. Pure; the table is in the contract's section on reconciling.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::names::sealed_secrets::{MANAGED, PATCH, SKIP_OWNER_REFERENCES};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use manifests::Manifest;
use secret_bytes::SecretBytes;
use serde_json::{Value, json};

use super::observe::{Found, Live};
use super::parse::Wanted;
use crate::error::{Category, Error};

/// What to do about the Secret.
pub(crate) enum Plan {
    /// Make it.
    Create(Manifest),
    /// Write it over the very version that was looked at.
    Replace(Manifest),
    /// It is as sealed.
    Keep,
    /// It is somebody else's.
    Refuse {
        /// Where it is.
        namespace: String,
        /// Why.
        error: Error,
    },
}

/// The parts of a Secret that are compared and written.
struct Parts {
    metadata: ObjectMeta,
    kind: String,
    immutable: Option<bool>,
    data: BTreeMap<String, Arc<SecretBytes>>,
}

/// Decides what to do about the Secret.
pub(super) fn plan(wanted: &Wanted, found: Found) -> Plan {
    let sealed = sealed(wanted, found.items);
    let Some(live) = found.live else {
        return finished(wanted, &sealed).map_or_else(|error| refuse(wanted, error), Plan::Create);
    };
    let is_patched = is_set(&live.metadata, PATCH);
    if !(is_controlled(&live.metadata, &wanted.uid)
        || is_set(&live.metadata, MANAGED)
        || is_patched)
    {
        return refuse(wanted, unmanaged(wanted));
    }
    let next = if is_patched {
        merged(sealed, &live)
    } else {
        replaced(sealed, &live)
    };
    if is_same(&next, &live) {
        return Plan::Keep;
    }
    finished(wanted, &next).map_or_else(|error| refuse(wanted, error), Plan::Replace)
}

fn refuse(wanted: &Wanted, error: Error) -> Plan {
    Plan::Refuse {
        namespace: wanted.namespace.clone(),
        error,
    }
}

fn unmanaged(wanted: &Wanted) -> Error {
    Error::new(
        Category::Denied,
        super::status::UNMANAGED,
        format!(
            "failed update: Resource {:?} already exists and is not managed by SealedSecret",
            wanted.name
        ),
    )
}

/// Returns the Secret as the SealedSecret alone would make it (§5.3).
fn sealed(wanted: &Wanted, items: BTreeMap<String, SecretBytes>) -> Parts {
    let template = &wanted.template;
    let metadata = template.metadata.clone().unwrap_or_default();
    let skips_owner = metadata
        .annotations
        .as_ref()
        .and_then(|found| found.get(SKIP_OWNER_REFERENCES))
        .map(String::as_str)
        == Some("true");
    let kept: ObjectMeta = serde_json::to_value(&metadata)
        .ok()
        .and_then(|value| serde_json::from_value(value).ok())
        .unwrap_or_default();
    let owner_references = if skips_owner {
        kept.owner_references
    } else {
        Some(vec![owner(wanted)])
    };
    Parts {
        metadata: ObjectMeta {
            name: Some(wanted.name.clone()),
            namespace: Some(wanted.namespace.clone()),
            labels: kept.labels,
            annotations: kept.annotations,
            finalizers: kept.finalizers,
            owner_references,
            // Everything the API server manages itself is dropped.
            ..ObjectMeta::default()
        },
        kind: template
            .kind
            .clone()
            .filter(|kind| !kind.is_empty())
            .unwrap_or_else(|| "Opaque".to_owned()),
        immutable: template.immutable,
        data: items
            .into_iter()
            .map(|(key, value)| (key, Arc::new(value)))
            .collect(),
    }
}

fn owner(wanted: &Wanted) -> OwnerReference {
    OwnerReference {
        api_version: "bitnami.com/v1alpha1".to_owned(),
        kind: "SealedSecret".to_owned(),
        name: wanted.name.clone(),
        uid: wanted.uid.clone(),
        controller: Some(true),
        block_owner_deletion: None,
    }
}

/// Overwrite mode: sealed data, labels, annotations and owners take the place of the live ones.
fn replaced(sealed: Parts, live: &Live) -> Parts {
    Parts {
        metadata: ObjectMeta {
            labels: sealed.metadata.labels,
            annotations: sealed.metadata.annotations,
            owner_references: sealed.metadata.owner_references,
            ..live.metadata.clone()
        },
        kind: sealed.kind,
        immutable: live.immutable,
        data: sealed.data,
    }
}

/// Patch mode: sealed keys win, everything else stays.
fn merged(sealed: Parts, live: &Live) -> Parts {
    let annotations = union(
        live.metadata.annotations.clone(),
        sealed.metadata.annotations,
    );
    let takes_ownership = annotations
        .as_ref()
        .and_then(|found| found.get(MANAGED))
        .map(String::as_str)
        == Some("true");
    let owner_references = if takes_ownership {
        sealed.metadata.owner_references
    } else {
        live.metadata.owner_references.clone()
    };
    let mut data = live.data.clone();
    data.extend(sealed.data);
    Parts {
        metadata: ObjectMeta {
            labels: union(live.metadata.labels.clone(), sealed.metadata.labels),
            annotations,
            owner_references,
            ..live.metadata.clone()
        },
        kind: sealed.kind,
        immutable: live.immutable,
        data,
    }
}

type Texts = Option<BTreeMap<String, String>>;

fn union(live: Texts, sealed: Texts) -> Texts {
    match (live, sealed) {
        (Some(mut live), Some(sealed)) => {
            live.extend(sealed);
            Some(live)
        }
        (one, other) => one.or(other),
    }
}

fn is_same(next: &Parts, live: &Live) -> bool {
    let texts = |texts: &Texts| texts.clone().unwrap_or_default();
    let owners = |metadata: &ObjectMeta| metadata.owner_references.clone().unwrap_or_default();
    next.data == live.data
        && Some(next.kind.as_str()) == live.kind.as_deref()
        && texts(&next.metadata.labels) == texts(&live.metadata.labels)
        && texts(&next.metadata.annotations) == texts(&live.metadata.annotations)
        && owners(&next.metadata) == owners(&live.metadata)
}

fn finished(wanted: &Wanted, parts: &Parts) -> Result<Manifest, Error> {
    let mut object = json!({"apiVersion": "v1", "kind": "Secret", "type": parts.kind});
    object["metadata"] = serde_json::to_value(&parts.metadata)
        .map_err(|source| Error::internal("write the Secret's metadata", source))?;
    if let Some(immutable) = parts.immutable {
        object["immutable"] = Value::Bool(immutable);
    }
    let mut manifest = Manifest::new(object, None).ok_or_else(|| {
        Error::internal("make the Secret", format!("{:?} is no name", wanted.name))
    })?;
    for (key, value) in &parts.data {
        manifest.set_secret_value(key, value);
    }
    Ok(manifest)
}

fn is_controlled(metadata: &ObjectMeta, uid: &str) -> bool {
    metadata
        .owner_references
        .iter()
        .flatten()
        .any(|owner| owner.controller == Some(true) && owner.uid == uid)
}

fn is_set(metadata: &ObjectMeta, annotation: &str) -> bool {
    metadata
        .annotations
        .as_ref()
        .and_then(|found| found.get(annotation))
        .map(String::as_str)
        == Some("true")
}

#[cfg(test)]
mod tests;
