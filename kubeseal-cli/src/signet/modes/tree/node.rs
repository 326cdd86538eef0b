//! The tree, as data.

use jiff::Timestamp;
use manifests::ObjectId;
use pipeline::health::Assessment;
use serde_json::Value;

/// An object and what is below it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) id: ObjectId,
    /// API version without the group.
    pub(super) version: String,
    pub(super) state: State,
    /// When it was created.
    pub(super) created: Option<Timestamp>,
    /// Since when it is being deleted.
    pub(super) deleted: Option<Timestamp>,
    /// Of a unit: what was applied last.
    pub(super) revision: Option<String>,
    /// Of a unit: why it is not ready.
    pub(super) waits: Option<String>,
    /// Of a Secret: who makes it.
    pub(super) maker: Option<Maker>,
    pub(super) children: Vec<Node>,
}

/// How an object is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum State {
    /// It was looked for; no opinion on some kinds.
    Seen(Option<Assessment>),
    /// It could not be looked for, and why.
    Unreadable(String),
}

/// Who makes a Secret.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Maker {
    pub(super) id: ObjectId,
    /// The store that values come from, as `SecretStore/vault`.
    pub(super) store: Option<String>,
    /// When it was made as it is, or fetched last.
    pub(super) refreshed: Option<Timestamp>,
}

impl Node {
    /// Returns a node without anything below it.
    pub(super) fn new(id: ObjectId, version: &str, state: State) -> Self {
        Self {
            id,
            version: version.to_owned(),
            state,
            created: None,
            deleted: None,
            revision: None,
            waits: None,
            maker: None,
            children: Vec::new(),
        }
    }
}

/// Reads a time in an object.
pub(super) fn time(object: &Value, pointer: &str) -> Option<Timestamp> {
    object.pointer(pointer)?.as_str()?.parse().ok()
}
