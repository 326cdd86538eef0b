//! The group `bitnami.com/v1alpha1`: `SealedSecret`.
//!
//! Reading is lenient where files and old clusters are loose: a sealed item that is not text is
//! kept as such ([`SealedItem::NotText`]), so that one bad entry never hides an object.

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::CustomResource;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::{
    Unmodelled,
    condition::{ConditionStatus, StatusCondition, whole_seconds},
};

/// A Secret whose values only the controller of one cluster can open.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[kube(
    group = "bitnami.com",
    version = "v1alpha1",
    kind = "SealedSecret",
    plural = "sealedsecrets",
    namespaced,
    status = "SealedSecretStatus",
    derive = "PartialEq",
    doc = "A Secret whose values only the controller of one cluster can open.",
    printcolumn = r#"{"name":"Status","type":"string","jsonPath":".status.conditions[0].message"}"#,
    printcolumn = r#"{"name":"Synced","type":"string","jsonPath":".status.conditions[0].status"}"#,
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#
)]
#[serde(rename_all = "camelCase")]
pub struct SealedSecretSpec {
    /// The sealed values by the key they get in the Secret, each base64. They are made by
    /// `kubeseal` and bound to the scope they were sealed for.
    #[schemars(schema_with = "SealedItem::map_schema")]
    pub encrypted_data: SealedItems,

    /// Deprecated: one blob that holds all values, base64. Not supported yet; use
    /// `encryptedData`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::pattern::base64")]
    pub data: Option<String>,

    /// What the Secret gets beside the values. Default: the name and namespace of this object and
    /// nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<SecretTemplate>,

    /// Fields that are not supported.
    #[serde(flatten)]
    pub unmodelled: Unmodelled,
}

/// The sealed items of an object, by key.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SealedItems(pub BTreeMap<String, SealedItem>);

/// One sealed item as the object holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SealedItem {
    /// Text, which should be base64 of a sealed value.
    Text(String),
    /// Something that is not text and therefore cannot be opened.
    NotText,
}

impl SealedItem {
    fn map_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "additionalProperties": { "type": "string" },
            "x-kubernetes-preserve-unknown-fields": true,
        })
    }
}

impl<'de> Deserialize<'de> for SealedItems {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // COMPAT: an absent map and anything that is no map count as no items.
        let Some(Value::Object(items)) = Option::<Value>::deserialize(deserializer)? else {
            return Ok(Self::default());
        };
        let item = |value| match value {
            Value::String(text) => SealedItem::Text(text),
            _ => SealedItem::NotText,
        };
        Ok(Self(
            items
                .into_iter()
                .map(|(key, value)| (key, item(value)))
                .collect(),
        ))
    }
}

impl Serialize for SealedItems {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, item)| match item {
            SealedItem::Text(text) => (key, text.as_str()),
            SealedItem::NotText => (key, ""),
        }))
    }
}

/// What a Secret gets beside its values.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretTemplate {
    /// Metadata of the Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<SecretTemplateMetadata>,

    /// Type of the Secret. Example: `kubernetes.io/tls`. Default: `Opaque`.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,

    /// Whether the Secret's values can never be changed. Default: `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub immutable: Option<bool>,

    /// Values that are made from the unsealed ones by Go templates, by key. Example:
    /// `url: "postgres://{{ .user }}:{{ .password }}@db"`. Not supported yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<BTreeMap<String, String>>,

    /// Fields that are not supported.
    #[serde(flatten)]
    pub unmodelled: Unmodelled,
}

/// Metadata a Secret gets.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretTemplateMetadata {
    /// Annotations of the Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<BTreeMap<String, String>>,

    /// Labels of the Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<BTreeMap<String, String>>,

    /// Finalizers of the Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finalizers: Option<Vec<String>>,

    /// Ignored: the Secret has the name of the SealedSecret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,

    /// Ignored: the Secret is in the namespace of the SealedSecret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,

    /// Further fields of metadata, such as `creationTimestamp`. They are kept and ignored.
    #[serde(flatten)]
    pub unmodelled: Unmodelled,
}

/// What became of a SealedSecret.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SealedSecretStatus {
    /// `metadata.generation` that was processed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,

    /// The condition `Synced`, always first, says whether the Secret is as sealed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<SealedSecretCondition>,
}

/// One condition of a SealedSecret.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SealedSecretCondition {
    /// Type of the condition: `Synced`.
    #[serde(rename = "type")]
    pub kind: String,

    /// `True`, `False` or `Unknown`.
    #[schemars(with = "String")]
    pub status: ConditionStatus,

    /// When the condition was written last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_update_time: Option<Time>,

    /// When `status` changed last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_transition_time: Option<Time>,

    /// Why, in one word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,

    /// Why, in a sentence; absent on success.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl SealedSecretCondition {
    /// Returns a condition that is written at `now` and whose status is taken to have changed
    /// then.
    ///
    /// An empty message is left out.
    pub fn new(kind: &str, status: ConditionStatus, message: &str, now: Timestamp) -> Self {
        let now = whole_seconds(now);
        Self {
            kind: kind.to_owned(),
            status,
            last_update_time: Some(now.clone()),
            last_transition_time: Some(now),
            reason: None,
            message: (!message.is_empty()).then(|| message.to_owned()),
        }
    }
}

impl StatusCondition for SealedSecretCondition {
    fn kind(&self) -> &str {
        &self.kind
    }

    fn says_the_same(&self, other: &Self) -> bool {
        self.status == other.status && self.reason == other.reason && self.message == other.message
    }

    fn keep_transition_time(&mut self, earlier: &Self) {
        if self.status == earlier.status {
            self.last_transition_time
                .clone_from(&earlier.last_transition_time);
        }
    }
}
