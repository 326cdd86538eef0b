//! Looks at the stores' classes and at the Secret, and fetches values when that is due.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Secret;
use kube::core::PartialObjectMeta;
use kube::{Api, ResourceExt, api::ListParams};

use api::external_secrets::{CreationPolicy, ExternalSecret};
use api::names::external_secrets::CREATED_BY;

use super::fetch::{self, Fetched};
use super::hash;
use super::live::{Live, controller, is_valid};
use super::parse::{Refusal, Wanted};
use super::status::{COULD_NOT_DELETE_ORPHANS, COULD_NOT_UPDATE, SYNC_ERROR};
use crate::context::Context;
use crate::driver::Reconciler;
use crate::error::Error;
use crate::kinds::{ClusterSecretStores, SecretStores, first_look};
use crate::stores;

/// What was seen.
pub(crate) enum Found {
    /// A store is served by a controller of another class.
    Foreign,
    /// Nothing is due and the Secret is as it was left.
    Current {
        live: Option<Live>,
        /// When something is due.
        again: Option<Duration>,
    },
    /// Values were fetched.
    New(New),
}

/// Fetched values and the Secret there is.
pub(crate) struct New {
    /// When the fetch began.
    pub(super) started: Timestamp,
    /// When the next one is due.
    pub(super) again: Option<Duration>,
    pub(super) fetched: Fetched,
    pub(super) live: Option<Live>,
    pub(super) orphans: Vec<Orphan>,
}

/// A Secret that was written under a name that is not wanted any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Orphan {
    pub(super) name: String,
    pub(super) uid: Option<String>,
}

/// Returns how long the first check of an object's stores is waited for at most, when it is under way:
/// a new object and a new store come together, and the check wakes the object.
pub(super) async fn first_check(object: &ExternalSecret, context: &Context) -> Option<Duration> {
    let kinds = [SecretStores::NAME, ClusterSecretStores::NAME];
    context.listed(&kinds).await.ok()?;
    let namespace = object.namespace().unwrap_or_default();
    let class = &context.flags.controller_class;
    let found = super::parse::stores(&object.spec).into_iter();
    found
        .filter_map(|id| stores::find(&id, &namespace, &context.seen))
        .filter(|store| !store.is_checked && store.is_served_by(class))
        .find_map(|store| first_look(store.made, context))
}

/// Looks, and fetches when that is due.
pub(super) async fn observe(wanted: &Wanted, context: &Context) -> Result<Found, Error> {
    let started = (context.clock)();
    context
        .listed(&[SecretStores::NAME, ClusterSecretStores::NAME])
        .await?;
    let class = &context.flags.controller_class;
    let is_foreign = wanted.stores.iter().any(|id| {
        stores::find(id, &wanted.namespace, &context.seen)
            .is_some_and(|store| !store.is_served_by(class))
    });
    if is_foreign {
        return Ok(Found::Foreign);
    }
    if let Err(refusal) = &wanted.entries {
        return Err(Refusal::error(refusal));
    }
    let live = read(wanted, context).await?;
    let refresh = &wanted.refresh;
    if !refresh.is_due(started) && is_valid(live.as_ref(), wanted.target.creation) {
        return Ok(Found::Current {
            live,
            again: refresh.next(refresh.fetched, started),
        });
    }
    context
        .metrics
        .external_secret_synced(&wanted.namespace, &wanted.name);
    let fetched = fetch::fetch(wanted, context).await?;
    Ok(Found::New(New {
        started,
        again: refresh.next(None, started),
        fetched,
        live,
        orphans: orphans(wanted, context).await?,
    }))
}

async fn read(wanted: &Wanted, context: &Context) -> Result<Option<Live>, Error> {
    let client = context.clusters.own().client().clone();
    let found = Api::<Secret>::namespaced(client, &wanted.namespace)
        .get_opt(&wanted.target.name)
        .await
        .map_err(|source| {
            let cause = Error::kubernetes("read the Secret", source);
            Error::new(cause.category(), SYNC_ERROR, COULD_NOT_UPDATE).because(cause)
        })?;
    Ok(found.map(Live::of))
}

/// Returns what was written under an earlier name. The status tells that there was one, so that
/// nothing is asked in the usual case.
async fn orphans(wanted: &Wanted, context: &Context) -> Result<Vec<Orphan>, Error> {
    let is_renamed = wanted
        .bound
        .as_ref()
        .is_some_and(|bound| *bound != wanted.target.name);
    if wanted.target.creation != CreationPolicy::Owner || !is_renamed {
        return Ok(Vec::new());
    }
    let client = context.clusters.own().client().clone();
    let maker = hash::of_maker(&wanted.namespace, &wanted.name);
    let made = Api::<Secret>::namespaced(client, &wanted.namespace)
        .list_metadata(&ListParams::default().labels(&format!("{CREATED_BY}={maker}")))
        .await
        .map_err(|source| {
            let cause = Error::kubernetes("list the Secrets made before", source);
            Error::new(cause.category(), SYNC_ERROR, COULD_NOT_DELETE_ORPHANS).because(cause)
        })?;
    Ok(made
        .items
        .iter()
        .filter(|secret| is_orphan(secret, wanted))
        .map(|secret| Orphan {
            name: secret.name_any(),
            uid: secret.uid(),
        })
        .collect())
}

/// Whether a Secret with our mark is to go. One that somebody else controls is not ours.
fn is_orphan(secret: &PartialObjectMeta<Secret>, wanted: &Wanted) -> bool {
    let is_ours = controller(&secret.metadata).is_none_or(|owner| owner.uid == wanted.uid);
    is_ours && secret.name_any() != wanted.target.name
}
