//! What wakes a Kustomization besides itself: a new artifact of its source, a dependency that became
//! ready, a change of an object it applied, and a Secret that its workloads wait for.

use std::sync::Arc;

use api::kustomize::Kustomization;
use api::source::GitRepository;
use futures::stream::{BoxStream, StreamExt};
use kube::ResourceExt;
use kube::runtime::reflector::{ObjectRef, Store};

use pipeline::unit::Family;

use super::drift::OWNERS;
use crate::context::Context;
use crate::driver::Guarded;
use crate::kinds::drift;

/// Returns the stream of Kustomizations to wake.
pub(super) fn triggers(
    context: &Arc<Context>,
) -> BoxStream<'static, ObjectRef<Guarded<Kustomization>>> {
    let mut streams = Vec::new();
    if let Some(repositories) = context.seen.take_git_repository_changes() {
        let store = context.seen.kustomizations.clone();
        let mut last = std::collections::HashMap::new();
        streams.push(
            repositories
                .filter_map(move |guarded| {
                    let changed = new_artifact(&mut last, &guarded);
                    std::future::ready(changed.then_some(guarded))
                })
                .flat_map(move |repository| futures::stream::iter(users(&store, &repository)))
                .boxed(),
        );
    }
    if let Some(kustomizations) = context.seen.take_kustomization_changes() {
        let store = context.seen.kustomizations.clone();
        let mut last = std::collections::HashMap::new();
        streams.push(
            kustomizations
                .filter_map(move |guarded| {
                    let changed = newly_applied(&mut last, &guarded);
                    std::future::ready(changed.then_some(guarded))
                })
                .flat_map(move |dependency| futures::stream::iter(dependents(&store, &dependency)))
                .boxed(),
        );
    }
    streams.push(drift::triggers(context, OWNERS));
    let waiting = context.engine.awaited.woken(Family::Flux);
    streams.push(
        waiting
            .map(|unit| ObjectRef::new(&unit.name).within(&unit.namespace))
            .boxed(),
    );
    futures::stream::select_all(streams).boxed()
}

type Last = std::collections::HashMap<(String, String), Option<String>>;

/// Whether a repository shows another artifact than before.
fn new_artifact(last: &mut Last, guarded: &Guarded<GitRepository>) -> bool {
    let Ok(repository) = &guarded.0 else {
        return false;
    };
    let digest = repository
        .status
        .as_ref()
        .and_then(|status| status.artifact.as_ref())
        .map(|artifact| format!("{} {:?}", artifact.revision, artifact.digest));
    changed(last, repository, digest)
}

/// Whether a Kustomization shows another applied revision than before.
fn newly_applied(last: &mut Last, guarded: &Guarded<Kustomization>) -> bool {
    let Ok(kustomization) = &guarded.0 else {
        return false;
    };
    let applied = kustomization.status.as_ref().and_then(|status| {
        Some(format!(
            "{} {:?}",
            status.last_applied_revision.as_ref()?,
            status.observed_generation
        ))
    });
    applied.is_some() && changed(last, kustomization, applied)
}

fn changed(last: &mut Last, object: &impl ResourceExt, now: Option<String>) -> bool {
    let key = (object.namespace().unwrap_or_default(), object.name_any());
    last.insert(key, now.clone()) != Some(now)
}

fn users(
    store: &Store<Guarded<Kustomization>>,
    repository: &Guarded<GitRepository>,
) -> Vec<ObjectRef<Guarded<Kustomization>>> {
    let (name, namespace) = (repository.name_any(), repository.namespace());
    pick(store, |kustomization| {
        let source = &kustomization.spec.source_ref;
        let source_namespace = source
            .namespace
            .clone()
            .or_else(|| kustomization.namespace());
        source.name == name && source_namespace == namespace
    })
}

fn dependents(
    store: &Store<Guarded<Kustomization>>,
    dependency: &Guarded<Kustomization>,
) -> Vec<ObjectRef<Guarded<Kustomization>>> {
    let (name, namespace) = (dependency.name_any(), dependency.namespace());
    pick(store, |kustomization| {
        kustomization.spec.depends_on.iter().any(|entry| {
            entry.name == name
                && entry
                    .namespace
                    .clone()
                    .or_else(|| kustomization.namespace())
                    == namespace
        })
    })
}

fn pick(
    store: &Store<Guarded<Kustomization>>,
    is_wanted: impl Fn(&Kustomization) -> bool,
) -> Vec<ObjectRef<Guarded<Kustomization>>> {
    store
        .state()
        .iter()
        .filter(|guarded| guarded.0.as_ref().is_ok_and(&is_wanted))
        .map(|guarded| ObjectRef::from_obj(guarded.as_ref()))
        .collect()
}
