//! Which Kustomization an object is of, so that it is woken when somebody else changed the object
//! (G-206).

use api::kustomize::Kustomization;
use api::names::flux;
use cluster::ChangedObject;
use kube::runtime::reflector::{ObjectRef, Store};
use manifests::ObjectId;
use pipeline::unit::flux::inventory;

use crate::driver::Guarded;
use crate::kinds::drift::Owners;

/// How Kustomizations know what they applied.
pub(super) const OWNERS: Owners = Owners {
    drift: |context| &context.drift,
    label: Some(flux::OWNER_NAME),
    owner: |changed, _context| owner(changed),
    holds: |context, owner, id| holds(&context.seen.kustomizations, owner, id),
};

/// Whether a unit applied the object, as its inventory says.
///
/// Labels are what anybody may write who may write the object: they wake nobody by themselves.
fn holds(
    units: &Store<Guarded<Kustomization>>,
    (namespace, name): &(String, String),
    id: &ObjectId,
) -> bool {
    let unit = units.get(&ObjectRef::new(name).within(namespace));
    let unit = unit.as_ref().and_then(|guarded| guarded.0.as_ref().ok());
    unit.is_some_and(|unit| inventory(unit).iter().any(|(held, _)| held == id))
}

fn owner(changed: &ChangedObject) -> Option<(String, String)> {
    let name = changed.labels.get(flux::OWNER_NAME)?;
    let namespace = changed.labels.get(flux::OWNER_NAMESPACE)?;
    Some((namespace.clone(), name.clone()))
}

#[cfg(test)]
mod tests;
