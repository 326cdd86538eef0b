//! What came of the tasks of a sync.

use std::collections::BTreeMap;

use manifests::ObjectId;

use crate::plan::{Action, Applied, ChangeSet, Entry, Skip};
use crate::unit::Protection;

/// What came of one task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The object is as wanted.
    Synced,
    /// It could not be made so.
    SyncFailed,
    /// It was deleted.
    Pruned,
    /// It is no longer wanted and stays.
    PruneSkipped,
}

/// What came of one task, and what to say about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// API version without the group.
    pub version: String,
    /// What came of it.
    pub outcome: Outcome,
    /// What to say about it, without values.
    pub message: String,
}

/// What came of the tasks of a sync so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Results(BTreeMap<ObjectId, Done>);

impl Results {
    /// Adds what came of one task.
    pub fn insert(&mut self, id: ObjectId, done: Done) {
        self.0.insert(id, done);
    }

    /// Returns what came of each task.
    pub fn iter(&self) -> impl Iterator<Item = (&ObjectId, &Done)> {
        self.0.iter()
    }

    /// Whether no task is done.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds what came of a change set.
    pub fn record(&mut self, applied: &ChangeSet<Applied>) {
        for entry in applied.entries() {
            let failed = applied
                .failures()
                .iter()
                .find(|failure| failure.object == entry.id);
            let (outcome, message) = match failed {
                Some(failure) => (Outcome::SyncFailed, failure.message.clone()),
                None => said(entry),
            };
            let done = Done {
                version: entry.version.clone(),
                outcome,
                message,
            };
            self.insert(entry.id.clone(), done);
        }
    }

    /// Adds an object that was not written.
    pub fn refuse(&mut self, id: &ObjectId, version: &str, reason: &str) {
        let done = Done {
            version: version.to_owned(),
            outcome: Outcome::SyncFailed,
            message: reason.to_owned(),
        };
        self.insert(id.clone(), done);
    }

    /// Whether a task is done, whatever came of it.
    pub fn has(&self, id: &ObjectId) -> bool {
        self.0.contains_key(id)
    }

    pub(super) fn pruned(&self, id: &ObjectId) -> bool {
        self.0
            .get(id)
            .is_some_and(|done| done.outcome == Outcome::Pruned)
    }

    pub(super) fn failure(&self) -> Option<String> {
        let failed: Vec<String> = self
            .0
            .iter()
            .filter(|(_, done)| done.outcome == Outcome::SyncFailed)
            .map(|(id, done)| format!("{id}: {}", done.message))
            .collect();
        (!failed.is_empty())
            .then(|| format!("one or more objects failed to apply: {}", failed.join("; ")))
    }
}

/// Returns what to say about a task that did not fail.
fn said(entry: &Entry) -> (Outcome, String) {
    match &entry.action {
        Action::Created | Action::Configured | Action::Unchanged => {
            (Outcome::Synced, as_kubectl(entry))
        }
        Action::Deleted | Action::Skipped(Skip::Gone) => (Outcome::Pruned, "pruned".to_owned()),
        Action::Skipped(Skip::NotAsked) => (
            Outcome::PruneSkipped,
            "ignored (requires pruning)".to_owned(),
        ),
        Action::Skipped(Skip::Protected(Protection::KeepFromPrune)) => {
            (Outcome::PruneSkipped, "ignored (no prune)".to_owned())
        }
        Action::Skipped(Skip::Claimed { by }) => {
            (Outcome::Synced, format!("ignored (it belongs to {by})"))
        }
        Action::Skipped(Skip::NotOurs | Skip::Unseen) => (
            Outcome::PruneSkipped,
            "ignored (it does not belong to this Application)".to_owned(),
        ),
        Action::Skipped(_) => (Outcome::Synced, format!("{} skipped", entry.id)),
    }
}

/// Writes an entry as people know it, `deployment.apps/web configured`.
fn as_kubectl(entry: &Entry) -> String {
    let kind = &entry.id.group_kind;
    let group = if kind.group.is_empty() {
        String::new()
    } else {
        format!(".{}", kind.group)
    };
    format!(
        "{}{group}/{} {}",
        kind.kind.to_lowercase(),
        entry.id.name,
        entry.action
    )
}
