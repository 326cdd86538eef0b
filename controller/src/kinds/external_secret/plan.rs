//! What the Secret should be, and whether it has to be written. Pure; §7.7–7.10.

mod next;

use std::time::Duration;

use api::external_secrets::{CreationPolicy, DeletionPolicy};
use jiff::Timestamp;
use manifests::Manifest;

use super::hash;
use super::live::Live;
use super::observe::{Found, New, Orphan};
use super::parse::Wanted;
use super::status::{COULD_NOT_DELETE, SYNC_ERROR, Synced};
use crate::error::{Category, Error};

/// What to do, and for whom.
pub(crate) struct Plan {
    pub(super) namespace: String,
    pub(super) name: String,
    /// Under which the Secret's fields are written.
    pub(super) manager: String,
    pub(super) act: Act,
}

/// What to do.
pub(crate) enum Act {
    /// Nothing, status included.
    LeaveAlone {
        again: Option<Duration>,
        /// The Secret, when it lacks the label of the family and nothing else.
        unlabelled: Option<String>,
    },
    /// What the fetched values ask for.
    Sync(Sync),
    /// The Secret cannot be as asked for.
    Refuse(Error),
}

/// What to do with fetched values.
pub(crate) struct Sync {
    pub(super) started: Timestamp,
    pub(super) again: Option<Duration>,
    pub(super) missing: Vec<String>,
    pub(super) orphans: Vec<Orphan>,
    pub(super) write: Write,
    pub(super) synced: Synced,
    /// The Secret the object is bound to from now on.
    pub(super) binding: Option<String>,
}

/// What to do about the Secret.
pub(crate) enum Write {
    /// It is as it should be, or not ours to make.
    Keep,
    /// It gets the label of the family.
    Label { name: String },
    /// It is made.
    Create(Manifest),
    /// It is written over the very version that was looked at.
    Replace(Manifest),
    /// The very Secret that was looked at is deleted.
    Delete { name: String, uid: Option<String> },
}

/// Decides what to do.
pub(super) fn plan(wanted: &Wanted, found: Found) -> Plan {
    let act = match found {
        Found::Foreign => Act::LeaveAlone {
            again: None,
            unlabelled: None,
        },
        Found::Current { live, again } => Act::LeaveAlone {
            again,
            unlabelled: unlabelled(wanted, live.as_ref()),
        },
        Found::New(new) => sync(wanted, new),
    };
    Plan {
        namespace: wanted.namespace.clone(),
        name: wanted.name.clone(),
        manager: hash::field_manager(&wanted.name),
        act,
    }
}

fn sync(wanted: &Wanted, new: New) -> Act {
    match decide(wanted, &new) {
        Ok((write, synced)) => {
            let is_bound =
                synced == Synced::Secret && wanted.target.creation != CreationPolicy::None;
            Act::Sync(Sync {
                started: new.started,
                again: new.again,
                missing: new.fetched.missing,
                orphans: new.orphans,
                write,
                synced,
                binding: is_bound.then(|| wanted.target.name.clone()),
            })
        }
        Err(error) => Act::Refuse(error),
    }
}

fn decide(wanted: &Wanted, new: &New) -> Result<(Write, Synced), Error> {
    let target = &wanted.target;
    if new.fetched.data.is_empty() {
        match target.deletion {
            DeletionPolicy::Retain => return Ok((Write::Keep, Synced::Retained)),
            DeletionPolicy::Delete => return delete(wanted, new.live.as_ref()),
            DeletionPolicy::Merge => {}
        }
    }
    match (target.creation, &new.live) {
        (CreationPolicy::None, live) => {
            let unlabelled = unlabelled(wanted, live.as_ref());
            let write = unlabelled.map_or(Write::Keep, |name| Write::Label { name });
            Ok((write, Synced::Secret))
        }
        (CreationPolicy::Merge, None) => Ok((Write::Keep, Synced::Missing)),
        (_, live) => {
            let write = next::write(wanted, &new.fetched.data, live.as_ref())?;
            Ok((write, Synced::Secret))
        }
    }
}

/// Returns the Secret's name when there is one that lacks the label.
fn unlabelled(wanted: &Wanted, live: Option<&Live>) -> Option<String> {
    live.filter(|live| !live.is_managed())
        .map(|_| wanted.target.name.clone())
}

/// Deletes the Secret when it is ours (I3).
fn delete(wanted: &Wanted, live: Option<&Live>) -> Result<(Write, Synced), Error> {
    let Some(live) = live else {
        return Ok((Write::Keep, Synced::Deleted));
    };
    let refuse = |cause: String| {
        Err(Error::new(Category::Invalid, SYNC_ERROR, COULD_NOT_DELETE).because(cause))
    };
    let name = &wanted.target.name;
    if wanted.target.creation != CreationPolicy::Owner {
        return refuse(format!(
            "unable to delete secret {name}: creationPolicy={:?} is not Owner",
            wanted.target.creation
        ));
    }
    if !next::is_owned(wanted, live) {
        return refuse(format!(
            "unable to delete secret {name}: it is not owned by this ExternalSecret"
        ));
    }
    let write = Write::Delete {
        name: name.clone(),
        uid: live.metadata.uid.clone(),
    };
    Ok((write, Synced::Deleted))
}

#[cfg(test)]
mod tests;
