//! From the custom resource to the family-neutral [`Unit`].

use api::condition::{ConditionStatus, find_condition};
use api::kustomize::{Kustomization, KustomizationSpec};
use api::names::flux::{READY, RECONCILING, REQUESTED_AT};
use jiff::Timestamp;
use kube::ResourceExt;
use manifests::{BuildOptions, ObjectId};
use pipeline::inventory::Inventory;
use pipeline::unit::{Unit, flux};

use crate::error::{Category, Error};

/// A valid Kustomization.
pub(crate) struct Wanted {
    pub(super) unit: Unit,
    pub(super) source: ObjectId,
    /// Kustomizations that must be ready first: namespace and name.
    pub(super) dependencies: Vec<(String, String)>,
    /// What the status says was applied.
    pub(super) inventory: Inventory,
    /// The revision that is waited for, and since when, if any.
    pub(super) waiting: Option<(String, Timestamp)>,
    /// The revision that the status says is applied whole, as the object asks for it now.
    pub(super) applied: Option<String>,
    /// Whether somebody asks for a run, whatever is known.
    pub(super) is_requested: bool,
}

/// Checks the object.
///
/// A field that would change what is applied or where, and that is not supported yet, is refused:
/// applying something else than what was asked for would be worse than applying nothing.
pub(super) fn parse(object: &Kustomization) -> Result<Wanted, Error> {
    let spec = &object.spec;
    refuse_unsupported(spec)?;
    let namespace = object.namespace().unwrap_or_default();
    let build = flux::build(spec).map_err(|error| {
        Error::new(Category::Invalid, "BuildFailed", "spec.path cannot be used").because(error)
    })?;
    Ok(Wanted {
        unit: flux::unit(object, build),
        source: flux::source(object),
        dependencies: dependencies(spec, &namespace),
        inventory: flux::inventory(object),
        waiting: waiting(object),
        applied: applied(object),
        is_requested: is_requested(object),
    })
}

/// Returns the unit of an object that is deleted: nothing is built of it any more, so that whether
/// it can be built does not matter.
pub(super) fn to_delete(object: &Kustomization) -> Unit {
    flux::unit(object, BuildOptions::default())
}

fn refuse_unsupported(spec: &KustomizationSpec) -> Result<(), Error> {
    match flux::unsupported(spec) {
        None => Ok(()),
        Some(field) => Err(Error::new(
            Category::Invalid,
            "UnsupportedField",
            format!("{field} is not supported yet as it is set here; nothing is applied"),
        )),
    }
}

fn dependencies(spec: &KustomizationSpec, namespace: &str) -> Vec<(String, String)> {
    spec.depends_on
        .iter()
        .map(|dependency| {
            let namespace = dependency.namespace.as_deref().unwrap_or(namespace);
            (namespace.to_owned(), dependency.name.clone())
        })
        .collect()
}

/// A wait lives in the status, so that a restart goes on with it.
pub(super) fn waiting(object: &Kustomization) -> Option<(String, Timestamp)> {
    let status = object.status.as_ref()?;
    let reconciling = find_condition(&status.conditions, RECONCILING)?;
    let is_waiting = reconciling.status == ConditionStatus::True
        && reconciling.reason == super::status::PROGRESSING
        && reconciling.observed_generation == object.metadata.generation;
    let revision = status.last_attempted_revision.clone()?;
    is_waiting.then_some((revision, reconciling.last_transition_time.0))
}

fn applied(object: &Kustomization) -> Option<String> {
    let status = object.status.as_ref()?;
    let ready = find_condition(&status.conditions, READY)?;
    let is_current = ready.status == ConditionStatus::True
        && ready.observed_generation == object.metadata.generation
        && status.last_attempted_revision == status.last_applied_revision;
    status.last_applied_revision.clone().filter(|_| is_current)
}

fn is_requested(object: &Kustomization) -> bool {
    let handled = object
        .status
        .as_ref()
        .and_then(|status| status.last_handled_reconcile_at.as_ref());
    let requested = object.annotations().get(REQUESTED_AT);
    requested.is_some() && requested != handled
}

#[cfg(test)]
mod tests;
