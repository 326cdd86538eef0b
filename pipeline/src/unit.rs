//! The unit: one thing to bring to the cluster, in words no family owns.
//!
//! A front door parses its own custom resource into a [`Unit`]; nothing below it knows which
//! family the resource was of. What a family stamps on objects and which annotations of theirs
//! protect an object arrive here as data ([`Owner`], [`ProtectionRule`]).

use std::fmt;
use std::time::Duration;

use manifests::{BuildOptions, ObjectId};
use serde_json::Value;

pub mod argo;
pub mod flux;
pub mod folder;
mod owner;

pub use owner::{ClaimMark, Owner, Tracking, TrackingId, claimant, fellow_claimant, sharer};

/// Everything the engine knows about one Application or Kustomization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Which one.
    pub id: UnitId,
    /// Where its desired state comes from.
    pub source: SourceRef,
    /// How manifests are made of it.
    pub build: BuildOptions,
    /// How encrypted files and objects are opened; `None` makes an encrypted object an error.
    pub decryption: Option<Decryption>,
    /// Namespace of namespaced objects that name none; `None` makes such an object an error.
    pub default_namespace: Option<String>,
    /// What two manifests of one object mean.
    pub duplicates: Duplicates,
    /// What is stamped on every object, and how our own objects are known again.
    pub owner: Owner,
    /// Which annotations and labels of an object change how it is treated.
    pub protections: Vec<ProtectionRule>,
    /// What a change of an immutable field means.
    pub immutable: ImmutableChange,
    /// What happens to objects that are no longer wanted.
    pub prune: PrunePolicy,
    /// What happens to the objects when the unit itself is deleted.
    pub deletion: DeletionPolicy,
    /// What must be healthy before the unit is ready.
    pub health: HealthPolicy,
    /// ServiceAccount whose rights apply, prune and health checks use; `None` is the controller's.
    pub service_account: Option<String>,
    /// Time for build, apply and health checks together.
    pub timeout: Duration,
    /// Time from one success to the next look.
    pub interval: Duration,
    /// Time from a failure to the next try.
    pub retry_interval: Duration,
    /// Whether nothing is to be done at all.
    pub suspended: bool,
    /// What becomes of the dependents of a deleted object.
    pub propagation: Propagation,
}

/// What becomes of the dependents of a deleted object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Propagation {
    /// They are deleted after it.
    #[default]
    Background,
    /// They are deleted before it.
    Foreground,
    /// They stay.
    Orphan,
}

/// Which unit.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UnitId {
    /// The front door it came through.
    pub family: Family,
    /// Namespace of the custom resource.
    pub namespace: String,
    /// Name of the custom resource.
    pub name: String,
}

impl fmt::Display for UnitId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}:{}/{}",
            self.family, self.namespace, self.name
        )
    }
}

/// A front door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Family {
    /// `argoproj.io`.
    Argo,
    /// `kustomize.toolkit.fluxcd.io`.
    Flux,
}

impl fmt::Display for Family {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Argo => "argo",
            Self::Flux => "flux",
        })
    }
}

/// Where a unit's desired state comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum SourceRef {
    /// A source object in the cluster.
    Object(ObjectId),
    /// A repository the unit names itself.
    Inline {
        /// Repository URL.
        url: String,
        /// Branch, tag or commit as written.
        revision: String,
    },
}

/// How encrypted files and objects are opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decryption {
    /// Secret with key material, in the unit's namespace.
    pub secret_name: Option<String>,
    /// ServiceAccount whose identity a key service gets.
    pub service_account: Option<String>,
    /// What a wrong MAC means.
    pub mac_policy: MacPolicy,
}

/// What a wrong MAC of an encrypted document means (D-10, I4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MacPolicy {
    /// The document is refused.
    #[default]
    Refuse,
    /// The document is used and the unit says so in a condition.
    Warn,
}

/// What two manifests of one object mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Duplicates {
    /// An error.
    #[default]
    Refuse,
    /// The later one is used, with a warning.
    LastWins,
}

/// What a change of an immutable field means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ImmutableChange {
    /// The stage fails before anything is written.
    #[default]
    Refuse,
    /// The object is deleted and created anew.
    Recreate,
}

/// What happens to objects that are in the inventory and no longer wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PrunePolicy {
    /// They stay and leave the inventory.
    #[default]
    Keep,
    /// They are deleted when they are ours and unprotected.
    Prune,
}

/// What happens to the objects of a unit that is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeletionPolicy {
    /// What [`PrunePolicy`] says.
    #[default]
    MirrorPrune,
    /// They are deleted.
    Delete,
    /// They are deleted, and the unit stays until they are gone.
    WaitForTermination,
    /// They stay.
    Orphan,
}

/// What must be healthy before a unit is ready.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HealthPolicy {
    /// Whose rules decide.
    pub model: HealthModel,
    /// Which objects count.
    pub checks: HealthChecks,
}

/// Whose health rules decide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HealthModel {
    /// kstatus.
    #[default]
    Kstatus,
    /// Argo CD's table.
    Argo,
}

/// Which objects are looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum HealthChecks {
    /// None: the unit is ready once it is applied.
    #[default]
    Nothing,
    /// These.
    Listed(Vec<HealthCheck>),
    /// Everything that was applied.
    Applied,
}

/// One object to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthCheck {
    /// Which object.
    pub id: ObjectId,
    /// API version without the group.
    pub version: String,
}

/// What an annotation or label of an object changes about how it is treated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProtectionRule {
    /// Key of the annotation or label.
    pub key: String,
    /// Value, or one of several between commas.
    pub value: String,
    /// What it does.
    pub effect: Protection,
}

/// How a marked object is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Protection {
    /// Never pruned.
    KeepFromPrune,
    /// Not deleted with the unit.
    KeepFromTeardown,
    /// Not touched at all, neither applied nor pruned.
    LeaveAlone,
    /// Neither applied nor pruned, and taken into no inventory.
    Ignore,
    /// Created when it is absent, never changed.
    CreateOnly,
    /// Applied without taking fields over that other tools set.
    Merge,
    /// Deleted and created anew when an immutable field changes.
    Recreate,
    /// Not decrypted.
    KeepEncrypted,
    /// Pruned after everything else of a sync in waves.
    PruneLast,
    /// Not counted as out of sync when it is no longer wanted.
    NotCounted,
    /// Its health does not count.
    HealthNotCounted,
}

impl Unit {
    /// Whether an object (wanted or live) is marked with a protection.
    pub fn protects(&self, object: &Value, effect: Protection) -> bool {
        protects(&self.protections, object, effect)
    }
}

/// Whether an object carries, as annotation or label, a rule of the given effect.
pub fn protects(rules: &[ProtectionRule], object: &Value, effect: Protection) -> bool {
    let Some(metadata) = object.get("metadata") else {
        return false;
    };
    rules
        .iter()
        .filter(|rule| rule.effect == effect)
        .any(|rule| {
            ["annotations", "labels"].iter().any(|place| {
                metadata
                    .get(place)
                    .and_then(|marks| marks.get(&rule.key)?.as_str())
                    .is_some_and(|text| text.split(',').any(|part| part.trim() == rule.value))
            })
        })
}

#[cfg(test)]
mod tests;
