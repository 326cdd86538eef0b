//! What the Applications of a project may do.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Unmodelled;

/// What the Applications of a project may do: from where, to where, and which kinds.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[kube(
    group = "argoproj.io",
    version = "v1alpha1",
    kind = "AppProject",
    plural = "appprojects",
    shortname = "appproj",
    shortname = "appprojs",
    namespaced,
    status = "AppProjectStatus",
    derive = "PartialEq",
    doc = "What the Applications of a project may do: from where, to where, and which kinds."
)]
#[serde(rename_all = "camelCase")]
pub struct AppProjectSpec {
    /// What the project is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,

    /// Globs of the repositories that are permitted; a leading `!` refuses, and wins. Example:
    /// `https://git.example.com/team/*`. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub source_repos: Vec<String>,

    /// Where objects may go. Default: nowhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub destinations: Vec<ProjectDestination>,

    /// Globs of further namespaces that may hold Applications of the project. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub source_namespaces: Vec<String>,

    /// Kinds without a namespace that are permitted. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cluster_resource_whitelist: Vec<ClusterResourceRestriction>,

    /// Kinds without a namespace that are refused although they are permitted above. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cluster_resource_blacklist: Vec<ClusterResourceRestriction>,

    /// Kinds in namespaces that are permitted; an empty list permits none. Default: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace_resource_whitelist: Option<Vec<GroupKind>>,

    /// Kinds in namespaces that are refused although they are permitted above. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub namespace_resource_blacklist: Vec<GroupKind>,

    /// Whether objects that belong to no Application are counted. Not supported yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub orphaned_resources: Option<OrphanedResources>,

    /// Roles of people and programs. Not supported yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<ProjectRole>,

    /// When syncs may start. Not supported yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sync_windows: Vec<SyncWindow>,

    /// Keys that commits have to be signed with. Not supported yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signature_keys: Vec<SignatureKey>,

    /// Whether only clusters of the project are permitted. Not supported yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permit_only_project_scoped_clusters: Option<bool>,

    /// The `ServiceAccount` to apply as, by destination. Not supported yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub destination_service_accounts: Vec<DestinationServiceAccount>,

    /// Fields that are not supported.
    #[serde(flatten)]
    pub unmodelled: Unmodelled,
}

/// What other tools note about a project.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
pub struct AppProjectStatus {
    /// The fields as written.
    #[serde(flatten)]
    pub unmodelled: Unmodelled,
}

/// Where objects may go. Texts are globs; a leading `!` refuses, and wins.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
pub struct ProjectDestination {
    /// Address of the API server. Example: `https://kubernetes.default.svc`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,

    /// Name of the cluster. Example: `in-cluster`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,

    /// Namespace. Example: `team-*`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,

    /// Fields that are not supported.
    #[serde(flatten)]
    pub unmodelled: Unmodelled,
}

/// Kinds without a namespace. Texts are globs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct ClusterResourceRestriction {
    /// API group; empty for the core group.
    #[serde(default)]
    pub group: String,

    /// Kind.
    pub kind: String,

    /// Name of the object. Default: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Kinds in namespaces. Texts are globs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct GroupKind {
    /// API group; empty for the core group.
    #[serde(default)]
    pub group: String,

    /// Kind.
    pub kind: String,
}

/// Whether objects that belong to no Application are counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct OrphanedResources {
    /// Whether a condition says so. Default: `true`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warn: Option<bool>,

    /// Objects that do not count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<OrphanedResourceKey>,
}

/// Objects that may belong to no Application. Texts are globs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct OrphanedResourceKey {
    /// API group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,

    /// Kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,

    /// Name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A role of people and programs.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProjectRole {
    /// Name of the role.
    pub name: String,

    /// What the role is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,

    /// What the role may do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<String>,

    /// Groups of users that have the role.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,

    /// Fields that are not supported.
    #[serde(flatten)]
    pub unmodelled: Unmodelled,
}

/// When syncs may start.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncWindow {
    /// `allow` or `deny`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,

    /// When it opens, in five fields as cron has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,

    /// How long it is open. Example: `1h`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<String>,

    /// Fields that are not supported.
    #[serde(flatten)]
    pub unmodelled: Unmodelled,
}

/// A key that commits have to be signed with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct SignatureKey {
    /// Id of the key.
    #[serde(rename = "keyID")]
    pub key_id: String,
}

/// The `ServiceAccount` to apply as at a destination. Texts of the destination are globs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DestinationServiceAccount {
    /// Address of the API server.
    pub server: String,

    /// Namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,

    /// The `ServiceAccount`, also as `namespace:name`.
    pub default_service_account: String,
}
