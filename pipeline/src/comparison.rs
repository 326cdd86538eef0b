//! Comparison: how a unit's objects stand against what is wanted, one by one and together.
//!
//! A dry run says what an apply would make of an object; where that is what is there, the object is
//! in sync. Fields that are not to count ([`IgnoredFields`]) are left out on both sides.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use manifests::{Manifest, ObjectId};
use serde_json::Value;

use crate::health::{Assessment, Fields, Health, assess};
use crate::normalise::Wanted;
use crate::plan::{Action, DryRun, Found, Skip, differs, foresee};
use crate::stage::Waves;
use crate::unit::{Protection, Unit, sharer};

mod ignored;

pub use ignored::IgnoredFields;

/// How many objects a message about health names.
const NAMED: usize = 3;

/// Whether an object, or a unit, is as wanted. Ordered from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum InSync {
    /// It is.
    Synced,
    /// It is not.
    OutOfSync,
    /// Nobody can tell.
    Unknown,
}

/// How one object stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// Which object.
    pub id: ObjectId,
    /// API version without the group.
    pub version: String,
    /// Whether it is as wanted; `None` where it does not count.
    pub sync: Option<InSync>,
    /// Whether it is no longer wanted and still there.
    pub requires_pruning: bool,
    /// Its health; `None` when there is no rule for its kind.
    pub health: Option<Assessment>,
    /// The wave it is applied in.
    pub wave: i64,
}

/// How a unit stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// Each object, the wanted ones first.
    pub objects: Vec<Compared>,
    /// Whether all of it is as wanted.
    pub sync: InSync,
    /// The worst health of the objects that count (G-106).
    pub health: Health,
    /// Which objects are to blame for it, empty when none are.
    pub health_message: String,
    /// Wanted objects that belong to somebody else, and to whom (D-18).
    pub claimed: Vec<(ObjectId, String)>,
    /// Wanted objects that another unit of the same family applied, and what that is called (G-096).
    pub shared: Vec<(ObjectId, String)>,
    /// The images of all wanted Pods, each once.
    pub images: BTreeSet<String>,
}

/// What is compared, and how.
#[derive(Clone, Copy, Debug)]
pub struct Comparing<'a> {
    /// The unit.
    pub unit: &'a Unit,
    /// Its whole desired state.
    pub wanted: &'a Wanted,
    /// What the API server has of each wanted object and says of applying it.
    pub found: &'a BTreeMap<ObjectId, Found>,
    /// Version and live state of the objects of the inventory that are not wanted.
    pub stale: &'a BTreeMap<ObjectId, (String, Option<Value>)>,
    /// How waves are told.
    pub waves: &'a Waves,
    /// Fields that do not count.
    pub ignored: &'a [IgnoredFields],
}

/// Compares a unit with what the API server has.
pub fn compare(comparing: &Comparing<'_>, now: Timestamp) -> Comparison {
    let unit = comparing.unit;
    let mut objects: Vec<Compared> = comparing
        .wanted
        .manifests()
        .iter()
        .map(|manifest| comparing.wanted_object(manifest, now))
        .collect();
    objects.extend(
        comparing
            .stale
            .iter()
            .filter_map(|(id, (version, live))| Some((id, version, live.as_ref()?)))
            .filter(|(_, _, live)| unit.owner.owns(live))
            .map(|(id, version, live)| Compared {
                id: id.clone(),
                version: version.clone(),
                sync: (!unit.protects(live, Protection::NotCounted)).then_some(InSync::OutOfSync),
                requires_pruning: true,
                health: assess(unit.health.model, Some(live), now),
                wave: comparing.waves.of(live),
            }),
    );
    let (health, health_message) = comparing.health(&objects);
    Comparison {
        sync: objects
            .iter()
            .filter_map(|object| object.sync)
            .max()
            .unwrap_or(InSync::Synced),
        health,
        health_message,
        claimed: comparing.claimed(),
        shared: comparing.shared(),
        images: comparing
            .wanted
            .manifests()
            .iter()
            .flat_map(|manifest| images(manifest.object()))
            .collect(),
        objects,
    }
}

