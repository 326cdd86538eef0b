//! The inventory: which objects a unit applied last time. The only list prune may read.

use std::collections::BTreeMap;

use manifests::{ObjectId, ParseInventoryId};

/// The objects a unit applied last time, each with the version it was applied in.
///
/// As text, in a status, an entry is `{id: <namespace>_<name>_<group>_<kind>, v: <version>}`
/// (G-186).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory(BTreeMap<ObjectId, String>);

impl Inventory {
    /// Reads the entries of a status; what cannot be read is returned beside the inventory, and
    /// is never pruned because nobody knows what it names.
    pub fn read<'a>(
        entries: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> (Self, Vec<ParseInventoryId>) {
        let mut inventory = Self::default();
        let mut unreadable = Vec::new();
        for (id, version) in entries {
            match id.parse() {
                Ok(id) => inventory.insert(id, version),
                Err(error) => unreadable.push(error),
            }
        }
        (inventory, unreadable)
    }

    /// Returns id and version of every entry as a status holds them, in a stable order.
    pub fn entries(&self) -> impl Iterator<Item = (String, &str)> {
        self.0
            .iter()
            .map(|(id, version)| (id.inventory_id(), version.as_str()))
    }

    /// Adds an object, or changes the version it was applied in.
    pub fn insert(&mut self, id: ObjectId, version: impl Into<String>) {
        self.0.insert(id, version.into());
    }

    /// Whether an object is in it.
    pub fn contains(&self, id: &ObjectId) -> bool {
        self.0.contains_key(id)
    }

    /// Returns the version an object was applied in.
    pub fn version(&self, id: &ObjectId) -> Option<&str> {
        self.0.get(id).map(String::as_str)
    }

    /// Returns the objects.
    pub fn iter(&self) -> impl Iterator<Item = (&ObjectId, &str)> {
        self.0.iter().map(|(id, version)| (id, version.as_str()))
    }

    /// Returns the number of objects.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns this inventory with the entries of another one; the other's versions win.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let mut all = self.clone();
        all.0.extend(
            other
                .0
                .iter()
                .map(|(id, version)| (id.clone(), version.clone())),
        );
        all
    }
}

impl FromIterator<(ObjectId, String)> for Inventory {
    fn from_iter<I: IntoIterator<Item = (ObjectId, String)>>(entries: I) -> Self {
        Self(entries.into_iter().collect())
    }
}

#[cfg(test)]
mod tests;
