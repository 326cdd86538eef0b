//! The kinds, one module each, all of one shape: `parse`, `observe`, `plan`, `apply`, `status`.

mod app_project;
mod application;
mod drift;
mod external_secret;
mod git_repository;
mod kustomization;
mod sealed_secret;
mod secret_store;

pub(crate) use app_project::follow as follow_app_projects;
pub(crate) use application::Applications;
pub(crate) use drift::Drift;
pub(crate) use external_secret::ExternalSecrets;
pub(crate) use git_repository::GitRepositories;
pub(crate) use kustomization::Kustomizations;
pub(crate) use sealed_secret::{
    SealedSecrets, Wanted as SealedSecretWanted, parse as parse_sealed_secret,
};
pub(crate) use secret_store::{ClusterSecretStores, SecretStores};

use std::time::Duration;

use jiff::Timestamp;
use kube::runtime::reflector::store;

use crate::context::Context;
use crate::driver::Guarded;

/// Where a kind's watch writes what it sees.
pub(crate) type Writer<K> = store::Writer<Guarded<K>>;

/// Shortens a wait by up to a twentieth, so that objects of one interval do not all come at once.
pub(crate) fn with_jitter(interval: Duration) -> Duration {
    interval.mul_f64(rand::random_range(0.95..=1.0))
}

/// How long is waited without a word for the first look at what an object refers to.
const FIRST_LOOK: Duration = Duration::from_secs(10);

/// Returns how long is still to be waited for the first look at something that was made then, by a
/// process that may have started later.
pub(crate) fn first_look(made: Option<Timestamp>, context: &Context) -> Option<Duration> {
    let age = made.map(|made| {
        let age = (context.clock)().duration_since(made);
        Duration::try_from(age).unwrap_or_default()
    });
    let age = age.unwrap_or_default().min(context.engine.uptime());
    FIRST_LOOK.checked_sub(age).filter(|left| !left.is_zero())
}
