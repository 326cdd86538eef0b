//! `ExternalSecret`: which values to fetch, how often, and what to write.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{condition::ExternalSecretsCondition, target::Target};
use crate::{GoDuration, Unmodelled, pattern};

/// Values that are fetched from a store and written into a Secret.
#[derive(CustomResource, Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[kube(
    group = "external-secrets.io",
    version = "v1",
    kind = "ExternalSecret",
    plural = "externalsecrets",
    shortname = "es",
    category = "external-secrets",
    namespaced,
    status = "ExternalSecretStatus",
    derive = "PartialEq",
    doc = "Values that are fetched from a store and written into a Secret.",
    label("external-secrets.io/component", "controller"),
    selectable = ".spec.secretStoreRef.name",
    selectable = ".spec.secretStoreRef.kind",
    selectable = ".spec.target.name",
    selectable = ".spec.refreshInterval",
    printcolumn = r#"{"name":"StoreType","type":"string","jsonPath":".spec.secretStoreRef.kind"}"#,
    printcolumn = r#"{"name":"Store","type":"string","jsonPath":".spec.secretStoreRef.name"}"#,
    printcolumn = r#"{"name":"Refresh Interval","type":"string","jsonPath":".spec.refreshInterval"}"#,
    printcolumn = r#"{"name":"Status","type":"string","jsonPath":".status.conditions[?(@.type==\"Ready\")].reason"}"#,
    printcolumn = r#"{"name":"Ready","type":"string","jsonPath":".status.conditions[?(@.type==\"Ready\")].status"}"#,
    printcolumn = r#"{"name":"Last Sync","type":"date","jsonPath":".status.refreshTime"}"#
)]
#[serde(rename_all = "camelCase")]
pub struct ExternalSecretSpec {
    /// The store values come from. May be absent when each entry names a store of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_store_ref: Option<StoreRef>,

    /// The Secret that is written.
    #[serde(default)]
    pub target: Target,

    /// When values are fetched again. `Periodic`: each `refreshInterval` and on a change of this
    /// object. `OnChange`: on a change of this object. `CreatedOnce`: never. Default: `Periodic`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_policy: Option<RefreshPolicy>,

    /// How often values are fetched again, as a duration; `0` means once. Example: `15m`.
    /// Default: `1h0m0s`.
    #[serde(default = "ExternalSecretSpec::default_refresh_interval")]
    pub refresh_interval: GoDuration,

    /// Times of day at which values may, or may not, be fetched again. Not supported yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sync_windows: Option<SyncWindows>,

    /// Single values, each with its key in the Secret.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<DataEntry>,

    /// Sets of values with the keys they have in the store. Entries of `data` come after these
    /// and win.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data_from: Vec<DataFromEntry>,

    /// Fields that are not supported yet.
    #[serde(flatten)]
    pub unmodelled: Unmodelled,
}

impl ExternalSecretSpec {
    const fn default_refresh_interval() -> GoDuration {
        GoDuration::from_seconds(3600)
    }
}

/// The store values come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct StoreRef {
    /// Name of the store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253), regex(pattern = pattern::NAME))]
    pub name: Option<String>,

    /// Kind of the store: `SecretStore` (in the namespace of the ExternalSecret) or
    /// `ClusterSecretStore`. Default: `SecretStore`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<StoreKind>,
}

impl StoreRef {
    /// Returns the kind of the store, with the default filled in.
    pub fn kind(&self) -> StoreKind {
        self.kind.unwrap_or(StoreKind::SecretStore)
    }
}

/// The kind of a store.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize, JsonSchema,
)]
pub enum StoreKind {
    /// A store of one namespace.
    SecretStore,
    /// A store of all namespaces.
    ClusterSecretStore,
}

/// When values are fetched again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum RefreshPolicy {
    /// Never.
    CreatedOnce,
    /// Each refresh interval and on a change of the object.
    Periodic,
    /// On a change of the object.
    OnChange,
}

/// Times at which values may, or may not, be fetched again, in UTC.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct SyncWindows {
    /// Whether values are fetched only inside the windows (`allow`) or only outside (`deny`).
    pub kind: SyncWindowKind,

    /// The windows.
    #[schemars(length(min = 1))]
    pub windows: Vec<SyncWindow>,
}

/// What the windows mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SyncWindowKind {
    /// Values are fetched only inside the windows.
    Allow,
    /// Values are fetched only outside the windows.
    Deny,
}

