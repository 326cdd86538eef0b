//! References to other objects, as several groups write them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An object of a known kind in the same namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct LocalObjectReference {
    /// Name of the object.
    pub name: String,
}

/// One key of a Secret in the same namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct SecretKeyReference {
    /// Name of the Secret.
    pub name: String,

    /// Key in the Secret's data. Default: what the field that refers to it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}
