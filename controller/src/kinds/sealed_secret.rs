//! `SealedSecret`: opens its items and keeps the Secret of its name as sealed (K-032…).

mod apply;
mod observe;
mod parse;
mod plan;
mod status;
mod triggers;

use std::sync::Arc;

use api::bitnami::{SealedSecret, SealedSecretStatus};
use futures::stream::BoxStream;
use jiff::Timestamp;
use kube::runtime::reflector::ObjectRef;

use crate::context::Context;
use crate::driver::{Guarded, Reconciler, Report, StatusUpdate};
use crate::error::Error;
use crate::flags::Flags;

pub(crate) use parse::{Wanted, parse};

/// The steps of `SealedSecret`.
pub(crate) struct SealedSecrets;

impl Reconciler for SealedSecrets {
    type Kind = SealedSecret;
    type Wanted = Wanted;
    type Found = observe::Found;
    type Plan = plan::Plan;
    type Applied = apply::Applied;
    type Status = SealedSecretStatus;

    const NAME: &'static str = "SealedSecret";
    const REPORTER: &'static str = api::names::sealed_secrets::EVENT_COMPONENT;
    // Roles of an existing installation grant `update` on the status and no `patch`.
    const STATUS_UPDATE: StatusUpdate = StatusUpdate::Replace;

    fn writes_status(flags: &Flags) -> bool {
        flags.update_status
    }

    fn parse(object: &SealedSecret) -> Result<Wanted, Error> {
        parse(object)
    }

    async fn observe(wanted: &Wanted, context: &Context) -> Result<observe::Found, Error> {
        observe::observe(wanted, context).await
    }

    fn plan(wanted: &Wanted, found: observe::Found, _now: Timestamp) -> plan::Plan {
        plan::plan(wanted, found)
    }

    async fn apply(plan: plan::Plan, context: &Context) -> Result<apply::Applied, Error> {
        apply::apply(plan, context).await
    }

    fn status(
        object: &SealedSecret,
        outcome: &Result<apply::Applied, Error>,
        now: Timestamp,
    ) -> SealedSecretStatus {
        status::status(object, outcome, now)
    }

    fn report(object: &SealedSecret, outcome: &Result<apply::Applied, Error>) -> Report {
        status::report(object, outcome)
    }

    fn triggers(context: &Arc<Context>) -> BoxStream<'static, ObjectRef<Guarded<SealedSecret>>> {
        triggers::triggers(context)
    }
}
