//! What wakes an Application besides itself: its project, an object it applied, a Secret that one of
//! its workloads waits for.

use std::sync::Arc;

use api::argo::Application;
use api::names::argo;
use cluster::ChangedObject;
use futures::stream::{BoxStream, StreamExt};
use kube::ResourceExt;
use kube::runtime::reflector::ObjectRef;
use manifests::ObjectId;
use pipeline::unit::Family;

use super::observe::project_name;
use crate::context::Context;
use crate::driver::Guarded;
use crate::kinds::drift::{self, Owners};

/// How Applications know what they applied: by an annotation, which no watch can be limited to.
const OWNERS: Owners = Owners {
    drift: |context| &context.application_drift,
    label: None,
    owner,
    holds,
};

/// Returns the stream of Applications to wake.
pub(super) fn triggers(
    context: &Arc<Context>,
) -> BoxStream<'static, ObjectRef<Guarded<Application>>> {
    let mut streams = Vec::new();
    if let Some(projects) = context.seen.take_app_project_changes() {
        let store = context.seen.applications.clone();
        let members = projects.flat_map(move |project| {
            let name = project.name_any();
            let members: Vec<_> = store
                .state()
                .iter()
                .filter(|guarded| {
                    guarded
                        .0
                        .as_ref()
                        .is_ok_and(|app| project_name(app) == name)
                })
                .map(|guarded| ObjectRef::from_obj(guarded.as_ref()))
                .collect();
            futures::stream::iter(members)
        });
        streams.push(members.boxed());
    }
    let woken = context.engine.awaited.woken(Family::Argo);
    let woken = woken.map(|unit| ObjectRef::new(&unit.name).within(&unit.namespace));
    streams.push(woken.boxed());
    streams.push(drift::triggers(context, OWNERS));
    futures::stream::select_all(streams).boxed()
}

/// Returns namespace and name of the Application that an object says it is of.
fn owner(changed: &ChangedObject, context: &Context) -> Option<(String, String)> {
    let id = changed.annotations.get(argo::TRACKING_ID)?;
    let (instance, _) = id.split_once(':')?;
    Some(match instance.split_once('_') {
        Some((namespace, name)) => (namespace.to_owned(), name.to_owned()),
        None => (context.flags.argo_namespace.clone(), instance.to_owned()),
    })
}

/// Whether an Application knows the object. Annotations are what anybody may write who may write the
/// object: they wake nobody by themselves.
fn holds(context: &Context, (namespace, name): &(String, String), id: &ObjectId) -> bool {
    let reference = ObjectRef::new(name).within(namespace);
    let found = context.seen.applications.get(&reference);
    let app = found.as_ref().and_then(|guarded| guarded.0.as_ref().ok());
    app.is_some_and(|app| pipeline::unit::argo::inventory(app).contains(id))
}
