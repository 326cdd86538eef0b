//! `ExternalSecret`: keeps a Secret as the values in stores say (§7).
//!
//! `due` decides whether values are fetched at all; `observe` fetches them; `plan` makes the Secret
//! that should be there, and compares; `hash` holds the texts that mark a Secret as ours.

mod apply;
mod due;
mod fetch;
mod hash;
mod live;
mod observe;
mod parse;
mod plan;
mod status;
mod triggers;
mod values;

use std::sync::Arc;
use std::time::Duration;

use api::external_secrets::{ExternalSecret, ExternalSecretStatus};
use api::names::external_secrets::FINALIZER;
use futures::stream::BoxStream;
use jiff::Timestamp;
use kube::runtime::reflector::ObjectRef;

use crate::context::Context;
use crate::driver::{Guarded, Reconciler, Report};
use crate::error::Error;

/// The steps of `ExternalSecret`.
pub(crate) struct ExternalSecrets;

impl Reconciler for ExternalSecrets {
    type Kind = ExternalSecret;
    type Wanted = parse::Wanted;
    type Found = observe::Found;
    type Plan = plan::Plan;
    type Applied = apply::Applied;
    type Status = ExternalSecretStatus;

    const NAME: &'static str = "ExternalSecret";
    // Deleting the Secret with its ExternalSecret is a policy, not an owner reference.
    const FINALIZER: Option<&'static str> = Some(FINALIZER);
    const REPORTER: &'static str = "external-secrets";

    async fn holds(object: &ExternalSecret, context: &Context) -> Option<Duration> {
        observe::first_check(object, context).await
    }

    fn parse(object: &ExternalSecret) -> Result<parse::Wanted, Error> {
        Ok(parse::parse(object))
    }

    async fn observe(wanted: &parse::Wanted, context: &Context) -> Result<observe::Found, Error> {
        observe::observe(wanted, context).await.inspect_err(|_| {
            let (namespace, name) = (&wanted.namespace, &wanted.name);
            context.metrics.external_secret_failed(namespace, name);
        })
    }

    fn plan(wanted: &parse::Wanted, found: observe::Found, _now: Timestamp) -> plan::Plan {
        plan::plan(wanted, found)
    }

    async fn apply(plan: plan::Plan, context: &Context) -> Result<apply::Applied, Error> {
        apply::apply(plan, context).await
    }

    fn status(
        object: &ExternalSecret,
        outcome: &Result<apply::Applied, Error>,
        now: Timestamp,
    ) -> ExternalSecretStatus {
        status::status(object, outcome, now)
    }

    fn report(object: &ExternalSecret, outcome: &Result<apply::Applied, Error>) -> Report {
        status::report(object, outcome)
    }

    async fn cleanup(object: &ExternalSecret, context: &Context) -> Result<(), Error> {
        apply::clean_up(object, context).await
    }

    fn triggers(context: &Arc<Context>) -> BoxStream<'static, ObjectRef<Guarded<ExternalSecret>>> {
        triggers::triggers(context)
    }
}
