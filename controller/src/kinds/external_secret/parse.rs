//! What the object asks for; what is not built is refused by its field (§7.13).

mod refuse;

use std::collections::BTreeMap;

use api::condition::{ConditionStatus, find_condition};
use api::external_secrets::{
    ConversionStrategy, CreationPolicy, DataEntry, DataFromEntry, DecodingStrategy, DeletionPolicy,
    ExternalSecret, ExternalSecretSpec, MetadataPolicy as WantedMetadata, NullBytePolicy,
    RefreshPolicy, RemoteRef as WantedRef, StoreRef, Template,
};
use api::names::external_secrets::READY;
use kube::ResourceExt;
use providers::{MetadataPolicy, RemoteRef};

use super::due::Refresh;
use super::hash;
use crate::stores::StoreId;

pub(super) use refuse::Refusal;

/// An ExternalSecret that can be tried.
pub(crate) struct Wanted {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) uid: String,
    pub(super) target: Target,
    pub(super) refresh: Refresh,
    /// The Secret that was written before.
    pub(super) bound: Option<String>,
    /// Every store that is named.
    pub(super) stores: Vec<StoreId>,
    /// What to fetch, in the order in which later entries win; or why nothing can be.
    ///
    /// A refusal is told after the stores were looked at: an object that is served by a controller
    /// of another class is none of our business.
    pub(super) entries: Result<Vec<Entry>, Refusal>,
}

/// The Secret to write.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) name: String,
    pub(super) creation: CreationPolicy,
    pub(super) deletion: DeletionPolicy,
    pub(super) is_immutable: bool,
    /// The Secret's type, where it is asked for.
    pub(super) kind: Option<String>,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) annotations: BTreeMap<String, String>,
    pub(super) finalizers: Vec<String>,
}

/// One thing to fetch.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Its place in the object, for messages: `spec.data[0]`.
    pub(super) place: String,
    pub(super) store: StoreId,
    pub(super) remote: RemoteRef,
    pub(super) becomes: Becomes,
    pub(super) decoding: DecodingStrategy,
    pub(super) null_bytes: NullBytePolicy,
}

/// What a fetched item becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Becomes {
    /// The value of one key.
    Value { key: String },
    /// A value for each member.
    Members { conversion: ConversionStrategy },
}

/// Checks the object.
pub(super) fn parse(object: &ExternalSecret) -> Wanted {
    Wanted {
        namespace: object.namespace().unwrap_or_default(),
        name: object.name_any(),
        uid: object.uid().unwrap_or_default(),
        target: target(object),
        refresh: refresh(object),
        bound: object
            .status
            .as_ref()
            .and_then(|status| status.binding.as_ref())
            .map(|binding| binding.name.clone())
            .filter(|name| !name.is_empty()),
        stores: stores(&object.spec),
        entries: entries(&object.spec),
    }
}

/// Returns every store that an object names.
pub(super) fn stores(spec: &ExternalSecretSpec) -> Vec<StoreId> {
    let of_values = spec.data.iter().map(|entry| {
        let source = entry.source_ref.as_ref()?;
        own_store(source.store_ref.as_ref())
    });
    let of_sets = spec.data_from.iter().map(|entry| {
        let source = entry.source_ref.as_ref()?;
        own_store(source.store_ref.as_ref())
    });
    let all = std::iter::once(own_store(spec.secret_store_ref.as_ref()));
    all.chain(of_values).chain(of_sets).flatten().collect()
}

fn entries(spec: &ExternalSecretSpec) -> Result<Vec<Entry>, Refusal> {
    refuse::unsupported(spec)?;
    refuse::contradictions(spec)?;
    let of_all = spec.secret_store_ref.as_ref();
    let sets = spec.data_from.iter().enumerate();
    let values = spec.data.iter().enumerate();
    sets.map(|(index, entry)| members(index, entry, of_all))
        .chain(values.map(|(index, entry)| value(index, entry, of_all)))
        .collect()
}

/// Returns the name of the Secret an ExternalSecret writes.
pub(super) fn target_name(object: &ExternalSecret) -> String {
    let named = object.spec.target.name.clone();
    named
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| object.name_any())
}

