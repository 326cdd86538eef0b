//! Where the objects of an `Application` come from, and how they are built.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::{Unmodelled, kustomize::PatchTarget};

/// Where the objects come from: a directory of a repository.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationSource {
    /// URL of the Git repository. Helm and OCI repositories are not supported yet.
    #[serde(rename = "repoURL")]
    pub repo_url: String,

    /// Branch, tag, commit or range of versions. Example: `main`. Default: `HEAD`, the
    /// repository's default branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_revision: Option<String>,

    /// The directory, from the root of the repository. Example: `apps/web`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,

    /// Chart of a Helm repository. Not supported yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chart: Option<String>,

    /// Name under which other sources refer to this one. Not supported yet.
    #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,

    /// Name of the source, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,

    /// What tags have to begin with to be among the versions of a range. Not supported yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag_prefix: Option<String>,

    /// Build the directory as a Helm chart. Not supported yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub helm: Option<Helm>,

    /// Build the directory with kustomize. Default: when it holds a kustomization file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kustomize: Option<Kustomize>,

    /// Take the YAML and JSON files of the directory as they are. Default: when it holds neither a
    /// chart nor a kustomization file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<Directory>,

    /// Build the directory with a plugin. Not supported yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugin: Option<Plugin>,

    /// Fields that are not supported.
    #[serde(flatten)]
    pub unmodelled: Unmodelled,
}

/// How a Helm chart is rendered. Not supported yet.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
pub struct Helm {
    /// The fields as written.
    #[serde(flatten)]
    pub unmodelled: Unmodelled,
}

/// What is laid over the kustomization file.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Kustomize {
    /// Text that is put before all names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_prefix: Option<String>,

    /// Text that is put behind all names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_suffix: Option<String>,

    /// Images that are replaced. Example: `web=registry.example.com/web:v2`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<String>,

    /// Numbers of replicas by the names of the workloads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replicas: Vec<KustomizeReplica>,

    /// Labels that all objects get, their selectors included unless `labelWithoutSelector` is set.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub common_labels: BTreeMap<String, String>,

    /// Whether `commonLabels` replace labels that the kustomization file sets. Default: `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub force_common_labels: Option<bool>,

    /// Whether selectors are left without `commonLabels`. Default: `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label_without_selector: Option<bool>,

    /// Whether templates get `commonLabels` when selectors do not. Default: `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label_include_templates: Option<bool>,

    /// Annotations that all objects get.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub common_annotations: BTreeMap<String, String>,

    /// Whether `commonAnnotations` replace annotations that the kustomization file sets. Default:
    /// `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub force_common_annotations: Option<bool>,

    /// Whether variables of the build are replaced in `commonAnnotations`. Not supported yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub common_annotations_envsubst: Option<bool>,

    /// Namespace that all objects are put into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,

    /// Patches of the objects, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patches: Vec<KustomizePatch>,

    /// Directories of kustomize components that are added, relative to `path`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<String>,

    /// Whether components whose directory does not exist are left out. Default: `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignore_missing_components: Option<bool>,

    /// Version of kustomize. It has no effect: the one built in is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,

    /// Version of Kubernetes that charts are told. It has no effect yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kube_version: Option<String>,

    /// Versions of APIs that charts are told. It has no effect yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub api_versions: Vec<String>,

    /// Fields that are not supported.
    #[serde(flatten)]
    pub unmodelled: Unmodelled,
}

/// The number of replicas of the workloads of one name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct KustomizeReplica {
    /// Name of the workloads, as the kustomization file knows it.
    pub name: String,

    /// The number, also as text.
    #[schemars(schema_with = "int_or_string")]
    pub count: IntOrString,
}

fn int_or_string(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "x-kubernetes-int-or-string": true,
        "anyOf": [{ "type": "integer" }, { "type": "string" }],
    })
}

/// One patch.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
pub struct KustomizePatch {
    /// File that holds the patch, relative to the directory. Not supported yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,

    /// The patch: a part of an object (strategic merge) or a list of JSON 6902 operations, as
    /// YAML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patch: Option<String>,

    /// Which objects are patched. Default: the object the patch names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<PatchTarget>,

    /// Switches of the patch. Not supported yet.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, bool>,

    /// Fields that are not supported.
    #[serde(flatten)]
    pub unmodelled: Unmodelled,
}

/// Which files of the directory are read.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Directory {
    /// Whether directories below it are read too. Default: `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recurse: Option<bool>,

    /// Glob that files have to match. Example: `{*.yaml,*.yml}`. Default: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub include: Option<String>,

    /// Glob of files that are left out; it wins over `include`. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exclude: Option<String>,

    /// Whether files of any name are read. Not supported yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disable_extension_filter: Option<bool>,

    /// How Jsonnet files are evaluated. Jsonnet is not supported yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jsonnet: Option<Jsonnet>,

    /// Fields that are not supported.
    #[serde(flatten)]
    pub unmodelled: Unmodelled,
}

/// How Jsonnet files are evaluated. Not supported yet.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Jsonnet {
    /// External variables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ext_vars: Vec<JsonnetVariable>,

    /// Top-level arguments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tlas: Vec<JsonnetVariable>,

    /// Directories of libraries, from the root of the repository.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub libs: Vec<String>,

    /// Fields that are not supported.
    #[serde(flatten)]
    pub unmodelled: Unmodelled,
}

/// A variable of Jsonnet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct JsonnetVariable {
    /// Its name.
    pub name: String,

    /// Its value.
    pub value: String,

    /// Whether the value is code. Default: `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<bool>,
}

/// A plugin that builds the directory. Not supported yet.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
pub struct Plugin {
    /// Name of the plugin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,

    /// Fields that are not supported.
    #[serde(flatten)]
    pub unmodelled: Unmodelled,
}
