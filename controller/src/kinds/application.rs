//! `Application`: the Argo CD front door. It parses itself into a [`pipeline::unit::Unit`], has the
//! engine compare that with the cluster, and syncs it when that is asked for.
//!
//! Everything about a sync that is on its way is in the object's own status, so that a restart goes
//! on with it.

mod apply;
mod cleanup;
mod namespace;
mod observe;
mod options;
mod parse;
mod plan;
mod record;
mod status;
mod sync;
mod triggers;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use api::argo::{Application, ApplicationStatus, OperationPhase};
use api::names::argo;
use futures::stream::BoxStream;
use jiff::Timestamp;
use kube::ResourceExt;
use kube::runtime::reflector::ObjectRef;
use serde_json::Value;

use crate::context::Context;
use crate::driver::{Guarded, Reconciler, Report, StatusUpdate};
use crate::error::Error;
use crate::flags::Flags;

/// The steps of `Application`.
pub(crate) struct Applications;

impl Reconciler for Applications {
    type Kind = Application;
    type Wanted = parse::Wanted;
    type Found = observe::Found;
    type Plan = plan::Plan;
    type Applied = apply::Applied;
    type Status = ApplicationStatus;

    const NAME: &'static str = "Application";
    const REPORTER: &'static str = "argocd-application-controller";
    const STATUS_UPDATE: StatusUpdate = StatusUpdate::Object;

    /// One in a namespace that is not served is somebody else's, one that is marked rests.
    fn is_suspended(object: &Application, flags: &Flags) -> bool {
        let rests = object.annotations().get(argo::SKIP_RECONCILE);
        !is_served(object, flags) || rests.is_some_and(|value| value == "true")
    }

    /// The kind has no status of its own, so that each write counts as a new generation.
    fn generation(object: &Application) -> Option<i64> {
        let mut hasher = DefaultHasher::new();
        for part in [
            serde_json::to_string(&object.spec),
            serde_json::to_string(&object.operation),
        ] {
            part.ok()?.hash(&mut hasher);
        }
        let status = object.status.as_ref();
        let state = status.and_then(|status| status.operation_state.as_ref());
        let is_stopped = state.is_some_and(|state| state.phase == OperationPhase::Terminating);
        is_stopped.hash(&mut hasher);
        Some(i64::from_ne_bytes(hasher.finish().to_ne_bytes()))
    }

    fn cleans_for<'a>(object: &'a Application, flags: &Flags) -> Option<&'a str> {
        let finalizers = object.finalizers().iter().map(String::as_str);
        finalizers
            .into_iter()
            .find(|found| FINALIZERS.contains(found) && is_served(object, flags))
    }

    fn parse(object: &Application) -> Result<parse::Wanted, Error> {
        parse::parse(object)
    }

    async fn observe(wanted: &parse::Wanted, context: &Context) -> Result<observe::Found, Error> {
        let observed = observe::observe(wanted, context).await;
        // Nobody wakes an Application when a commit mends what cannot be applied.
        observed.map_err(|error| error.again_in(context.flags.application_interval))
    }

    fn plan(wanted: &parse::Wanted, found: observe::Found, now: Timestamp) -> plan::Plan {
        plan::plan(wanted, found, now)
    }

    async fn apply(plan: plan::Plan, context: &Context) -> Result<apply::Applied, Error> {
        let applied = Box::pin(apply::apply(plan, context)).await;
        applied.map_err(|error| error.again_in(context.flags.application_interval))
    }

    fn status(
        object: &Application,
        outcome: &Result<apply::Applied, Error>,
        now: Timestamp,
    ) -> ApplicationStatus {
        status::status(object, outcome, now)
    }

    fn handled(object: &Application, outcome: &Result<apply::Applied, Error>) -> Option<Value> {
        status::handled(object, outcome)
    }

    fn report(object: &Application, outcome: &Result<apply::Applied, Error>) -> Report {
        status::report(object, outcome)
    }

    async fn cleanup(object: &Application, context: &Context) -> Result<(), Error> {
        cleanup::clean_up(object, context).await
    }

    fn triggers(context: &Arc<Context>) -> BoxStream<'static, ObjectRef<Guarded<Application>>> {
        triggers::triggers(context)
    }
}

/// Finalizers that have the objects deleted with their `Application`.
const FINALIZERS: [&str; 3] = [
    argo::RESOURCES_FINALIZER,
    argo::RESOURCES_FINALIZER_FOREGROUND,
    argo::RESOURCES_FINALIZER_BACKGROUND,
];

/// Whether Applications of the namespace are served (G-008).
fn is_served(object: &Application, flags: &Flags) -> bool {
    let namespace = object.namespace().unwrap_or_default();
    namespace == flags.argo_namespace
        || flags
            .application_namespaces
            .iter()
            .any(|pattern| pipeline::project::fits(pattern, &namespace))
}