/// One window.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct SyncWindow {
    /// When the window opens: five cron fields, `@daily` and the like, or `@every 6h`.
    #[schemars(regex(
        pattern = r"^(@(annually|yearly|monthly|weekly|daily|midnight|hourly)|@every [^\s]+.*|[^\s]+( [^\s]+){4})$"
    ))]
    pub schedule: String,

    /// How long it stays open, as a duration. Example: `2h`.
    #[schemars(with = "String")]
    pub duration: String,
}

/// One value with its key in the Secret.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DataEntry {
    /// Key in the Secret. Example: `password`.
    #[schemars(length(min = 1, max = 253), regex(pattern = pattern::DATA_KEY))]
    pub secret_key: String,

    /// The value in the store.
    pub remote_ref: RemoteRef,

    /// The store of this entry. Default: `spec.secretStoreRef`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_ref: Option<SourceRef>,

    /// Fields that are not supported yet.
    #[serde(flatten)]
    pub unmodelled: Unmodelled,
}

/// A value in a store.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RemoteRef {
    /// Key of the value. What it means depends on the provider. Example: `production/database`.
    pub key: String,

    /// What to select inside a structured value. Example: `credentials.password`. Default: the
    /// whole value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub property: Option<String>,

    /// Version of the value. What it means depends on the provider. Default: the newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,

    /// Whether the provider's metadata (tags, labels) is fetched instead of the value: `None` or
    /// `Fetch`. Default: `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata_policy: Option<MetadataPolicy>,

    /// How keys are made fit for a Secret: `Default` or `Unicode`. Only in `dataFrom`. Default:
    /// `Default`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversion_strategy: Option<ConversionStrategy>,

    /// How the value is decoded: `None`, `Base64`, `Base64URL` or `Auto`. Default: `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decoding_strategy: Option<DecodingStrategy>,

    /// Whether a zero byte in the value is an error: `Ignore` or `Fail`. Default: `Ignore`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub null_byte_policy: Option<NullBytePolicy>,

    /// Fields that are not supported yet.
    #[serde(flatten)]
    pub unmodelled: Unmodelled,
}

/// Whether metadata is fetched instead of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize, JsonSchema)]
pub enum MetadataPolicy {
    /// The value is fetched.
    None,
    /// The metadata is fetched.
    Fetch,
}

/// How keys are made fit for a Secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum ConversionStrategy {
    /// Each unfit character becomes `_`.
    Default,
    /// Each unfit character becomes its code point, as in `_U002f_`.
    Unicode,
}

/// How a value is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum DecodingStrategy {
    /// As base64 when it is, as URL-safe base64 when it is, otherwise not at all.
    Auto,
    /// As base64.
    Base64,
    /// As URL-safe base64.
    #[serde(rename = "Base64URL")]
    Base64Url,
    /// Not at all.
    None,
}

/// Whether a zero byte in a value is an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum NullBytePolicy {
    /// It is not.
    Ignore,
    /// It is.
    Fail,
}

/// Where the value of one entry comes from: exactly one of the fields.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub struct SourceRef {
    /// A store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store_ref: Option<StoreRef>,

    /// A generator. Not supported here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generator_ref: Option<GeneratorRef>,
}

/// One set of values: exactly one of `extract`, `find` and `sourceRef.generatorRef`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DataFromEntry {
    /// All members of one structured value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extract: Option<RemoteRef>,

    /// All values that match. Not supported yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub find: Option<Find>,

    /// Changes of the keys, in order. Not supported yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rewrite: Vec<Rewrite>,

    /// The store, or the generator, of this entry. Default: `spec.secretStoreRef`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_ref: Option<DataFromSourceRef>,

    /// Fields that are not supported yet.
    #[serde(flatten)]
    pub unmodelled: Unmodelled,
}

/// Where a set of values comes from: exactly one of the fields.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub struct DataFromSourceRef {
    /// A store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store_ref: Option<StoreRef>,

    /// A generator. Not supported yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generator_ref: Option<GeneratorRef>,
}

/// An object that makes up values.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GeneratorRef {
    /// Group and version of the generator. Default: `generators.external-secrets.io/v1alpha1`.
    #[serde(default = "GeneratorRef::default_api_version")]
    pub api_version: String,

    /// Kind of the generator. Example: `Password`.
    pub kind: GeneratorKind,

    /// Name of the generator.
    #[schemars(length(min = 1, max = 253), regex(pattern = pattern::NAME))]
    pub name: String,
}

