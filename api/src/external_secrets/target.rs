//! The Secret an `ExternalSecret` writes, and how it is made from the fetched values.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::external_secret::DecodingStrategy;
use crate::{Unmodelled, pattern};

/// The Secret that is written.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// Name of the Secret. Default: the name of the ExternalSecret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253), regex(pattern = pattern::NAME))]
    pub name: Option<String>,

    /// Who owns the Secret. `Owner`: it belongs to the ExternalSecret and goes with it. `Orphan`:
    /// it is written and stays. `Merge`: values are put into a Secret that exists.
    /// `CreateOrMerge`: the same, and the Secret is created if absent. `None`: nothing is
    /// written. Default: `Owner`.
    #[serde(default)]
    pub creation_policy: CreationPolicy,

    /// What happens when the backend no longer has the values. `Retain`: the Secret stays.
    /// `Delete`: it is deleted. `Merge`: the keys that are gone are removed. Default: `Retain`.
    #[serde(default)]
    pub deletion_policy: DeletionPolicy,

    /// Whether the Secret's values can never be changed. Default: `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub immutable: Option<bool>,

    /// Metadata, type and computed values of the Secret. Default: the fetched values as they are,
    /// and the labels and annotations of the ExternalSecret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<Template>,

    /// Another kind of object to write instead of a Secret. Not supported yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<ManifestTarget>,

    /// Fields that are not supported yet.
    #[serde(flatten)]
    pub unmodelled: Unmodelled,
}

impl Default for Target {
    fn default() -> Self {
        Self {
            name: None,
            creation_policy: CreationPolicy::Owner,
            deletion_policy: DeletionPolicy::Retain,
            immutable: None,
            template: None,
            manifest: None,
            unmodelled: Unmodelled::default(),
        }
    }
}

/// Who owns the Secret that is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum CreationPolicy {
    /// The ExternalSecret owns it.
    #[default]
    Owner,
    /// Nobody owns it.
    Orphan,
    /// Values are put into a Secret that exists.
    Merge,
    /// Nothing is written.
    None,
    /// Values are put into a Secret, which is created if absent.
    CreateOrMerge,
}

/// What happens when the backend no longer has the values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum DeletionPolicy {
    /// The Secret is deleted.
    Delete,
    /// The keys that are gone are removed.
    Merge,
    /// The Secret stays as it is.
    #[default]
    Retain,
}

/// A kind of object that is written instead of a Secret.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ManifestTarget {
    /// Group and version of the kind. Example: `v1`.
    #[schemars(length(min = 1))]
    pub api_version: String,

    /// The kind. Example: `ConfigMap`.
    #[schemars(length(min = 1))]
    pub kind: String,
}

/// Metadata, type and computed values of the Secret.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Template {
    /// Type of the Secret. Example: `kubernetes.io/tls`. Default: `Opaque`.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,

    /// Version of the template language: `v2`. Default: `v2`.
    #[serde(default)]
    pub engine_version: EngineVersion,

    /// Labels, annotations and finalizers of the Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<TemplateMetadata>,

    /// Go templates by key; a template sees the fetched values by their keys. Example:
    /// `url: "postgres://{{ .user }}@db"`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub data: BTreeMap<String, String>,

    /// ConfigMaps, Secrets and texts that hold further templates. Not supported yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub template_from: Vec<TemplateFrom>,

    /// Whether computed values replace the fetched ones (`Replace`) or are added to them
    /// (`Merge`). Default: `Replace`.
    #[serde(default)]
    pub merge_policy: MergePolicy,

    /// Fields that are not supported yet.
    #[serde(flatten)]
    pub unmodelled: Unmodelled,
}

/// The version of the template language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum EngineVersion {
    /// The only version there is.
    #[default]
    #[serde(rename = "v2")]
    V2,
}

/// Whether computed values replace the fetched ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum MergePolicy {
    /// Only computed values are written.
    #[default]
    Replace,
    /// Computed values are added to the fetched ones.
    Merge,
}

/// Metadata the Secret gets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct TemplateMetadata {
    /// Labels; the values are Go templates.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,

    /// Annotations; the values are Go templates.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,

    /// Finalizers, as they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub finalizers: Vec<String>,
}

/// Where further templates are.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TemplateFrom {
    /// A ConfigMap that holds templates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_map: Option<TemplateSource>,

    /// A Secret that holds templates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<TemplateSource>,

    /// A template of a YAML map whose entries are the computed values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub literal: Option<String>,

    /// Where the computed values go: `Data`, `Labels` or `Annotations`. Default: `Data`.
    #[serde(default = "TemplateFrom::default_target")]
    pub target: String,

    /// How computed values are decoded: `None`, `Base64`, `Base64URL` or `Auto`. Default: `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values_decoding_strategy: Option<DecodingStrategy>,

    /// Fields that are not supported yet.
    #[serde(flatten)]
    pub unmodelled: Unmodelled,
}

impl TemplateFrom {
    fn default_target() -> String {
        "Data".to_owned()
    }
}

/// A ConfigMap or Secret that holds templates.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct TemplateSource {
    /// Name of the object, which is in the namespace of the ExternalSecret.
    #[schemars(length(min = 1, max = 253), regex(pattern = pattern::NAME))]
    pub name: String,

    /// The keys of the object that hold templates.
    pub items: Vec<TemplateItem>,
}

/// One key that holds a template.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TemplateItem {
    /// The key.
    #[schemars(length(min = 1, max = 253), regex(pattern = pattern::DATA_KEY))]
    pub key: String,

    /// Whether the text is the template of one value under the same key (`Values`) or of a YAML
    /// map of keys and values (`KeysAndValues`). Default: `Values`.
    #[serde(default)]
    pub template_as: TemplateAs,
}

/// What the text of a template gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum TemplateAs {
    /// One value.
    #[default]
    Values,
    /// A YAML map of keys and values.
    KeysAndValues,
}
