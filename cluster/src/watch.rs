//! Watching managed objects by metadata alone.

use std::collections::BTreeMap;

use futures::{Stream, StreamExt};
use kube::Api;
use kube::core::{DynamicObject, PartialObjectMeta};
use kube::runtime::{WatchStreamExt, watcher};
use manifests::{GroupKind, ObjectId};

use crate::clusters::Cluster;
use crate::resources::Kind;

/// Something happened to an object of a watched kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedObject {
    /// Which object.
    pub id: ObjectId,
    /// What happened.
    pub change: Change,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// Its `metadata.generation`, for kinds that count their spec's changes.
    pub generation: Option<i64>,
    /// Its `metadata.resourceVersion`.
    pub resource_version: String,
}

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It was there when the watch began, or when it began again.
    Seen,
    /// It was created or changed.
    Written,
    /// It is gone.
    Deleted,
}

impl Cluster {
    /// Watches the metadata of a kind's objects in all namespaces: of those that carry a label, or
    /// of all.
    ///
    /// The stream never ends; an error means that it is retried with growing pauses.
    pub fn watch_metadata(
        &self,
        kind: &Kind,
        label_selector: Option<&str>,
    ) -> impl Stream<Item = Result<ChangedObject, watcher::Error>> + Send + use<> {
        let api = Api::<PartialObjectMeta<DynamicObject>>::all_with(
            self.client().clone(),
            &kind.resource,
        );
        let all = watcher::Config::default().any_semantic();
        let config = match label_selector {
            Some(selector) => all.labels(selector),
            None => all,
        };
        let group_kind = GroupKind::new(&kind.resource.group, &kind.resource.kind);
        let shown = self.versions.watch(&group_kind);
        watcher(api, config)
            .default_backoff()
            .filter_map(move |event| {
                shown.take(&event);
                let change = match event {
                    Ok(watcher::Event::InitApply(object)) => Ok((object, Change::Seen)),
                    Ok(watcher::Event::Apply(object)) => Ok((object, Change::Written)),
                    Ok(watcher::Event::Delete(object)) => Ok((object, Change::Deleted)),
                    Ok(watcher::Event::Init | watcher::Event::InitDone) => {
                        return std::future::ready(None);
                    }
                    Err(error) => Err(error),
                };
                std::future::ready(Some(
                    change.map(|(object, change)| changed(&group_kind, object, change)),
                ))
            })
    }
}

fn changed(
    group_kind: &GroupKind,
    object: PartialObjectMeta<DynamicObject>,
    change: Change,
) -> ChangedObject {
    let metadata = object.metadata;
    ChangedObject {
        id: ObjectId::new(
            group_kind.clone(),
            metadata.namespace.as_deref(),
            metadata.name.unwrap_or_default(),
        ),
        change,
        labels: metadata.labels.unwrap_or_default(),
        annotations: metadata.annotations.unwrap_or_default(),
        generation: metadata.generation,
        resource_version: metadata.resource_version.unwrap_or_default(),
    }
}
