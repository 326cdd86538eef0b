//! `Kustomization`: the Flux front door. It parses itself into a [`pipeline::unit::Unit`], hands that
//! to the engine, and tells in its own status what came of it.

mod apply;
mod drift;
mod observe;
mod order;
mod parse;
mod plan;
mod status;
mod triggers;

use std::sync::Arc;
use std::time::Duration;

use api::kustomize::{Kustomization, KustomizationStatus};
use futures::stream::BoxStream;
use jiff::Timestamp;
use kube::runtime::reflector::ObjectRef;

use crate::context::Context;
use crate::driver::{Guarded, Reconciler, Report};
use crate::error::Error;
use crate::flags::Flags;

/// The steps of `Kustomization`.
pub(crate) struct Kustomizations;

impl Reconciler for Kustomizations {
    type Kind = Kustomization;
    type Wanted = parse::Wanted;
    type Found = observe::Found;
    type Plan = plan::Plan;
    type Applied = apply::Applied;
    type Status = KustomizationStatus;

    const NAME: &'static str = "Kustomization";
    const FINALIZER: Option<&'static str> = Some(api::names::flux::FINALIZER);
    const REPORTER: &'static str = "kustomize-controller";

    fn is_suspended(object: &Kustomization, _flags: &Flags) -> bool {
        object.spec.suspend.unwrap_or_default()
    }

    async fn holds(object: &Kustomization, context: &Context) -> Option<Duration> {
        observe::first_fetch(object, context).await
    }

    fn parse(object: &Kustomization) -> Result<parse::Wanted, Error> {
        parse::parse(object)
    }

    async fn observe(wanted: &parse::Wanted, context: &Context) -> Result<observe::Found, Error> {
        observe::observe(wanted, context).await
    }

    fn plan(wanted: &parse::Wanted, found: observe::Found, now: Timestamp) -> plan::Plan {
        plan::plan(wanted, found, now)
    }

    async fn apply(plan: plan::Plan, context: &Context) -> Result<apply::Applied, Error> {
        apply::apply(plan, context).await
    }

    fn failure(applied: &apply::Applied) -> Option<&Error> {
        applied.failure()
    }

    fn status(
        object: &Kustomization,
        outcome: &Result<apply::Applied, Error>,
        now: Timestamp,
    ) -> KustomizationStatus {
        status::status(object, outcome, now)
    }

    fn report(object: &Kustomization, outcome: &Result<apply::Applied, Error>) -> Report {
        status::report(object, outcome)
    }

    async fn cleanup(object: &Kustomization, context: &Context) -> Result<(), Error> {
        apply::clean_up(object, context).await
    }

    fn triggers(context: &Arc<Context>) -> BoxStream<'static, ObjectRef<Guarded<Kustomization>>> {
        triggers::triggers(context)
    }
}
