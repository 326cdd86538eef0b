//! `SecretStore` and `ClusterSecretStore`: whether the backend can be reached (§11.1).
//!
//! Both kinds are the same but for where they live, so they share the steps. Nothing is planned or
//! written but the status.

mod observe;
mod parse;
mod status;
mod triggers;

use std::marker::PhantomData;
use std::sync::Arc;

use api::external_secrets::{ClusterSecretStore, SecretStore, SecretStoreStatus};
use futures::stream::BoxStream;
use jiff::Timestamp;
use kube::runtime::reflector::ObjectRef;

use crate::context::Context;
use crate::driver::{Guarded, Reconciler, Report};
use crate::error::Error;
use crate::stores::StoreObject;

/// The steps of a kind of store.
pub(crate) struct StoresOf<K>(PhantomData<fn() -> K>);

/// The steps of `SecretStore`.
pub(crate) type SecretStores = StoresOf<SecretStore>;
/// The steps of `ClusterSecretStore`.
pub(crate) type ClusterSecretStores = StoresOf<ClusterSecretStore>;

impl<K: StoreObject> Reconciler for StoresOf<K> {
    type Kind = K;
    type Wanted = parse::Wanted;
    type Found = observe::Checked;
    type Plan = observe::Checked;
    type Applied = observe::Checked;
    type Status = SecretStoreStatus;

    const NAME: &'static str = K::NAME;
    const REPORTER: &'static str = K::REPORTER;

    fn parse(object: &K) -> Result<parse::Wanted, Error> {
        Ok(parse::parse(object))
    }

    async fn observe(wanted: &parse::Wanted, context: &Context) -> Result<observe::Checked, Error> {
        observe::observe(wanted, context).await
    }

    fn plan(_wanted: &parse::Wanted, found: observe::Checked, _now: Timestamp) -> observe::Checked {
        found
    }

    async fn apply(plan: observe::Checked, _context: &Context) -> Result<observe::Checked, Error> {
        Ok(plan)
    }

    fn status(
        object: &K,
        outcome: &Result<observe::Checked, Error>,
        now: Timestamp,
    ) -> SecretStoreStatus {
        status::status(object, outcome, now)
    }

    fn report(object: &K, outcome: &Result<observe::Checked, Error>) -> Report {
        status::report(object, outcome)
    }

    fn triggers(context: &Arc<Context>) -> BoxStream<'static, ObjectRef<Guarded<K>>> {
        triggers::forget_the_gone(context)
    }
}
