//! Carrying a change set out in two parts, and asking what came of one object.

use std::collections::BTreeSet;

use manifests::ObjectId;

use super::{Action, Applied, ChangeSet, Entry, Planned, Write};

impl ChangeSet<Planned> {
    /// Splits some objects off: what is left, and they.
    #[must_use]
    pub fn split_off(self, objects: &BTreeSet<ObjectId>) -> (Self, Self) {
        let (off, entries): (Vec<Entry>, Vec<Entry>) = self
            .entries
            .into_iter()
            .partition(|entry| objects.contains(&entry.id));
        let (off_writes, writes): (Vec<Write>, Vec<Write>) = self
            .state
            .writes
            .into_iter()
            .partition(|write| objects.contains(&write.id()));
        let set = |entries, writes| Self {
            entries,
            state: Planned { writes },
        };
        (set(entries, writes), set(off, off_writes))
    }
}

impl ChangeSet<Applied> {
    /// Adds what came of another part of the same plan.
    pub fn extend(&mut self, other: Self) {
        self.entries.extend(other.entries);
        self.state.failures.extend(other.state.failures);
    }

    /// Returns what was done with an object; nothing when that failed.
    pub fn action(&self, id: &ObjectId) -> Option<&Action> {
        let entry = self.entries.iter().find(|entry| entry.id == *id)?;
        (!self.failed(id)).then_some(&entry.action)
    }

    /// Whether the write of an object failed, or was not tried.
    pub fn has_failed(&self, id: &ObjectId) -> bool {
        self.failed(id)
    }
}

#[cfg(test)]
mod tests;
