//! From our types to the `CustomResourceDefinition`s the API server takes.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSON, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use kube::CustomResourceExt;
use serde_json::json;

use crate::{
    argo::{AppProject, Application},
    bitnami::SealedSecret,
    external_secrets::{ClusterSecretStore, ExternalSecret, SecretStore},
    kustomize::Kustomization,
    source::GitRepository,
};

/// Returns the definitions of all kinds, by family and name.
pub fn custom_resource_definitions() -> Vec<CustomResourceDefinition> {
    vec![
        custom_resource_definition::<SealedSecret>(),
        custom_resource_definition::<ClusterSecretStore>(),
        custom_resource_definition::<ExternalSecret>(),
        custom_resource_definition::<SecretStore>(),
        custom_resource_definition::<Kustomization>(),
        custom_resource_definition::<GitRepository>(),
        custom_resource_definition::<Application>(),
        custom_resource_definition::<AppProject>(),
    ]
}

/// Returns the definition of one kind.
///
/// The derived schema makes every optional field nullable. Users' defaults would then not apply
/// to a field that is `null`, and the tools whose manifests we read do not allow it, so that
/// `null` stays only where they do.
pub fn custom_resource_definition<K: CustomResourceExt>() -> CustomResourceDefinition {
    let mut definition = K::crd();
    let name = definition.metadata.name.clone().unwrap_or_default();
    for version in &mut definition.spec.versions {
        let Some(root) = version
            .schema
            .as_mut()
            .and_then(|s| s.open_api_v3_schema.as_mut())
        else {
            continue;
        };
        tidy(root);
        for (of, path) in NULLABLE {
            if *of == name
                && let Some(field) = property_mut(root, path)
            {
                field.nullable = Some(true);
            }
        }
        if SHARED_STATUS.contains(&name.as_str()) {
            version.subresources = None;
            let project = property_mut(root, &["spec", "project"]).and_then(|it| it.default.take());
            visit(root, &mut |schema| schema.default = None);
            if let Some(field) = property_mut(root, &["spec", "project"]) {
                field.default = project;
            }
        }
        if STARTS_UNOBSERVED.contains(&name.as_str())
            && let Some(status) = property_mut(root, &["status"])
        {
            status.default = Some(JSON(json!({ "observedGeneration": -1 })));
        }
    }
    definition
}

/// Fields that may be `null`, by definition and path.
const NULLABLE: &[(&str, &[&str])] = &[
    (
        "sealedsecrets.bitnami.com",
        &["spec", "template", "metadata"],
    ),
    ("sealedsecrets.bitnami.com", &["spec", "template", "data"]),
    (
        "externalsecrets.external-secrets.io",
        &["status", "refreshTime"],
    ),
];

/// Kinds whose new objects say that no generation of them was seen yet, so that what waits for
/// them does not take the absence of conditions for readiness.
const STARTS_UNOBSERVED: &[&str] = &[
    "gitrepositories.source.toolkit.fluxcd.io",
    "kustomizations.kustomize.toolkit.fluxcd.io",
];

/// Kinds whose status is written together with the rest, as the tools that write it expect. What is
/// absent of them means what its type says; the API server adds nothing but the project (D-24).
const SHARED_STATUS: &[&str] = &["applications.argoproj.io", "appprojects.argoproj.io"];

fn property_mut<'a>(
    schema: &'a mut JSONSchemaProps,
    path: &[&str],
) -> Option<&'a mut JSONSchemaProps> {
    path.iter().try_fold(schema, |schema, name| {
        schema.properties.as_mut()?.get_mut(*name)
    })
}

/// Takes out what the derived schema says and the API server should not hear.
fn tidy(schema: &mut JSONSchemaProps) {
    visit(schema, &mut |schema| {
        schema.nullable = None;
        // Formats such as `int32` and `uint8` are OpenAPI's; the unsigned ones are unknown there.
        if schema
            .format
            .as_deref()
            .is_some_and(|format| format.starts_with("uint"))
        {
            schema.format = None;
        }
    });
}

/// Calls `change` on a schema and on all below it.
fn visit(schema: &mut JSONSchemaProps, change: &mut impl FnMut(&mut JSONSchemaProps)) {
    change(schema);
    for property in schema
        .properties
        .iter_mut()
        .flat_map(|properties| properties.values_mut())
    {
        visit(property, change);
    }
    match &mut schema.items {
        Some(JSONSchemaPropsOrArray::Schema(items)) => visit(items, change),
        Some(JSONSchemaPropsOrArray::Schemas(items)) => {
            for items in items {
                visit(items, change);
            }
        }
        None => {}
    }
    if let Some(JSONSchemaPropsOrBool::Schema(values)) = &mut schema.additional_properties {
        visit(values, change);
    }
}

#[cfg(test)]
mod tests;
