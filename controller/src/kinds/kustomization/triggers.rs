//! What wakes a Kustomization besides itself: a new artifact of its source, a dependency that became
//! ready, a change of an object it applied, and a Secret that its workloads wait for.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use api::kustomize::Kustomization;
use api::source::{Artifact, GitRepository};
use futures::stream::{BoxStream, StreamExt};
use kube::ResourceExt;
use kube::runtime::reflector::{ObjectRef, Store};
use manifests::Tree;
use pipeline::unit::Family;

use super::drift::OWNERS;
use super::order::ChangedFiles;
use crate::context::Context;
use crate::driver::Guarded;
use crate::kinds::drift;

type Woken = ObjectRef<Guarded<Kustomization>>;

/// Returns the stream of Kustomizations to wake.
pub(super) fn triggers(context: &Arc<Context>) -> BoxStream<'static, Woken> {
    let mut streams = Vec::new();
    if let Some(repositories) = context.seen.take_git_repository_changes() {
        let context = Arc::clone(context);
        let mut last = HashMap::new();
        streams.push(
            repositories
                .filter_map(move |guarded| {
                    let change = new_artifact(&mut last, &guarded);
                    std::future::ready(change.map(|change| (guarded, change)))
                })
                .then(move |(repository, change)| {
                    let context = Arc::clone(&context);
                    async move { users(&repository, &change, &context).await }
                })
                .flat_map(futures::stream::iter)
                .boxed(),
        );
    }
    if let Some(kustomizations) = context.seen.take_kustomization_changes() {
        let mut last = HashMap::new();
        let mut dependents = Dependents::default();
        streams.push(
            kustomizations
                .map(move |guarded| {
                    dependents.take(&guarded);
                    if newly_applied(&mut last, &guarded) {
                        dependents.of(&guarded)
                    } else {
                        Vec::new()
                    }
                })
                .flat_map(futures::stream::iter)
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

type Last<T> = HashMap<(String, String), Option<T>>;

/// A repository shows another artifact than before.
struct Change {
    before: Option<Artifact>,
    now: Option<Artifact>,
}

/// Returns the change, when a repository shows another artifact than before.
fn new_artifact(last: &mut Last<Artifact>, guarded: &Guarded<GitRepository>) -> Option<Change> {
    let repository = guarded.0.as_ref().ok()?;
    let artifact = repository.status.as_ref()?.artifact.clone();
    let is_same = |before: &Option<Artifact>| match (before, &artifact) {
        (Some(before), Some(now)) => {
            (&before.revision, &before.digest) == (&now.revision, &now.digest)
        }
        (before, now) => before.is_none() && now.is_none(),
    };
    let known = last.get(&key(repository));
    if known.is_some_and(is_same) {
        return None;
    }
    Some(Change {
        before: last.insert(key(repository), artifact.clone()).flatten(),
        now: artifact,
    })
}

/// Whether a Kustomization shows another applied revision than before.
fn newly_applied(last: &mut Last<String>, guarded: &Guarded<Kustomization>) -> bool {
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

fn changed(last: &mut Last<String>, object: &impl ResourceExt, now: Option<String>) -> bool {
    last.insert(key(object), now.clone()) != Some(now)
}

fn key(object: &impl ResourceExt) -> (String, String) {
    (object.namespace().unwrap_or_default(), object.name_any())
}

/// Returns the units of a repository, those first in whose folders something changed.
async fn users(
    repository: &Guarded<GitRepository>,
    change: &Change,
    context: &Context,
) -> Vec<Woken> {
    let (name, namespace) = (repository.name_any(), repository.namespace());
    let mut users = pick(&context.seen.kustomizations, |kustomization| {
        let source = &kustomization.spec.source_ref;
        let source_namespace = source
            .namespace
            .clone()
            .or_else(|| kustomization.namespace());
        source.name == name && source_namespace == namespace
    });
    if let (Some(before), Some(now)) = (&change.before, &change.now)
        && let (Some(before), Some(now)) = (tree(before, context).await, tree(now, context).await)
    {
        let changed = ChangedFiles::between(&before, &now);
        users.sort_by_cached_key(|(_, path)| {
            let path = path.as_deref().unwrap_or_default().parse();
            !path.is_ok_and(|path| changed.are_below(&path))
        });
    }
    users.into_iter().map(|(unit, _path)| unit).collect()
}

/// Returns the tree of an artifact, when our store has it.
async fn tree(artifact: &Artifact, context: &Context) -> Option<Arc<Tree>> {
    let revision = artifact.revision.parse().ok()?;
    let digest = artifact.digest.as_deref()?.parse().ok()?;
    let found = context.artifacts.load(&revision, &digest).await;
    // What cannot be read is told by the units themselves.
    Some(found.ok()??.tree)
}

/// Which units wait for which, so that not all are looked through for each.
#[derive(Default)]
struct Dependents {
    dependencies: HashMap<(String, String), Vec<(String, String)>>,
    dependents: HashMap<(String, String), BTreeSet<(String, String)>>,
}

impl Dependents {
    /// Takes in what a unit depends on.
    fn take(&mut self, guarded: &Guarded<Kustomization>) {
        let unit = key(guarded);
        let dependencies = guarded.0.as_ref().map_or_else(
            |_| Vec::new(),
            |unit| {
                let namespace = unit.namespace().unwrap_or_default();
                let entries = unit.spec.depends_on.iter();
                entries
                    .map(|entry| {
                        let namespace = entry.namespace.as_ref().unwrap_or(&namespace);
                        (namespace.clone(), entry.name.clone())
                    })
                    .collect()
            },
        );
        if dependencies.is_empty() && !self.dependencies.contains_key(&unit) {
            return;
        }
        for gone in self.dependencies.remove(&unit).unwrap_or_default() {
            if let Some(dependents) = self.dependents.get_mut(&gone) {
                dependents.remove(&unit);
            }
        }
        for dependency in &dependencies {
            let dependents = self.dependents.entry(dependency.clone()).or_default();
            dependents.insert(unit.clone());
        }
        self.dependencies.insert(unit, dependencies);
    }

    /// Returns the units that depend on one.
    fn of(&self, dependency: &Guarded<Kustomization>) -> Vec<Woken> {
        let dependents = self.dependents.get(&key(dependency)).into_iter().flatten();
        dependents
            .map(|(namespace, name)| ObjectRef::new(name).within(namespace))
            .collect()
    }
}

fn pick(
    store: &Store<Guarded<Kustomization>>,
    is_wanted: impl Fn(&Kustomization) -> bool,
) -> Vec<(Woken, Option<String>)> {
    let units = store.state();
    let wanted = units.iter().filter_map(|guarded| {
        let unit = guarded.0.as_ref().ok().filter(|unit| is_wanted(unit))?;
        Some((
            ObjectRef::from_obj(guarded.as_ref()),
            unit.spec.path.clone(),
        ))
    });
    wanted.collect()
}
