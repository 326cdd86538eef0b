//! One desired object.

use std::fmt;

use serde_json::Value;

use crate::{ArtifactPath, GroupKind, ObjectId};

/// One desired Kubernetes object, as rendered.
///
/// It has an `apiVersion`, a `kind` and a name; reading refuses anything else. After the decrypt
/// stage a manifest may hold plaintext in a Secret's data, so `Debug` shows its identity only.
#[derive(Clone, PartialEq)]
pub struct Manifest {
    object: Value,
    origin: Option<Origin>,
}

/// Where in the artifact a manifest was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The file.
    pub path: ArtifactPath,
    /// Which document of the file, from 0.
    pub document: usize,
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.path)?;
        if self.document > 0 {
            write!(formatter, " (document {})", self.document + 1)?;
        }
        Ok(())
    }
}

impl Manifest {
    /// Takes an object that has `apiVersion`, `kind` and `metadata.name`; `None` otherwise.
    pub fn new(object: Value, origin: Option<Origin>) -> Option<Self> {
        let has = |pointer: &str| {
            object.pointer(pointer).and_then(Value::as_str).is_some_and(|text| !text.is_empty())
        };
        (has("/apiVersion") && has("/kind") && has("/metadata/name"))
            .then_some(Self { object, origin })
    }

    /// Returns the object.
    pub fn object(&self) -> &Value {
        &self.object
    }

    /// Changes the object in place. `apiVersion`, `kind` and name must stay.
    pub fn object_mut(&mut self) -> &mut Value {
        &mut self.object
    }

    /// Returns the object, consuming the manifest.
    pub fn into_object(self) -> Value {
        self.object
    }

    /// Returns where it was written, when that is known.
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    /// Returns `apiVersion`.
    pub fn api_version(&self) -> &str {
        self.text("/apiVersion")
    }

    /// Returns the API group, empty for the core group.
    pub fn group(&self) -> &str {
        self.api_version().split_once('/').map_or("", |(group, _)| group)
    }

    /// Returns the API version without the group.
    pub fn version(&self) -> &str {
        self.api_version().split_once('/').map_or(self.api_version(), |(_, version)| version)
    }

    /// Returns `kind`.
    pub fn kind(&self) -> &str {
        self.text("/kind")
    }

    /// Returns `metadata.name`.
    pub fn name(&self) -> &str {
        self.text("/metadata/name")
    }

    /// Returns `metadata.namespace`, when it is set.
    pub fn namespace(&self) -> Option<&str> {
        Some(self.text("/metadata/namespace")).filter(|text| !text.is_empty())
    }

    /// Returns an annotation.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.object.get("metadata")?.get("annotations")?.get(key)?.as_str()
    }

    /// Returns a label.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.object.get("metadata")?.get("labels")?.get(key)?.as_str()
    }

    /// Returns which object this is.
    pub fn id(&self) -> ObjectId {
        ObjectId::new(GroupKind::new(self.group(), self.kind()), self.namespace(), self.name())
    }

    /// Whether this is the core `Secret`.
    pub fn is_secret(&self) -> bool {
        self.api_version() == "v1" && self.kind() == "Secret"
    }

    fn text(&self, pointer: &str) -> &str {
        self.object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }
}

impl fmt::Debug for Manifest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Manifest({})", self.id())
    }
}
