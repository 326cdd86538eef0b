//! The Secret as it should be, compared with the one there is.

use std::collections::{BTreeMap, BTreeSet};

use api::external_secrets::CreationPolicy;
use api::names::external_secrets::{CREATED_BY, DATA_HASH, MANAGED};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use manifests::Manifest;
use serde_json::{Value, json};

use super::Write;
use crate::error::{Category, Error};
use crate::kinds::external_secret::hash;
use crate::kinds::external_secret::live::{Live, Own};
use crate::kinds::external_secret::parse::Wanted;
use crate::kinds::external_secret::status::{
    COULD_NOT_UPDATE, IMMUTABLE, NOT_OWNER, OWNED_BY_ANOTHER, SYNC_ERROR,
};
use crate::secrets::Data;

const GROUP: &str = "external-secrets.io";
const API_VERSION: &str = "external-secrets.io/v1";
const KIND: &str = "ExternalSecret";

type Texts = BTreeMap<String, String>;

/// The parts of a Secret that are compared and written.
struct Next {
    metadata: ObjectMeta,
    kind: String,
    is_immutable: bool,
    data: Data,
}

/// Decides what to write for fetched values (§7.9).
pub(super) fn write(wanted: &Wanted, fetched: &Data, live: Option<&Live>) -> Result<Write, Error> {
    if let Some(live) = live {
        refuse_foreign(wanted, live)?;
    }
    let next = next(wanted, fetched, live);
    let Some(live) = live else {
        return manifest(wanted, &next).map(Write::Create);
    };
    if live.is_immutable && (next.data != live.data || Some(&next.kind) != live.kind.as_ref()) {
        let cause = format!(
            "unable to update secret {}: it is immutable",
            wanted.target.name
        );
        return Err(invalid(IMMUTABLE).because(cause));
    }
    if is_same(&next, live) {
        return Ok(Write::Keep);
    }
    manifest(wanted, &next).map(Write::Replace)
}

/// Whether the Secret is this ExternalSecret's to delete: controlled by it, or made by it and
/// controlled by nobody.
pub(super) fn is_owned(wanted: &Wanted, live: &Live) -> bool {
    match live.controller() {
        Some(owner) => is_self(wanted, owner),
        None => live
            .metadata
            .labels
            .as_ref()
            .and_then(|labels| labels.get(CREATED_BY))
            .is_some_and(|maker| *maker == hash::of_maker(&wanted.namespace, &wanted.name)),
    }
}

/// Refuses a Secret that another controller owns (I3).
fn refuse_foreign(wanted: &Wanted, live: &Live) -> Result<(), Error> {
    let Some(owner) = live.controller() else {
        return Ok(());
    };
    if is_self(wanted, owner) {
        return Ok(());
    }
    let cause = format!(
        "unable to mutate secret {}: it is controlled by {} {}",
        wanted.target.name, owner.kind, owner.name
    );
    if is_external_secret(owner) {
        return Err(invalid(OWNED_BY_ANOTHER).because(cause));
    }
    if wanted.target.creation == CreationPolicy::Owner {
        return Err(invalid(NOT_OWNER).because(cause));
    }
    Ok(())
}

fn invalid(message: &'static str) -> Error {
    Error::new(Category::Invalid, SYNC_ERROR, message)
}

/// Version and uid do not count: an object that was made anew is the same maker.
fn is_external_secret(owner: &OwnerReference) -> bool {
    let group = owner.api_version.split_once('/').map(|(group, _)| group);
    group == Some(GROUP) && owner.kind == KIND
}

fn is_self(wanted: &Wanted, owner: &OwnerReference) -> bool {
    is_external_secret(owner) && owner.name == wanted.name
}

fn next(wanted: &Wanted, fetched: &Data, live: Option<&Live>) -> Next {
    let target = &wanted.target;
    let mut next = match live {
        // An immutable Secret stays as it is but for its marks.
        Some(live) if target.is_immutable => Next {
            metadata: live.metadata.clone(),
            kind: live.kind.clone().unwrap_or_default(),
            is_immutable: true,
            data: live.data.clone(),
        },
        live => rendered(wanted, fetched, live),
    };
    mark(wanted, &mut next);
    next
}

