//! Whose an object is: the marks a unit stamps, how it knows its own objects by them, and how it
//! sees that an object belongs to a unit of another family (§17).

use std::collections::BTreeMap;

use api::names::signet::ADOPT_BY;
use manifests::{GroupKind, ObjectId};
use serde_json::Value;

use super::{Family, UnitId};
use crate::health::Fields;

/// What is stamped on every object, and how our own objects are known again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Field manager of server-side apply.
    pub field_manager: String,
    /// Labels every object gets. A live object is the unit's own when it carries all of them.
    pub labels: BTreeMap<String, String>,
    /// The annotation every object gets that says which unit and which object it is.
    pub tracking: Option<Tracking>,
    /// Whether definitions of kinds get marks, too. Without marks they are never deleted.
    pub marks_definitions: bool,
    /// How objects of units of other families are known: those are left alone.
    pub others: Vec<ClaimMark>,
}

/// An annotation that says which unit an object belongs to, and which object that is: a copy of an
/// object under another name carries it and still belongs to nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tracking {
    /// Key of the annotation.
    pub annotation: String,
    /// What the unit is called in it.
    pub instance: String,
    /// Namespace that objects without one are said to be in; it is not read.
    pub namespace: String,
}

/// What a tracking annotation says: `<instance>:<group>/<kind>:<namespace>/<name>` (G-093).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackingId {
    /// What the unit is called.
    pub instance: String,
    /// Which object it is; one without a namespace may be said to be in any.
    pub object: ObjectId,
}

/// How objects of the units of one family are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimMark {
    /// By two labels that hold the unit's name and namespace.
    Labels {
        /// The family.
        family: Family,
        /// Key of the label that holds the name.
        name: String,
        /// Key of the label that holds the namespace.
        namespace: String,
    },
    /// By a tracking annotation.
    Tracking {
        /// The family.
        family: Family,
        /// Key of the annotation.
        annotation: String,
    },
}

impl Owner {
    /// Whether a live object carries the unit's marks.
    ///
    /// Without any mark nothing is ours: an engine that cannot tell must not delete.
    pub fn owns(&self, live: &Value) -> bool {
        let has_marks = self.tracking.is_some() || !self.labels.is_empty();
        has_marks
            && (self.marks_definitions || !is_definition(&group_kind(live)))
            && self.labels.iter().all(|(key, value)| {
                live.pointer("/metadata/labels")
                    .and_then(|labels| labels.get(key)?.as_str())
                    == Some(value)
            })
            && self.tracking.as_ref().is_none_or(|tracking| {
                TrackingId::of(live, &tracking.annotation)
                    .is_some_and(|it| it.instance == tracking.instance)
            })
    }

    /// Returns the labels an object gets.
    pub fn labels_of(&self, object: &ObjectId) -> impl Iterator<Item = (&str, String)> {
        self.labels
            .iter()
            .filter(|_| self.marks(object))
            .map(|(key, value)| (key.as_str(), value.clone()))
    }

    /// Returns the annotations an object gets.
    pub fn annotations_of(&self, object: &ObjectId) -> impl Iterator<Item = (&str, String)> {
        self.tracking
            .iter()
            .filter(|_| self.marks(object))
            .map(|it| (it.annotation.as_str(), it.id(object)))
    }

    fn marks(&self, object: &ObjectId) -> bool {
        self.marks_definitions || !is_definition(&object.group_kind)
    }
}

impl Tracking {
    /// Returns what the annotation of an object says.
    pub fn id(&self, object: &ObjectId) -> String {
        let kind = &object.group_kind;
        let namespace = object.namespace.as_deref().unwrap_or(&self.namespace);
        format!(
            "{}:{}/{}:{namespace}/{}",
            self.instance, kind.group, kind.kind, object.name
        )
    }
}

impl TrackingId {
    /// Reads what an annotation says; `None` when it says nothing that makes sense.
    pub fn parse(text: &str) -> Option<Self> {
        let (instance, rest) = text.split_once(':')?;
        let (kind, place) = rest.split_once(':')?;
        let (group, kind) = kind.split_once('/')?;
        let (namespace, name) = place.split_once('/')?;
        let is_whole = !instance.is_empty() && !kind.is_empty() && !name.is_empty();
        is_whole.then(|| Self {
            instance: instance.to_owned(),
            object: ObjectId::new(GroupKind::new(group, kind), Some(namespace), name),
        })
    }

    /// Returns what a live object's annotation says, if it speaks of that very object (G-095).
    pub fn of(live: &Value, annotation: &str) -> Option<Self> {
        let annotations = live.pointer("/metadata/annotations")?;
        let id = Self::parse(annotations.get(annotation)?.as_str()?)?;
        let namespace = live.text("/metadata/namespace");
        let speaks_of_it = id.object.group_kind == group_kind(live)
            && id.object.name == live.text("/metadata/name")
            && (namespace.is_empty() || id.object.namespace.as_deref() == Some(namespace));
        speaks_of_it.then_some(id)
    }
}

impl ClaimMark {
    /// Returns the unit a live object belongs to, as `<family>:<namespace>/<name>`, or with what
    /// stands in for namespace and name.
    pub fn claimant(&self, live: &Value) -> Option<String> {
        match self {
            Self::Labels {
                family,
                name,
                namespace,
            } => {
                let labels = live.pointer("/metadata/labels")?;
                let text = |key: &str| labels.get(key)?.as_str();
                Some(format!("{family}:{}/{}", text(namespace)?, text(name)?))
            }
            Self::Tracking { family, annotation } => {
                let id = TrackingId::of(live, annotation)?;
                Some(format!("{family}:{}", id.instance))
            }
        }
    }
}

/// Returns who an object belongs to that a unit must leave alone (D-18, G-250): the unit that is to
/// adopt it, or else the unit of another family that has it already.
pub fn claimant(unit: &UnitId, owner: &Owner, live: &Value) -> Option<String> {
    match adopter(live) {
        Some(adopter) => (adopter != unit.to_string()).then(|| adopter.to_owned()),
        None if owner.owns(live) => None,
        None => other_claimant(owner, live),
    }
}

/// Returns what another unit of the same family is called that an object was applied by (G-096).
pub fn sharer(owner: &Owner, live: &Value) -> Option<String> {
    let tracking = owner.tracking.as_ref()?;
    let id = TrackingId::of(live, &tracking.annotation)?;
    (id.instance != tracking.instance).then_some(id.instance)
}

/// Returns who else has a say about an object before a unit deletes it, whether the object is the
/// unit's own or not.
pub fn fellow_claimant(unit: &UnitId, owner: &Owner, live: &Value) -> Option<String> {
    match adopter(live) {
        Some(adopter) => (adopter != unit.to_string()).then(|| adopter.to_owned()),
        None => other_claimant(owner, live),
    }
}

fn other_claimant(owner: &Owner, live: &Value) -> Option<String> {
    owner.others.iter().find_map(|mark| mark.claimant(live))
}

fn adopter(live: &Value) -> Option<&str> {
    let annotations = live.pointer("/metadata/annotations")?;
    let adopter = annotations.get(ADOPT_BY)?.as_str()?.trim();
    (!adopter.is_empty()).then_some(adopter)
}

fn group_kind(live: &Value) -> GroupKind {
    let group = match live.text("/apiVersion").split_once('/') {
        Some((group, _)) => group,
        None => "",
    };
    GroupKind::new(group, live.text("/kind"))
}

fn is_definition(kind: &GroupKind) -> bool {
    kind.kind == "CustomResourceDefinition" && kind.group == "apiextensions.k8s.io"
}

#[cfg(test)]
mod tests;