fn target(object: &ExternalSecret) -> Target {
    let target = &object.spec.target;
    let metadata = match &target.template {
        Some(template) => template.metadata.clone().unwrap_or_default(),
        // COMPAT: without a template everything is copied, the notes of other tools included.
        None => api::external_secrets::TemplateMetadata {
            labels: object.labels().clone(),
            annotations: object.annotations().clone(),
            finalizers: Vec::new(),
        },
    };
    Target {
        name: target_name(object),
        creation: target.creation_policy,
        deletion: target.deletion_policy,
        is_immutable: target.immutable == Some(true),
        kind: target.template.as_ref().and_then(kind),
        labels: metadata.labels,
        annotations: metadata.annotations,
        finalizers: metadata.finalizers,
    }
}

fn kind(template: &Template) -> Option<String> {
    template.kind.clone().filter(|kind| !kind.is_empty())
}

fn refresh(object: &ExternalSecret) -> Refresh {
    let status = object.status.as_ref();
    Refresh {
        policy: object
            .spec
            .refresh_policy
            .unwrap_or(RefreshPolicy::Periodic),
        interval: object.spec.refresh_interval.positive(),
        version: hash::version(
            object.metadata.generation.unwrap_or_default(),
            object.annotations(),
            object.labels(),
        ),
        fetched: status
            .and_then(|status| status.refresh_time.as_ref())
            .map(|time| time.0),
        fetched_version: status
            .and_then(|status| status.synced_resource_version.clone())
            .filter(|version| !version.is_empty()),
        has_failed: status
            .and_then(|status| find_condition(&status.conditions, READY))
            .is_some_and(|ready| ready.status == ConditionStatus::False),
    }
}

fn members(
    index: usize,
    entry: &DataFromEntry,
    of_all: Option<&StoreRef>,
) -> Result<Entry, Refusal> {
    let place = format!("spec.dataFrom[{index}]");
    let Some(extract) = &entry.extract else {
        return Err(Refusal::new(format!("{place} says nothing to fetch")));
    };
    let own = entry
        .source_ref
        .as_ref()
        .and_then(|source| source.store_ref.as_ref());
    Ok(Entry {
        store: store(&place, own, of_all)?,
        remote: remote(extract),
        becomes: Becomes::Members {
            conversion: extract
                .conversion_strategy
                .unwrap_or(ConversionStrategy::Default),
        },
        decoding: extract.decoding_strategy.unwrap_or(DecodingStrategy::None),
        null_bytes: extract.null_byte_policy.unwrap_or(NullBytePolicy::Ignore),
        place,
    })
}

fn value(index: usize, entry: &DataEntry, of_all: Option<&StoreRef>) -> Result<Entry, Refusal> {
    let place = format!("spec.data[{index}]");
    let own = entry
        .source_ref
        .as_ref()
        .and_then(|source| source.store_ref.as_ref());
    let wanted = &entry.remote_ref;
    Ok(Entry {
        store: store(&place, own, of_all)?,
        remote: remote(wanted),
        becomes: Becomes::Value {
            key: entry.secret_key.clone(),
        },
        decoding: wanted.decoding_strategy.unwrap_or(DecodingStrategy::None),
        null_bytes: wanted.null_byte_policy.unwrap_or(NullBytePolicy::Ignore),
        place,
    })
}

fn store(
    place: &str,
    own: Option<&StoreRef>,
    of_all: Option<&StoreRef>,
) -> Result<StoreId, Refusal> {
    own_store(own.or(of_all)).ok_or_else(|| {
        Refusal::new(format!(
            "{place} names no store and spec.secretStoreRef names none either"
        ))
    })
}

fn own_store(reference: Option<&StoreRef>) -> Option<StoreId> {
    let reference = reference?;
    let name = reference.name.clone().filter(|name| !name.is_empty())?;
    Some(StoreId {
        kind: reference.kind(),
        name,
    })
}

fn remote(wanted: &WantedRef) -> RemoteRef {
    RemoteRef {
        key: wanted.key.clone(),
        property: wanted.property.clone(),
        version: wanted.version.clone(),
        metadata_policy: match wanted.metadata_policy {
            Some(WantedMetadata::Fetch) => MetadataPolicy::Fetch,
            Some(WantedMetadata::None) | None => MetadataPolicy::None,
        },
    }
}

#[cfg(test)]
mod tests;
