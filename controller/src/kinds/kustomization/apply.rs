//! Hands the plan to the engine.

use api::kustomize::{Inventory, InventoryEntry, Kustomization};
use cluster::{Cluster, Identity};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::api::{Patch, PatchParams};
use kube::runtime::reflector::ObjectRef;
use kube::{Api, Resource};
use manifests::Revision;
use serde_json::json;
use tracing::{debug, warn};

use super::observe::identity;
use super::parse;
use super::plan::Plan;
use crate::context::Context;
use crate::driver::{Note, Reconciler, Severity};
use crate::engine::{Notice, Prepared, Progress, State};
use crate::error::{Category, Chain, Error};
use crate::kinds::drift;

/// Reason of the event about a definition that is pruned with objects of its kind.
const PRUNING_WITH_INSTANCES: &str = "PruningCRDWithInstances";

/// How far the revision was brought.
pub(crate) struct Applied {
    pub(super) revision: Revision,
    pub(super) progress: Result<Progress, Error>,
    pub(super) notices: Vec<Notice>,
    /// How long the run took.
    pub(super) took: std::time::Duration,
}

impl Applied {
    /// Returns why the run failed, when it did.
    pub(super) fn failure(&self) -> Option<&Error> {
        match &self.progress {
            Ok(Progress {
                state: State::Failed { error, .. },
                ..
            })
            | Err(error) => Some(error),
            Ok(_) => None,
        }
    }
}

/// Brings the cluster to the plan's state.
pub(super) async fn apply(plan: Plan, context: &Context) -> Result<Applied, Error> {
    let started = std::time::Instant::now();
    let progress = match plan.prepared {
        Ok(prepared) => {
            claim(&prepared, context).await?;
            warn_of_instances(&prepared, &plan.cluster, context).await;
            let progress = context
                .engine
                .bring(&prepared, &plan.cluster, plan.now)
                .await;
            drift::watch(&context.drift, &progress.inventory);
            Ok(progress)
        }
        Err(error) => Err(error),
    };
    let mut notices = plan.notices;
    if let Ok(progress) = &progress {
        notices.extend(progress.notices.iter().cloned());
    }
    Ok(Applied {
        revision: plan.revision,
        progress,
        notices,
        took: started.elapsed(),
    })
}

/// Tells, before it happens, of definitions that are pruned together with objects of their kinds.
async fn warn_of_instances(prepared: &Prepared, cluster: &Cluster, context: &Context) {
    let said = context.engine.instances_to_prune(prepared, cluster).await;
    let id = &prepared.unit().id;
    let reference = ObjectRef::new(&id.name).within(&id.namespace);
    let Some(unit) = context.seen.kustomizations.get(&reference) else {
        return;
    };
    for message in said {
        let note = Note {
            severity: Severity::Warning,
            reason: PRUNING_WITH_INSTANCES.to_owned(),
            message,
        };
        let (now, of) = ((context.clock)(), unit.object_ref(&()));
        let told = context
            .events
            .publish(super::Kustomizations::REPORTER, &of, &note, now);
        if let Err(error) = told.await {
            debug!(error = %error, "event not recorded");
        }
    }
}

/// Records what is about to be written, when the inventory does not hold it already: a crash in the
/// middle must not leave an object that nobody knows.
async fn claim(prepared: &Prepared, context: &Context) -> Result<(), Error> {
    let Some(inventory) = prepared.inventory_before() else {
        return Ok(());
    };
    let id = &prepared.unit().id;
    let client = context.clusters.own().client().clone();
    let patch = json!({"status": {"inventory": to_status(&inventory)}});
    Api::<Kustomization>::namespaced(client, &id.namespace)
        .patch_status(&id.name, &PatchParams::default(), &Patch::Merge(patch))
        .await
        .map(|written| context.written.note(&written))
        .map_err(|source| Error::kubernetes("record the inventory", source))
}

/// Deletes what the object had applied, as its deletion policy says.
pub(super) async fn clean_up(object: &Kustomization, context: &Context) -> Result<(), Error> {
    let unit = parse::to_delete(object);
    let identity = identity(&unit, context.flags.default_service_account.as_deref());
    let cluster = context
        .clusters
        .with_rights_of(&identity)?
        .on_behalf_of(&unit.id.namespace, &unit.id.name);
    let torn_down = context
        .engine
        .tear_down(&unit, &pipeline::unit::flux::inventory(object), &cluster)
        .await;
    match (torn_down, &identity) {
        (Err(error), Identity::ServiceAccount { namespace, name })
            if error.category() == Category::Denied
                && is_gone(namespace, name, context).await? =>
        {
            // Nobody is left whose rights could be used, and the object must not stay for ever.
            warn!(
                kind = "Kustomization",
                namespace = unit.id.namespace,
                name = unit.id.name,
                service_account = name,
                error = %Chain(&error),
                "what was applied stays, its ServiceAccount is gone"
            );
            Ok(())
        }
        (torn_down, _) => torn_down,
    }
}

async fn is_gone(namespace: &str, name: &str, context: &Context) -> Result<bool, Error> {
    let client = context.clusters.own().client().clone();
    Api::<ServiceAccount>::namespaced(client, namespace)
        .get_metadata_opt(name)
        .await
        .map(|found| found.is_none())
        .map_err(|source| Error::kubernetes("look for the ServiceAccount", source))
}

/// Writes an inventory as the status holds it.
pub(super) fn to_status(inventory: &pipeline::inventory::Inventory) -> Inventory {
    let entries = inventory
        .entries()
        .map(|(id, version)| InventoryEntry {
            id,
            v: version.to_owned(),
        })
        .collect();
    Inventory { entries }
}
