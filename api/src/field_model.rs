//! Which fields of an object no type here knows.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use kube::CustomResourceExt;
use serde_json::Value;

use crate::custom_resource_definition;

/// The fields of one kind that are modelled; made once per kind and asked per object.
#[derive(Clone, Debug)]
pub struct FieldModel {
    spec: Option<JSONSchemaProps>,
}

impl FieldModel {
    /// Returns the fields of a kind.
    pub fn of<K: CustomResourceExt>() -> Self {
        let version = custom_resource_definition::<K>()
            .spec
            .versions
            .into_iter()
            .next();
        let root = version.and_then(|version| version.schema?.open_api_v3_schema);
        Self {
            spec: root.and_then(|root| root.properties?.remove("spec")),
        }
    }

    /// Returns the paths of the fields that are in `spec` and not modelled, such as
    /// `spec.provider.gitlab` or `spec.data[1].remoteRef.shape`, for the condition
    /// `UnsupportedField`.
    ///
    /// Only names appear in a path, never a value.
    pub fn unmodelled(&self, spec: &Value) -> Vec<String> {
        let mut paths = Vec::new();
        if let Some(schema) = &self.spec {
            collect(schema, spec, "spec", &mut paths);
        }
        paths
    }
}

fn collect(schema: &JSONSchemaProps, value: &Value, path: &str, paths: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let path = format!("{path}.{name}");
                let modelled = schema.properties.as_ref().and_then(|known| known.get(name));
                match (modelled, &schema.additional_properties) {
                    (Some(schema), _) => collect(schema, field, &path, paths),
                    (None, Some(JSONSchemaPropsOrBool::Schema(values))) => {
                        collect(values, field, &path, paths);
                    }
                    // A schema without properties describes free content, all of it known.
                    (None, _) if schema.properties.is_some() => paths.push(path),
                    (None, _) => {}
                }
            }
        }
        Value::Array(elements) => {
            if let Some(JSONSchemaPropsOrArray::Schema(schema)) = &schema.items {
                for (index, element) in elements.iter().enumerate() {
                    collect(schema, element, &format!("{path}[{index}]"), paths);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests;