impl Comparing<'_> {
    fn wanted_object(&self, manifest: &Manifest, now: Timestamp) -> Compared {
        let id = manifest.id();
        let found = self.found.get(&id);
        let live = found.and_then(|found| found.live.as_ref());
        Compared {
            sync: match found {
                None => Some(InSync::Unknown),
                Some(found) if self.claimed_by(manifest, found).is_some() => None,
                Some(found) => Some(self.in_sync(manifest, found)),
            },
            requires_pruning: false,
            health: found.and_then(|_| assess(self.unit.health.model, live, now)),
            wave: self.waves.of(manifest.object()),
            version: manifest.version().to_owned(),
            id,
        }
    }

    fn claimed(&self) -> Vec<(ObjectId, String)> {
        let manifests = self.wanted.manifests().iter();
        manifests
            .filter_map(|manifest| {
                let id = manifest.id();
                let by = self.claimed_by(manifest, self.found.get(&id)?)?;
                Some((id, by))
            })
            .collect()
    }

    fn shared(&self) -> Vec<(ObjectId, String)> {
        let ids = self.wanted.manifests().iter().map(Manifest::id);
        ids.filter_map(|id| {
            let live = self.found.get(&id)?.live.as_ref()?;
            let with = sharer(&self.unit.owner, live)?;
            Some((id, with))
        })
        .collect()
    }

    fn claimed_by(&self, manifest: &Manifest, found: &Found) -> Option<String> {
        match foresee(self.unit, manifest, found) {
            Ok(Action::Skipped(Skip::Claimed { by })) => Some(by),
            _ => None,
        }
    }

    fn in_sync(&self, manifest: &Manifest, found: &Found) -> InSync {
        let Some(live) = &found.live else {
            return InSync::OutOfSync;
        };
        let id = manifest.id();
        let rules: Vec<&IgnoredFields> = self
            .ignored
            .iter()
            .filter(|rule| rule.matches(&id))
            .collect();
        let is_equal = match &found.dry_run {
            // It is left as it is on purpose.
            DryRun::Skipped => true,
            DryRun::Predicted(predicted) if !rules.is_empty() => {
                let (live, predicted) = ignored::without(&rules, live, predicted);
                !differs(&live, &predicted)
            }
            _ => matches!(
                foresee(self.unit, manifest, found),
                Ok(Action::Unchanged | Action::Skipped(Skip::Protected(_)))
            ),
        };
        if is_equal {
            InSync::Synced
        } else {
            InSync::OutOfSync
        }
    }

    /// Returns the worst health and who is to blame for it.
    fn health(&self, objects: &[Compared]) -> (Health, String) {
        let is_live = |object: &&Compared| {
            object.requires_pruning
                || self
                    .found
                    .get(&object.id)
                    .is_some_and(|found| found.live.is_some())
        };
        if !objects.is_empty() && !objects.iter().any(|object| is_live(&object)) {
            return (Health::Missing, String::new());
        }
        let counted: Vec<(&Compared, Health)> = objects
            .iter()
            .filter(is_live)
            .filter(|object| !self.is_exempt(&object.id))
            .filter_map(|object| Some((object, object.health.as_ref()?.health)))
            .collect();
        let worst = counted
            .iter()
            .map(|(_, health)| *health)
            .max()
            .unwrap_or(Health::Healthy);
        if worst == Health::Healthy {
            return (worst, String::new());
        }
        let to_blame: Vec<&ObjectId> = counted
            .iter()
            .filter(|(_, health)| *health == worst)
            .map(|(object, _)| &object.id)
            .collect();
        (worst, blame(&to_blame))
    }

    fn is_exempt(&self, id: &ObjectId) -> bool {
        let manifests = self.wanted.manifests();
        let manifest = manifests.iter().find(|manifest| manifest.id() == *id);
        manifest.is_some_and(|manifest| {
            self.unit
                .protects(manifest.object(), Protection::HealthNotCounted)
        })
    }
}

/// Writes who is to blame, `Caused by apps/Deployment:prod/web, … and 2 more`.
fn blame(objects: &[&ObjectId]) -> String {
    let names: Vec<String> = objects
        .iter()
        .take(NAMED)
        .map(|id| {
            format!(
                "{}/{}:{}/{}",
                id.group_kind.group,
                id.group_kind.kind,
                id.namespace.as_deref().unwrap_or_default(),
                id.name
            )
        })
        .collect();
    let more = match objects.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("Caused by {}{more}", names.join(", "))
}

/// Returns the images of the Pods that an object is, or makes.
fn images(object: &Value) -> Vec<String> {
    const PODS: [&str; 3] = [
        "/spec/template/spec",
        "/spec/jobTemplate/spec/template/spec",
        "/spec",
    ];
    let containers = PODS
        .iter()
        .filter_map(|pointer| object.pointer(pointer))
        .flat_map(|pod| {
            let places = ["/initContainers", "/containers"];
            places.into_iter().flat_map(|place| pod.list(place))
        });
    containers
        .map(|container| container.text("/image").to_owned())
        .filter(|image| !image.is_empty())
        .collect()
}

#[cfg(test)]
mod tests;
