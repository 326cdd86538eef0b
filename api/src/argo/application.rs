//! What an `Application` asks for.

use std::borrow::Cow;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::core::{NamespaceResourceScope, discovery::ApiResource, object::HasStatus};
use kube::{CustomResource, CustomResourceExt, Resource};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::{ApplicationSource, ApplicationStatus, Operation, SyncPolicy};
use crate::Unmodelled;

/// The project of an `Application` that names none.
pub const DEFAULT_PROJECT: &str = "default";

/// A directory of a repository that is built, applied to a cluster and compared with it.
///
/// It has no status subresource: spec, status and the request for an operation share one object,
/// so whoever writes one of them sends a merge patch of that part alone.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Application {
    /// Name, namespace, annotations and finalizers.
    pub metadata: ObjectMeta,
    /// What is asked for.
    pub spec: ApplicationSpec,
    /// What became of it.
    #[serde(default)]
    pub status: Option<ApplicationStatus>,
    /// A sync that somebody asks for; it is taken out once it is picked up.
    #[serde(default)]
    pub operation: Option<Operation>,
}

impl Application {
    /// Makes an object without a namespace, a status or an operation.
    pub fn new(name: &str, spec: ApplicationSpec) -> Self {
        Self {
            metadata: ObjectMeta {
                name: Some(name.to_owned()),
                ..ObjectMeta::default()
            },
            spec,
            status: None,
            operation: None,
        }
    }
}

/// What the definition is derived from: the derive knows of spec and status only, so both what is
/// asked for and the operation are under its `spec`, and are lifted out by [`Application::crd`].
#[derive(CustomResource, Clone, Debug, Deserialize, serde::Serialize, JsonSchema)]
#[kube(
    group = "argoproj.io",
    version = "v1alpha1",
    kind = "Application",
    root = "Declared",
    plural = "applications",
    shortname = "app",
    shortname = "apps",
    namespaced,
    status = "ApplicationStatus",
    doc = "A directory of a repository that is built, applied to a cluster and compared with it.",
    printcolumn = r#"{"name":"Sync Status","type":"string","jsonPath":".status.sync.status"}"#,
    printcolumn = r#"{"name":"Health Status","type":"string","jsonPath":".status.health.status"}"#,
    printcolumn = r#"{"name":"Revision","type":"string","jsonPath":".status.sync.revision","priority":10}"#,
    printcolumn = r#"{"name":"Project","type":"string","jsonPath":".spec.project","priority":10}"#
)]
struct Parts {
    /// What is asked for.
    spec: ApplicationSpec,
    /// A sync that somebody asks for; it is taken out once it is picked up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    operation: Option<Operation>,
}

impl CustomResourceExt for Application {
    fn crd() -> CustomResourceDefinition {
        let mut definition = Declared::crd();
        for version in &mut definition.spec.versions {
            let root = version.schema.as_mut();
            if let Some(root) = root.and_then(|schema| schema.open_api_v3_schema.as_mut()) {
                lift(root);
            }
        }
        definition
    }

    fn crd_name() -> &'static str {
        Declared::crd_name()
    }

    fn api_resource() -> ApiResource {
        ApiResource::erase::<Self>(&())
    }

    fn shortnames() -> &'static [&'static str] {
        Declared::shortnames()
    }
}

/// Puts the properties of `spec` beside `status`.
fn lift(root: &mut JSONSchemaProps) {
    let Some(properties) = root.properties.as_mut() else {
        return;
    };
    let parts = properties.remove("spec").and_then(|parts| parts.properties);
    properties.extend(parts.into_iter().flatten());
}

impl Serialize for Application {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Application", 6)?;
        object.serialize_field("apiVersion", &Self::api_version(&()))?;
        object.serialize_field("kind", &Self::kind(&()))?;
        object.serialize_field("metadata", &self.metadata)?;
        object.serialize_field("spec", &self.spec)?;
        match &self.status {
            Some(status) => object.serialize_field("status", status)?,
            None => object.skip_field("status")?,
        }
        match &self.operation {
            Some(operation) => object.serialize_field("operation", operation)?,
            None => object.skip_field("operation")?,
        }
        object.end()
    }
}

impl Resource for Application {
    type DynamicType = ();
    type Scope = NamespaceResourceScope;

    fn kind((): &()) -> Cow<'_, str> {
        Declared::kind(&())
    }

    fn group((): &()) -> Cow<'_, str> {
        Declared::group(&())
    }

    fn version((): &()) -> Cow<'_, str> {
        Declared::version(&())
    }

    fn plural((): &()) -> Cow<'_, str> {
        Declared::plural(&())
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

impl HasStatus for Application {
    type Status = ApplicationStatus;

    fn status(&self) -> Option<&ApplicationStatus> {
        self.status.as_ref()
    }

    fn status_mut(&mut self) -> &mut Option<ApplicationStatus> {
        &mut self.status
    }
}

/// What an `Application` asks for.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationSpec {
    /// `AppProject` whose rules apply, in the namespace of the controller's configuration.
    /// Default: `default`, which permits everything unless it is made otherwise.
    #[serde(default = "default_project")]
    pub project: String,

    /// Where the objects come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<ApplicationSource>,

    /// Several sources, in place of `source`. More than one is not supported yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<ApplicationSource>,

    /// Where the objects go.
    pub destination: ApplicationDestination,

    /// When and how the objects are applied. Default: when somebody asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sync_policy: Option<SyncPolicy>,

    /// Fields that are left out of the comparison.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignore_differences: Vec<ResourceIgnoreDifferences>,

    /// Texts for people; they have no effect.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub info: Vec<Info>,

    /// How many syncs `status.history` holds; 0 holds none. Default: 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision_history_limit: Option<i64>,

    /// Fields that are not supported.
    #[serde(flatten)]
    pub unmodelled: Unmodelled,
}

fn default_project() -> String {
    DEFAULT_PROJECT.to_owned()
}

/// Where the objects go: exactly one of `server` and `name`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationDestination {
    /// Address of the API server. Example: `https://kubernetes.default.svc`, which is the cluster
    /// the controller runs in. No other is supported yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,

    /// Name of the cluster. Example: `in-cluster`, which is the cluster the controller runs in.
    /// No other is supported yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,

    /// Namespace of the namespaced objects that name none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,

    /// Fields that are not supported.
    #[serde(flatten)]
    pub unmodelled: Unmodelled,
}

/// Fields of some objects that are left out of the comparison.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourceIgnoreDifferences {
    /// API group of the objects; empty for the core group.
    #[serde(default)]
    pub group: String,

    /// Kind of the objects.
    pub kind: String,

    /// Name of the object. Default: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,

    /// Namespace of the object. Default: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,

    /// JSON pointers to the fields. Example: `/spec/replicas`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub json_pointers: Vec<String>,

    /// jq expressions that give the fields. Not supported yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub jq_path_expressions: Vec<String>,

    /// Field managers whose fields are left out. Example: `external-secrets`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub managed_fields_managers: Vec<String>,

    /// Fields that are not supported.
    #[serde(flatten)]
    pub unmodelled: Unmodelled,
}

/// A text for people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
pub struct Info {
    /// What it is about.
    pub name: String,

    /// The text.
    pub value: String,
}