/// Fetched values and wanted metadata over what others wrote; what we wrote before and is not
/// wanted any more goes.
fn rendered(wanted: &Wanted, fetched: &Data, live: Option<&Live>) -> Next {
    let target = &wanted.target;
    let own = live
        .map(|live| live.written_by(&hash::field_manager(&wanted.name)))
        .unwrap_or_default();
    let mut metadata = live.map_or_else(
        || ObjectMeta {
            name: Some(target.name.clone()),
            namespace: Some(wanted.namespace.clone()),
            ..ObjectMeta::default()
        },
        |live| live.metadata.clone(),
    );
    let labels = merged(metadata.labels, &own.labels, &target.labels);
    metadata.labels = Some(labels);
    let annotations = merged(metadata.annotations, &own.annotations, &target.annotations);
    metadata.annotations = Some(annotations);
    if metadata.deletion_timestamp.is_none() && !target.finalizers.is_empty() {
        let finalizers = metadata.finalizers.get_or_insert_default();
        for finalizer in &target.finalizers {
            if !finalizers.contains(finalizer) {
                finalizers.push(finalizer.clone());
            }
        }
    }
    Next {
        metadata,
        kind: target
            .kind
            .clone()
            .or_else(|| live?.kind.clone())
            .unwrap_or_else(|| "Opaque".to_owned()),
        is_immutable: target.is_immutable || live.is_some_and(|live| live.is_immutable),
        data: data(wanted, fetched, live, &own),
    }
}

fn data(wanted: &Wanted, fetched: &Data, live: Option<&Live>, own: &Own) -> Data {
    let keeps_others = matches!(
        wanted.target.creation,
        CreationPolicy::Merge | CreationPolicy::CreateOrMerge
    );
    let mut data = match live {
        Some(live) if keeps_others => live.data.clone(),
        _ => Data::new(),
    };
    data.retain(|key, _| !own.keys.contains(key));
    data.extend(
        fetched
            .iter()
            .map(|(key, value)| (key.clone(), value.clone())),
    );
    data
}

fn merged(live: Option<Texts>, own: &BTreeSet<String>, wanted: &Texts) -> Texts {
    let mut texts = live.unwrap_or_default();
    texts.retain(|key, _| !own.contains(key));
    texts.extend(
        wanted
            .iter()
            .map(|(key, value)| (key.clone(), value.clone())),
    );
    texts
}

/// Puts on what marks the Secret as ours, and takes off what does not hold any more.
fn mark(wanted: &Wanted, next: &mut Next) {
    let labels = next.metadata.labels.get_or_insert_default();
    labels.insert(MANAGED.to_owned(), "true".to_owned());
    let maker = hash::of_maker(&wanted.namespace, &wanted.name);
    let owners = next.metadata.owner_references.get_or_insert_default();
    if wanted.target.creation == CreationPolicy::Owner {
        labels.insert(CREATED_BY.to_owned(), maker);
        let own = owner(wanted);
        match owners.iter_mut().find(|owner| is_self(wanted, owner)) {
            Some(owner) => *owner = own,
            None => owners.push(own),
        }
    } else {
        if labels.get(CREATED_BY) == Some(&maker) {
            labels.remove(CREATED_BY);
        }
        owners.retain(|owner| !is_self(wanted, owner));
    }
    next.metadata
        .annotations
        .get_or_insert_default()
        .insert(DATA_HASH.to_owned(), hash::of_data(&next.data));
}

fn owner(wanted: &Wanted) -> OwnerReference {
    OwnerReference {
        api_version: API_VERSION.to_owned(),
        kind: KIND.to_owned(),
        name: wanted.name.clone(),
        uid: wanted.uid.clone(),
        controller: Some(true),
        block_owner_deletion: Some(true),
    }
}

fn is_same(next: &Next, live: &Live) -> bool {
    let texts = |texts: &Option<Texts>| texts.clone().unwrap_or_default();
    let (wanted, found) = (&next.metadata, &live.metadata);
    next.data == live.data
        && Some(&next.kind) == live.kind.as_ref()
        && next.is_immutable == live.is_immutable
        && texts(&wanted.labels) == texts(&found.labels)
        && texts(&wanted.annotations) == texts(&found.annotations)
        && wanted.finalizers.clone().unwrap_or_default()
            == found.finalizers.clone().unwrap_or_default()
        && wanted.owner_references.clone().unwrap_or_default()
            == found.owner_references.clone().unwrap_or_default()
}

fn manifest(wanted: &Wanted, next: &Next) -> Result<Manifest, Error> {
    let mut metadata = next.metadata.clone();
    // Who wrote what is the API server's to know.
    metadata.managed_fields = None;
    let mut object = json!({"apiVersion": "v1", "kind": "Secret", "type": next.kind});
    object["metadata"] = serde_json::to_value(&metadata)
        .map_err(|source| Error::internal("write the Secret's metadata", source))?;
    if next.is_immutable {
        object["immutable"] = Value::Bool(true);
    }
    let mut manifest = Manifest::new(object, None).ok_or_else(|| {
        let cause = format!("{:?} is no name", wanted.target.name);
        invalid(COULD_NOT_UPDATE).because(cause)
    })?;
    for (key, value) in &next.data {
        manifest.set_secret_value(key, value);
    }
    Ok(manifest)
}
