//! The tree of a file, as every format is read into it and as the MAC sees it.

use secret_bytes::SecretBytes;

use crate::scalar::Scalar;

/// All documents of a file. Formats other than YAML have exactly one.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub(crate) documents: Vec<Vec<Entry>>,
}

/// An entry of a mapping.
#[derive(Debug)]
pub(crate) enum Entry {
    Pair { key: Key, value: Node },
    Comment(Comment),
}

/// The key of an entry, as text. Keys of other kinds load, and cannot be encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) text: String,
    pub(crate) textual: bool,
    /// Index of the place where an alias stands for the key.
    pub(crate) alias_site: Option<u32>,
}

#[derive(Debug)]
pub(crate) enum Node {
    Mapping(Vec<Entry>),
    Sequence(Vec<Element>),
    Leaf(Leaf),
    /// The value an alias stands for, as its own copy.
    Alias {
        copy: Box<Node>,
        site: Option<u32>,
    },
}

/// An element of a sequence.
#[derive(Debug)]
pub(crate) enum Element {
    Node(Node),
    Comment(Comment),
}

/// A scalar and where it stands in the text it was read from.
#[derive(Debug)]
pub(crate) struct Leaf {
    pub(crate) value: Scalar,
    /// Index of the place in the text; `None` for copies that an alias makes, and where there is
    /// no text.
    pub(crate) site: Option<u32>,
    /// Whether this pass encrypted or decrypted it.
    pub(crate) changed: bool,
}

/// A comment and where it stands.
#[derive(Debug)]
pub(crate) struct Comment {
    pub(crate) text: SecretBytes,
    /// Whether it shares the line with the value after it.
    pub(crate) inline: bool,
    /// Index of the comment's place; of the item's place when it stands as one.
    pub(crate) site: Option<u32>,
    pub(crate) changed: bool,
    /// Whether it was an item of a sequence while it was encrypted.
    pub(crate) from_item: bool,
}

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            textual: true,
            alias_site: None,
        }
    }
}

impl Leaf {
    pub(crate) fn new(value: Scalar) -> Self {
        Self {
            value,
            site: None,
            changed: false,
        }
    }
}

impl Node {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Leaf(Leaf::new(Scalar::text(text)))
    }

    /// Returns the value behind aliases.
    pub(crate) fn resolved(&self) -> &Self {
        match self {
            Self::Alias { copy, .. } => copy.resolved(),
            Self::Mapping(_) | Self::Sequence(_) | Self::Leaf(_) => self,
        }
    }
}

impl Entry {
    pub(crate) fn pair(key: &str, value: Node) -> Self {
        Self::Pair {
            key: key.into(),
            value,
        }
    }
}

/// Removes the top-level entries named `name` and returns the first one's value.
pub(crate) fn take(entries: &mut Vec<Entry>, name: &str) -> Option<Node> {
    let mut taken = None;
    let mut kept = Vec::with_capacity(entries.len());
    for entry in entries.drain(..) {
        match entry {
            Entry::Pair { key, value } if key.text == name => {
                if taken.is_none() {
                    taken = Some(value);
                }
            }
            entry => kept.push(entry),
        }
    }
    *entries = kept;
    taken
}

/// Whether a mapping has an entry of this name.
pub(crate) fn has(entries: &[Entry], name: &str) -> bool {
    entries
        .iter()
        .any(|entry| matches!(entry, Entry::Pair { key, .. } if key.text == name))
}
