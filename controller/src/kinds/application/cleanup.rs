//! Deletes what a deleted Application had applied, and says why it cannot.

use api::argo::{Application, ApplicationCondition};
use api::condition::{find_condition, set_condition};
use api::names::argo;
use cluster::Identity;
use jiff::Timestamp;
use kube::api::{Patch, PatchParams};
use kube::{Api, ResourceExt};
use pipeline::inventory::Inventory;
use pipeline::operation::is_definition;
use pipeline::project::Policy;
use pipeline::unit::UnitId;
use serde_json::json;

use super::observe;
use crate::context::Context;
use crate::error::{Category, Chain, Error};
use crate::kinds::app_project;

/// Deletes what the object had applied (G-126).
pub(super) async fn clean_up(object: &Application, context: &Context) -> Result<(), Error> {
    let deleted = delete(object, context).await;
    if let Err(error) = &deleted {
        tell(object, error, context).await?;
    }
    deleted
}

async fn delete(object: &Application, context: &Context) -> Result<(), Error> {
    let unit = pipeline::unit::argo::to_delete(object, &context.flags.argo_namespace);
    let UnitId {
        namespace, name, ..
    } = &unit.id;
    let cluster = context
        .clusters
        .with_rights_of(&Identity::Own)?
        .on_behalf_of(namespace, name);
    context.listed(&[app_project::NAME]).await?;
    let policy = Policy::of(observe::project(object, context)?.as_ref());
    // Definitions stay: with them everybody's objects of their kinds would go (G-127). So does what
    // the project does not permit.
    let inventory: Inventory = pipeline::unit::argo::inventory(object)
        .iter()
        .filter(|(id, _)| !is_definition(id) && policy.object(id, None).is_ok())
        .map(|(id, version)| (id.clone(), version.to_owned()))
        .collect();
    context.engine.tear_down(&unit, &inventory, &cluster).await
}

/// Writes into the status why the object is still there, unless it says so already.
async fn tell(object: &Application, error: &Error, context: &Context) -> Result<(), Error> {
    let now = (context.clock)();
    let Some(conditions) = conditions(object, error, &context.flags.argo_namespace, now) else {
        return Ok(());
    };
    let patch = json!({"status": {"conditions": conditions}});
    let client = context.clusters.own().client().clone();
    Api::<Application>::namespaced(client, &object.namespace().unwrap_or_default())
        .patch(
            &object.name_any(),
            &PatchParams::default(),
            &Patch::Merge(patch),
        )
        .await
        .map(|written| context.written.note(&written))
        .map_err(|source| Error::kubernetes("record why it cannot be deleted", source))
}

/// Returns the conditions with the one for a failure that lasts, where it is new.
fn conditions(
    object: &Application,
    error: &Error,
    projects: &str,
    now: Timestamp,
) -> Option<Vec<ApplicationCondition>> {
    let is_lasting = matches!(error.category(), Category::Invalid | Category::Denied);
    if !is_lasting {
        return None;
    }
    let mut message = Chain(error).to_string();
    if error.reason() == argo::INVALID_SPEC_ERROR {
        let project = observe::project_name(object);
        message = format!(
            "{message}; nothing is deleted; hint: have AppProject {project} in namespace {projects}, \
             or take the finalizer off the Application, and its objects stay"
        );
    }
    let status = object.status.as_ref();
    let mut conditions = status.map_or_else(Vec::new, |status| status.conditions.clone());
    let held = find_condition(&conditions, argo::DELETION_ERROR);
    if held.is_some_and(|held| held.message == message) {
        return None;
    }
    let told = ApplicationCondition::new(argo::DELETION_ERROR, message, now);
    set_condition(&mut conditions, told);
    Some(conditions)
}

#[cfg(test)]
mod tests;
