//! Secrets before consumers: which workloads wait for which Secret, and for whom.
//!
//! A workload is not written before the Secrets are there that its Pods do not start without
//! ([`manifests::secret_references`]), when somebody is known to make them: the same change set, a
//! SealedSecret or an ExternalSecret ([`Maker`]). What nobody makes is not waited for: the workload
//! is applied as Kubernetes would, and the Secret is named ([`Missing`]).
//!
//! The caller writes everything else of a step first, reads the Secrets that [`Scene::unknown`]
//! names, and asks [`Scene::judge`] about each workload.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use manifests::{Manifest, ObjectId, secret_references};

mod judge;
mod maker;
mod supply;

pub use judge::{Judgement, Presence, Scene, Standing};
pub use maker::Maker;
pub use supply::Supply;

/// Which Secret. Displayed as `prod/db`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SecretName {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl SecretName {
    /// Builds one.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            namespace: namespace.into(),
            name: name.into(),
        }
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.namespace, self.name)
    }
}

/// A workload and the Secrets its Pods do not start without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consumer {
    /// The workload.
    pub workload: ObjectId,
    /// Each Secret with the keys that are named; none when it is read as a whole.
    pub needs: BTreeMap<SecretName, BTreeSet<String>>,
}

/// Returns the workloads among some manifests that need Secrets.
pub fn consumers<'a>(manifests: impl IntoIterator<Item = &'a Manifest>) -> Vec<Consumer> {
    manifests.into_iter().filter_map(consumer).collect()
}

fn consumer(manifest: &Manifest) -> Option<Consumer> {
    // Without a namespace there is nothing the reference could mean.
    let namespace = manifest.namespace()?;
    let mut needs: BTreeMap<SecretName, BTreeSet<String>> = BTreeMap::new();
    for reference in secret_references(manifest) {
        if !reference.optional {
            let secret = SecretName::new(namespace, reference.name);
            needs.entry(secret).or_default().extend(reference.key);
        }
    }
    (!needs.is_empty()).then(|| Consumer {
        workload: manifest.id(),
        needs,
    })
}

/// A workload that is not written yet because somebody has still to make a Secret for it.
///
/// Displayed as a condition says it: `Deployment/prod/payments waits for Secret prod/db:
/// ExternalSecret prod/db: SecretSyncedError`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The workload.
    pub workload: ObjectId,
    /// The Secret.
    pub secret: SecretName,
    /// The keys that it lacks; none when it is not there at all.
    pub keys: BTreeSet<String>,
    /// Who is to make it.
    pub maker: Maker,
}

impl fmt::Display for Held {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} waits for ", self.workload)?;
        lacking(&self.secret, &self.keys, formatter)?;
        write!(formatter, ": {}", self.maker)
    }
}

/// A Secret that a workload needs, that is not there and that is not waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The workload.
    pub workload: ObjectId,
    /// The Secret.
    pub secret: SecretName,
    /// The keys that it lacks; none when it is not there at all.
    pub keys: BTreeSet<String>,
    /// Why it is not waited for.
    pub because: Because,
}

/// Why a Secret that is not there is not waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Because {
    /// Nobody is known to make it.
    NoMaker,
    /// What makes it comes only after the workload, in an order the user has chosen.
    Later(ObjectId),
    /// The workload is as wanted already, so that there is nothing to hold.
    Applied(Maker),
}

impl fmt::Display for Missing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} refers to ", self.workload)?;
        lacking(&self.secret, &self.keys, formatter)?;
        match &self.because {
            Because::NoMaker => formatter.write_str(
                ", which is not there; no manifest beside it, SealedSecret or ExternalSecret makes it",
            ),
            Because::Later(maker) => {
                write!(formatter, ", which is not there; {maker} comes after it")
            }
            Because::Applied(maker) => write!(formatter, ", which is not there; {maker}"),
        }
    }
}

/// Writes `Secret prod/db`, or `key "user" of Secret prod/db`.
fn lacking(
    secret: &SecretName,
    keys: &BTreeSet<String>,
    formatter: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let quoted: Vec<String> = keys.iter().map(|key| format!("{key:?}")).collect();
    match quoted.as_slice() {
        [] => {}
        [key] => write!(formatter, "key {key} of ")?,
        keys => write!(formatter, "keys {} of ", keys.join(", "))?,
    }
    write!(formatter, "Secret {secret}")
}

#[cfg(test)]
mod tests;
