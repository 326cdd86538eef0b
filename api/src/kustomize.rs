//! The group `kustomize.toolkit.fluxcd.io/v1`: `Kustomization`.

mod build;
mod status;

pub use build::{
    CommonMetadata, Decryption, DecryptionProvider, Image, Patch, PatchTarget, PostBuild,
    SubstituteFrom, SubstituteKind,
};
pub use status::{HistoryEntry, Inventory, InventoryEntry, KustomizationStatus};

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    GoDuration, Unmodelled, pattern,
    reference::{LocalObjectReference, SecretKeyReference},
};

/// A directory of a source that is built, applied to a cluster and kept applied.
#[derive(CustomResource, Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[kube(
    group = "kustomize.toolkit.fluxcd.io",
    version = "v1",
    kind = "Kustomization",
    plural = "kustomizations",
    shortname = "ks",
    namespaced,
    status = "KustomizationStatus",
    derive = "PartialEq",
    doc = "A directory of a source that is built, applied to a cluster and kept applied.",
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#,
    printcolumn = r#"{"name":"Ready","type":"string","jsonPath":".status.conditions[?(@.type==\"Ready\")].status"}"#,
    printcolumn = r#"{"name":"Status","type":"string","jsonPath":".status.conditions[?(@.type==\"Ready\")].message"}"#
)]
#[serde(rename_all = "camelCase")]
pub struct KustomizationSpec {
    /// How often the objects are compared and applied again, as a duration. Example: `10m`.
    #[schemars(regex(pattern = pattern::INTERVAL))]
    pub interval: GoDuration,

    /// How soon a failed run is repeated, as a duration. Default: `interval`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = pattern::INTERVAL))]
    pub retry_interval: Option<GoDuration>,

    /// How long one run may take, waiting for health included, as a duration. Default: 30 seconds
    /// less than `interval`, and at least 30 seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = pattern::INTERVAL))]
    pub timeout: Option<GoDuration>,

    /// Whether nothing is applied for the time being. Default: `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspend: Option<bool>,

    /// The source the directory is in.
    pub source_ref: CrossNamespaceSourceReference,

    /// The directory, from the root of the source. Example: `./overlays/production`. Default: the
    /// root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,

    /// Whether objects that are no longer in the source are deleted from the cluster.
    pub prune: bool,

    /// What happens to the objects when this Kustomization is deleted. `MirrorPrune`: as `prune`
    /// says. `Delete`: they are deleted. `WaitForTermination`: they are deleted and waited for.
    /// `Orphan`: they stay. Default: `MirrorPrune`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_policy: Option<DeletionPolicy>,

    /// Whether to wait until all applied objects are healthy; `healthChecks` is then ignored.
    /// Default: `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<bool>,

    /// The objects to wait for until they are healthy. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub health_checks: Vec<NamespacedObjectKindReference>,

    /// Health of further kinds by CEL expressions. Not supported yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub health_check_exprs: Vec<HealthCheckExpression>,

    /// Kustomizations that have to be ready first. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<DependencyReference>,

    /// Namespace that all objects are put into. Default: the namespaces they name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub target_namespace: Option<String>,

    /// Text that is put before all names. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200))]
    pub name_prefix: Option<String>,

    /// Text that is put behind all names. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200))]
    pub name_suffix: Option<String>,

    /// Labels and annotations that all objects get, over those they have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub common_metadata: Option<CommonMetadata>,

    /// Patches of the objects, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patches: Vec<Patch>,

    /// Names, tags and digests of images that are replaced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<Image>,

    /// Directories of kustomize components that are added, relative to `path`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<String>,

    /// Whether components whose directory does not exist are left out. Default: `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignore_missing_components: Option<bool>,

    /// Variables that are replaced in the objects. Not supported yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post_build: Option<PostBuild>,

    /// How encrypted files and objects are decrypted. Default: they are refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decryption: Option<Decryption>,

    /// ServiceAccount of this namespace whose rights are used. Default: the rights of the
    /// controller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account_name: Option<String>,

    /// Another cluster to apply to. Not supported yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kube_config: Option<KubeConfigReference>,

    /// Whether an object is deleted and created again when a field that cannot be changed has
    /// changed. Default: `false`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub force: bool,

    /// Fields that are left to others. Not supported yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<IgnoreRule>,

    /// What kustomize notes on the objects: `originAnnotations`, `transformerAnnotations`,
    /// `managedByLabel`. Default: nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub build_metadata: Vec<BuildMetadata>,

    /// Fields that are not supported.
    #[serde(flatten)]
    pub unmodelled: Unmodelled,
}

/// The source a directory is in.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CrossNamespaceSourceReference {
    /// Group and version of the source. Default: those of the kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,

    /// Kind of the source. Only `GitRepository` is supported yet.
    pub kind: SourceKind,

    /// Name of the source.
    pub name: String,

    /// Namespace of the source. Default: that of the Kustomization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,

    /// Fields that are not supported.
    #[serde(flatten)]
    pub unmodelled: Unmodelled,
}

/// The kind of a source.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize, JsonSchema,
)]
#[non_exhaustive]
pub enum SourceKind {
    /// An OCI artifact.
    #[serde(rename = "OCIRepository")]
    OciRepository,
    /// A Git repository.
    GitRepository,
    /// A bucket.
    Bucket,
    /// An artifact some other controller made.
    ExternalArtifact,
}

/// What happens to applied objects when their Kustomization is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum DeletionPolicy {
    /// As `prune` says.
    MirrorPrune,
    /// They are deleted.
    Delete,
    /// They are deleted and waited for.
    WaitForTermination,
    /// They stay.
    Orphan,
}

/// One object.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NamespacedObjectKindReference {
    /// Group and version. Example: `apps/v1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,

    /// Kind. Example: `Deployment`.
    pub kind: String,

    /// Name.
    pub name: String,

    /// Namespace. Default: that of the Kustomization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

/// Health of one kind by CEL expressions over the object.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HealthCheckExpression {
    /// Group and version of the kind; only the group counts.
    pub api_version: String,

    /// The kind. Default: all kinds of the group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,

    /// When the object is healthy.
    pub current: String,

    /// When the object is on its way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_progress: Option<String>,

    /// When the object has failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

/// An object that has to be ready first.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DependencyReference {
    /// Name of the object.
    pub name: String,

    /// Namespace of the object. Default: that of the Kustomization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,

    /// CEL expression over `self` and `dep` that says when it is ready, in place of its
    /// conditions. Not supported yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready_expr: Option<String>,

    /// Fields that are not supported.
    #[serde(flatten)]
    pub unmodelled: Unmodelled,
}

/// Another cluster: exactly one of the fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub struct KubeConfigReference {
    /// Secret that holds a kubeconfig; its key defaults to `value`, then `value.yaml`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<SecretKeyReference>,

    /// ConfigMap that says how to sign in by identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_map_ref: Option<LocalObjectReference>,
}

/// Fields of some objects that are left to others.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
pub struct IgnoreRule {
    /// JSON pointers to the fields. Example: `/spec/replicas`.
    #[schemars(length(min = 1))]
    pub paths: Vec<String>,

    /// Which objects. Default: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<PatchTarget>,
}

/// What kustomize notes on the objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum BuildMetadata {
    /// That kustomize manages it.
    ManagedByLabel,
    /// The file it came from.
    OriginAnnotations,
    /// What changed it.
    TransformerAnnotations,
}
