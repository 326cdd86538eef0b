//! Which changes of an object wake its reconciler: all but those of its status and finalizers.

use std::hash::{DefaultHasher, Hash, Hasher};

use kube::Resource;

use super::{Guarded, Reconciler};

/// Returns a hash of what wakes a reconciler: identity, spec, labels, annotations and deletion. A
/// status or a finalizer we wrote ourselves does not.
#[expect(
    clippy::unnecessary_wraps,
    reason = "a predicate of the watch may have nothing to say"
)]
pub(super) fn significant<R: Reconciler>(guarded: &Guarded<R::Kind>) -> Option<u64> {
    let meta = guarded.meta();
    let mut hasher = DefaultHasher::new();
    meta.uid.hash(&mut hasher);
    let generation = match &guarded.0 {
        Ok(object) => R::generation(object),
        Err(_) => meta.generation,
    };
    generation.hash(&mut hasher);
    meta.labels.hash(&mut hasher);
    meta.annotations.hash(&mut hasher);
    meta.deletion_timestamp.is_some().hash(&mut hasher);
    Some(hasher.finish())
}
