//! The group `source.toolkit.fluxcd.io/v1`: `GitRepository`, and the artifact every source has.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    GoDuration, Unmodelled, condition::Condition, pattern, reference::LocalObjectReference,
};

/// Desired state in a Git repository.
#[derive(CustomResource, Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[kube(
    group = "source.toolkit.fluxcd.io",
    version = "v1",
    kind = "GitRepository",
    plural = "gitrepositories",
    shortname = "gitrepo",
    namespaced,
    status = "GitRepositoryStatus",
    derive = "PartialEq",
    doc = "Desired state in a Git repository.",
    printcolumn = r#"{"name":"URL","type":"string","jsonPath":".spec.url"}"#,
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#,
    printcolumn = r#"{"name":"Ready","type":"string","jsonPath":".status.conditions[?(@.type==\"Ready\")].status"}"#,
    printcolumn = r#"{"name":"Status","type":"string","jsonPath":".status.conditions[?(@.type==\"Ready\")].message"}"#
)]
#[serde(rename_all = "camelCase")]
pub struct GitRepositorySpec {
    /// Address of the repository: `https://`, `http://` or `ssh://`. Example:
    /// `https://git.example.com/platform/infrastructure.git`.
    #[schemars(regex(pattern = "^(http|https|ssh)://.*$"))]
    pub url: String,

    /// How often the repository is asked for a new commit, as a duration. Example: `1m`.
    #[schemars(regex(pattern = pattern::INTERVAL))]
    pub interval: GoDuration,

    /// How long one fetch may take, as a duration. Default: `60s`.
    #[serde(default = "GitRepositorySpec::default_timeout")]
    #[schemars(regex(pattern = pattern::TIMEOUT))]
    pub timeout: GoDuration,

    /// What is checked out. Default: the branch `master`.
    #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<GitReference>,

    /// Secret with the credentials, in this namespace: `username` and `password`, or
    /// `bearerToken`, or `identity` and `known_hosts`; `ca.crt` for a certificate authority.
    /// Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<LocalObjectReference>,

    /// Where credentials come from: `generic` (the Secret), `azure`, `aws` or `github`. Only
    /// `generic` is supported yet. Default: `generic`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<GitProvider>,

    /// ServiceAccount for the providers that sign in by identity. Not supported yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account_name: Option<String>,

    /// Paths that are left out of the artifact, in the syntax of `.gitignore`. It takes the place
    /// of the usual exclusions (images, archives, CI files). Default: those.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignore: Option<String>,

    /// Whether nothing is fetched for the time being. Default: `false`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suspend: bool,

    /// Which signatures have to be there. Not supported yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<GitVerification>,

    /// Secret with a proxy's `address`, `username` and `password`. Not supported yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy_secret_ref: Option<LocalObjectReference>,

    /// Whether submodules are fetched too. Not supported yet. Default: `false`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub recurse_submodules: bool,

    /// Other repositories whose content is put into this artifact. Not supported yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<GitInclude>,

    /// Directories to fetch. Not supported yet. Default: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sparse_checkout: Vec<String>,

    /// Fields that are not supported.
    #[serde(flatten)]
    pub unmodelled: Unmodelled,
}

impl GitRepositorySpec {
    const fn default_timeout() -> GoDuration {
        GoDuration::from_seconds(60)
    }
}

/// What is checked out. When several are given, `commit` wins over `name`, `name` over `semver`,
/// `semver` over `tag` and `tag` over `branch`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GitReference {
    /// A branch. Example: `main`. Default: `master`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,

    /// A tag. Example: `v1.2.3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,

    /// The newest tag in a range of semantic versions. Example: `>=1.2.0 <2.0.0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub semver: Option<String>,

    /// A full reference. Example: `refs/pull/1/head`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,

    /// A commit, in full. With `branch`, the commit is looked for there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,

    /// Fields that are not supported.
    #[serde(flatten)]
    pub unmodelled: Unmodelled,
}

/// Where the credentials for a Git repository come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum GitProvider {
    /// The Secret.
    Generic,
    /// An Azure identity.
    Azure,
    /// An AWS identity.
    Aws,
    /// A GitHub App.
    GitHub,
}

/// Which signatures have to be there.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GitVerification {
    /// What has to be signed: `HEAD` (the commit), `Tag` or `TagAndHEAD`. Default: `HEAD`.
    #[serde(default)]
    pub mode: GitVerificationMode,

    /// Secret with the public keys.
    pub secret_ref: LocalObjectReference,

    /// Fields that are not supported.
    #[serde(flatten)]
    pub unmodelled: Unmodelled,
}

/// What has to be signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum GitVerificationMode {
    /// The commit, in the older spelling.
    #[serde(rename = "head")]
    LowerHead,
    /// The commit.
    #[default]
    #[serde(rename = "HEAD")]
    Head,
    /// The tag.
    Tag,
    /// The tag and the commit.
    #[serde(rename = "TagAndHEAD")]
    TagAndHead,
}

/// Another repository whose content is put into this artifact.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GitInclude {
    /// The other GitRepository, in this namespace.
    pub repository: LocalObjectReference,

    /// Directory in the other artifact. Default: its root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_path: Option<String>,

    /// Directory in this artifact. Default: the name of the other GitRepository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_path: Option<String>,
}

/// What was fetched from a source.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Artifact {
    /// Path of the archive under the server's root. Example:
    /// `gitrepository/flux-system/infrastructure/<commit>.tar.gz`.
    pub path: String,

    /// Address of the archive.
    pub url: String,

    /// What the content is. Example: `main@sha1:<commit>`.
    pub revision: String,

    /// Digest of the archive. Example: `sha256:<hex>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$"))]
    pub digest: Option<String>,

    /// When this content was fetched.
    pub last_update_time: Time,

    /// Size of the archive in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<i64>,

    /// Further facts about the content.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}

/// What became of a GitRepository.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GitRepositoryStatus {
    /// `metadata.generation` that was reconciled last; -1 when none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,

    /// Conditions: `Ready`, `ArtifactInStorage`, `FetchFailed`, `Stalled` and others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,

    /// What was fetched last. It stays when a later fetch fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact: Option<Artifact>,

    /// The artifacts that were put into this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub included_artifacts: Vec<Artifact>,

    /// The value of `spec.ignore` the artifact was made with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_ignore: Option<String>,

    /// The value of `spec.recurseSubmodules` the artifact was made with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_recurse_submodules: Option<bool>,

    /// The value of `spec.include` the artifact was made with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub observed_include: Vec<GitInclude>,

    /// The value of `spec.sparseCheckout` the artifact was made with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub observed_sparse_checkout: Vec<String>,

    /// The value of `spec.verify.mode` the artifact was checked with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_verification_mode: Option<GitVerificationMode>,

    /// The value of the annotation `reconcile.fluxcd.io/requestedAt` that was handled last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_handled_reconcile_at: Option<String>,
}
