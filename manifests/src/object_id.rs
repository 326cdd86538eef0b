//! Which object: group, kind, namespace and name, without the version.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// API group and kind, without the version.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct GroupKind {
    /// API group, empty for the core group.
    pub group: String,
    /// Kind.
    pub kind: String,
}

impl GroupKind {
    /// Builds one.
    pub fn new(group: impl Into<String>, kind: impl Into<String>) -> Self {
        Self {
            group: group.into(),
            kind: kind.into(),
        }
    }

    /// Whether this is the core `Secret`.
    pub fn is_secret(&self) -> bool {
        self.group.is_empty() && self.kind == "Secret"
    }
}

/// Which object, independent of the version it is written in.
///
/// Displayed as people name objects in events: `Deployment/apps/web`, or `Namespace/apps` when it
/// has no namespace (G-211). The inventory's form is [`ObjectId::inventory_id`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ObjectId {
    /// Group and kind.
    pub group_kind: GroupKind,
    /// Namespace, `None` for cluster-scoped objects.
    pub namespace: Option<String>,
    /// Name.
    pub name: String,
}

/// The text is no inventory id.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{text:?} is not an inventory id of the form <namespace>_<name>_<group>_<kind>")]
pub struct ParseInventoryId {
    text: String,
}

impl ObjectId {
    /// Builds one; an empty namespace counts as none.
    pub fn new(group_kind: GroupKind, namespace: Option<&str>, name: impl Into<String>) -> Self {
        Self {
            group_kind,
            namespace: namespace.filter(|text| !text.is_empty()).map(str::to_owned),
            name: name.into(),
        }
    }

    /// Returns `<namespace>_<name>_<group>_<kind>`, as `status.inventory` holds it (G-186).
    ///
    /// A colon in a name (RBAC names have them) is written as two underscores.
    pub fn inventory_id(&self) -> String {
        format!(
            "{}_{}_{}_{}",
            self.namespace.as_deref().unwrap_or_default(),
            self.name.replace(':', "__"),
            self.group_kind.group,
            self.group_kind.kind
        )
    }

    /// Reads `<namespace>_<name>_<group>_<kind>`.
    ///
    /// # Errors
    ///
    /// When there are too few parts.
    pub fn from_inventory_id(text: &str) -> Result<Self, ParseInventoryId> {
        let broken = || ParseInventoryId {
            text: text.to_owned(),
        };
        let (namespace, rest) = text.split_once('_').ok_or_else(broken)?;
        let (rest, kind) = rest.rsplit_once('_').ok_or_else(broken)?;
        let (name, group) = rest.rsplit_once('_').ok_or_else(broken)?;
        if name.is_empty() || kind.is_empty() {
            return Err(broken());
        }
        Ok(Self::new(
            GroupKind::new(group, kind),
            Some(namespace),
            name.replace("__", ":"),
        ))
    }
}

impl FromStr for ObjectId {
    type Err = ParseInventoryId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::from_inventory_id(text)
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.group_kind.kind)?;
        if let Some(namespace) = &self.namespace {
            write!(formatter, "/{namespace}")?;
        }
        write!(formatter, "/{}", self.name)
    }
}

#[cfg(test)]
mod tests;
