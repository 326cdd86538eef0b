//! Normalise: every manifest gets its namespace and its owner's marks, once per object.

use std::collections::HashMap;

use manifests::{GroupKind, Manifest, ObjectId};
use serde_json::{Map, Value};

use crate::unit::{Duplicates, Unit};

/// Whether objects of a kind live in namespaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In a namespace.
    Namespaced,
    /// In none.
    Cluster,
}

/// The scope of each kind, from discovery and from the definitions in the same build.
#[derive(Clone, Debug, Default)]
pub struct Scopes(HashMap<GroupKind, Scope>);

impl Scopes {
    /// Says the scope of a kind.
    pub fn insert(&mut self, kind: GroupKind, scope: Scope) {
        self.0.insert(kind, scope);
    }

    /// Returns the scope of a kind; `None` when nobody serves or defines it.
    pub fn of(&self, kind: &GroupKind) -> Option<Scope> {
        self.0.get(kind).copied()
    }

    /// Adds kinds that a build defines itself; what discovery says wins.
    pub fn define(&mut self, manifests: &[Manifest]) {
        let definitions = manifests.iter().filter(|manifest| {
            manifest.kind() == "CustomResourceDefinition"
                && manifest.group() == "apiextensions.k8s.io"
        });
        for object in definitions.map(Manifest::object) {
            let text = |pointer| object.pointer(pointer).and_then(Value::as_str);
            let (Some(group), Some(kind)) = (text("/spec/group"), text("/spec/names/kind")) else {
                continue;
            };
            let scope = match text("/spec/scope") {
                Some("Cluster") => Scope::Cluster,
                Some("Namespaced") => Scope::Namespaced,
                _ => continue,
            };
            self.0.entry(GroupKind::new(group, kind)).or_insert(scope);
        }
    }
}

/// The complete desired state of a unit: read, decrypted, each object once, ready to be planned.
///
/// Only [`normalise`] makes one, and only of a whole build, so that whatever is derived from it
/// (prune above all, I2) cannot start from a build that failed.
#[derive(Clone, Debug)]
pub struct Wanted {
    manifests: Vec<Manifest>,
    repeated: Vec<ObjectId>,
}

impl Wanted {
    /// Returns the manifests in build order.
    pub fn manifests(&self) -> &[Manifest] {
        &self.manifests
    }

    /// Returns the objects that were built more than once.
    pub fn repeated(&self) -> &[ObjectId] {
        &self.repeated
    }

    pub(crate) fn into_manifests(self) -> Vec<Manifest> {
        self.manifests
    }
}

/// A build cannot be made into a desired state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Normalise {
    /// A namespaced object names no namespace and the unit has none for it.
    #[error("{object} namespace not specified")]
    NoNamespace {
        /// Which object.
        object: ObjectId,
    },
    /// One object was built twice.
    #[error("{object} is built more than once")]
    Repeated {
        /// Which object.
        object: ObjectId,
    },
    /// A part of the metadata is no mapping.
    #[error("{object} has a {field} that is not a mapping")]
    Malformed {
        /// Which object.
        object: ObjectId,
        /// Which field.
        field: &'static str,
    },
}

/// Gives every manifest its namespace and its owner's marks (G-039, G-186).
///
/// # Errors
///
/// When a namespaced object has no namespace and none is given for it, when an object is built
/// twice and the unit refuses that, or when metadata is malformed.
pub fn normalise(
    manifests: Vec<Manifest>,
    unit: &Unit,
    scopes: &Scopes,
) -> Result<Wanted, Normalise> {
    let mut scopes = scopes.clone();
    scopes.define(&manifests);
    let mut kept: Vec<Manifest> = Vec::with_capacity(manifests.len());
    let mut places: HashMap<ObjectId, usize> = HashMap::new();
    let mut repeated = Vec::new();
    for mut manifest in manifests {
        place(&mut manifest, unit, &scopes)?;
        stamp(&mut manifest, unit)?;
        let object = manifest.id();
        match (places.get(&object), unit.duplicates) {
            (None, _) => {
                places.insert(object, kept.len());
                kept.push(manifest);
            }
            (Some(_), Duplicates::Refuse) => return Err(Normalise::Repeated { object }),
            (Some(&earlier), Duplicates::LastWins) => {
                if let Some(slot) = kept.get_mut(earlier) {
                    *slot = manifest;
                }
                if !repeated.contains(&object) {
                    repeated.push(object);
                }
            }
        }
    }
    Ok(Wanted {
        manifests: kept,
        repeated,
    })
}

/// Sets or strips the namespace as the kind's scope says.
fn place(manifest: &mut Manifest, unit: &Unit, scopes: &Scopes) -> Result<(), Normalise> {
    let object = manifest.id();
    match (scopes.of(&object.group_kind), object.namespace.is_some()) {
        (Some(Scope::Cluster), _) => {
            if let Some(metadata) = section(manifest, "metadata")? {
                metadata.shift_remove("namespace");
            }
        }
        (Some(Scope::Namespaced), false) => {
            let Some(namespace) = &unit.default_namespace else {
                return Err(Normalise::NoNamespace { object });
            };
            if let Some(metadata) = section(manifest, "metadata")? {
                metadata.insert("namespace".to_owned(), Value::String(namespace.clone()));
            }
        }
        // A kind nobody serves stays as written: the API server's answer names it (D-20).
        (Some(Scope::Namespaced), true) | (None, _) => {}
    }
    Ok(())
}

fn stamp(manifest: &mut Manifest, unit: &Unit) -> Result<(), Normalise> {
    let object = manifest.id();
    let labels = unit.owner.labels_of(&object);
    put(manifest, ("labels", "metadata.labels"), labels)?;
    let annotations = unit.owner.annotations_of(&object);
    put(
        manifest,
        ("annotations", "metadata.annotations"),
        annotations,
    )
}

/// Adds marks to a part of the metadata.
fn put<'a>(
    manifest: &mut Manifest,
    (part, field): (&str, &'static str),
    marks: impl Iterator<Item = (&'a str, String)>,
) -> Result<(), Normalise> {
    let mut marks = marks.peekable();
    if marks.peek().is_none() {
        return Ok(());
    }
    if let Some(metadata) = section(manifest, "metadata")? {
        let present = metadata
            .entry(part)
            .or_insert_with(|| Value::Object(Map::new()));
        if present.is_null() {
            *present = Value::Object(Map::new());
        }
        if let Some(present) = present.as_object_mut() {
            for (key, value) in marks {
                present.insert(key.to_owned(), Value::String(value));
            }
            return Ok(());
        }
    }
    Err(Normalise::Malformed {
        object: manifest.id(),
        field,
    })
}

fn section<'a>(
    manifest: &'a mut Manifest,
    field: &'static str,
) -> Result<Option<&'a mut Map<String, Value>>, Normalise> {
    let object = manifest.id();
    match manifest.object_mut().get_mut(field) {
        None => Ok(None),
        Some(Value::Object(entries)) => Ok(Some(entries)),
        Some(_) => Err(Normalise::Malformed { object, field }),
    }
}

#[cfg(test)]
mod tests;