impl GeneratorRef {
    fn default_api_version() -> String {
        "generators.external-secrets.io/v1alpha1".to_owned()
    }
}

/// The kind of a generator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names are the kinds of the objects")]
#[non_exhaustive]
pub enum GeneratorKind {
    ACRAccessToken,
    BeyondtrustWorkloadCredentialsDynamicSecret,
    ClusterGenerator,
    CloudsmithAccessToken,
    ECRAuthorizationToken,
    Fake,
    GCRAccessToken,
    GithubAccessToken,
    GitlabDeployToken,
    QuayAccessToken,
    Password,
    SSHKey,
    STSSessionToken,
    #[serde(rename = "UUID")]
    Uuid,
    VaultDynamicSecret,
    Webhook,
    Grafana,
    #[serde(rename = "MFA")]
    Mfa,
}

/// Which values match.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Find {
    /// Where the search begins. What it means depends on the provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,

    /// What the name of a value looks like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<FindName>,

    /// Tags a value carries, all of them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,

    /// How keys are made fit for a Secret: `Default` or `Unicode`. Default: `Default`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversion_strategy: Option<ConversionStrategy>,

    /// How values are decoded: `None`, `Base64`, `Base64URL` or `Auto`. Default: `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decoding_strategy: Option<DecodingStrategy>,

    /// Whether a zero byte in a value is an error: `Ignore` or `Fail`. Default: `Ignore`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub null_byte_policy: Option<NullBytePolicy>,

    /// Fields that are not supported yet.
    #[serde(flatten)]
    pub unmodelled: Unmodelled,
}

/// What the name of a value looks like.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct FindName {
    /// A regular expression (RE2) that matches the name anywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regexp: Option<String>,
}

/// One change of the keys: exactly one of the fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub struct Rewrite {
    /// Joins structured values into one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge: Option<RewriteMerge>,

    /// Replaces what a regular expression matches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regexp: Option<RewriteRegexp>,

    /// Makes each key by a template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transform: Option<RewriteTransform>,
}

/// Joins structured values into one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RewriteMerge {
    /// Key of the joined value; needed with the strategy `JSON`. Default: empty.
    #[serde(default)]
    pub into: String,

    /// Keys that are joined last and so win, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub priority: Vec<String>,

    /// Whether a key in `priority` that does not exist is an error: `Strict` or
    /// `IgnoreNotFound`. Default: `Strict`.
    #[serde(default)]
    pub priority_policy: MergePriorityPolicy,

    /// Whether a member that two values have is an error: `Error` or `Ignore`. Default: `Error`.
    #[serde(default)]
    pub conflict_policy: MergeConflictPolicy,

    /// Whether the members become keys (`Extract`) or one JSON value (`JSON`). Default: `Extract`.
    #[serde(default)]
    pub strategy: MergeStrategy,
}

/// Whether a key in the priority list that does not exist is an error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum MergePriorityPolicy {
    /// It is not.
    IgnoreNotFound,
    /// It is.
    #[default]
    Strict,
}

/// Whether a member that two values have is an error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum MergeConflictPolicy {
    /// It is not.
    Ignore,
    /// It is.
    #[default]
    Error,
}

/// What joined values become.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum MergeStrategy {
    /// A key for each member.
    #[default]
    Extract,
    /// One JSON value.
    #[serde(rename = "JSON")]
    Json,
}

/// Replaces what a regular expression matches in each key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct RewriteRegexp {
    /// The regular expression (RE2).
    pub source: String,

    /// What stands in its place; `$1` is the first group.
    pub target: String,
}

/// Makes each key by a template.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct RewriteTransform {
    /// The Go template; `.value` is the key.
    pub template: String,
}

/// What became of an ExternalSecret.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExternalSecretStatus {
    /// When the last successful fetch began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_time: Option<Time>,

    /// The version of this object that was fetched for last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub synced_resource_version: Option<String>,

    /// The condition `Ready` says whether the Secret is as the store has it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<ExternalSecretsCondition>,

    /// The Secret that was written, for service bindings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binding: Option<Binding>,
}

/// The Secret that was written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct Binding {
    /// Name of the Secret.
    #[serde(default)]
    pub name: String,
}
