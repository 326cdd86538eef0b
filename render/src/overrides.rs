//! What a unit lays over the directory's own kustomization file.

use manifests::{Image, KustomizeOptions, Manifest, Patch, PatchTarget};
use serde_json::{Map, Value, json};

/// Returns the overrides as a kustomization document, `None` when nothing is overridden.
///
/// Common labels and annotations are not among them: they are stamped on what was built.
pub(crate) fn document(options: &KustomizeOptions, components: &[String]) -> Option<Value> {
    let mut document = Map::new();
    let mut set = |name: &str, value: Value| {
        let is_empty = match &value {
            Value::String(text) => text.is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Object(entries) => entries.is_empty(),
            Value::Null | Value::Bool(_) | Value::Number(_) => true,
        };
        if !is_empty {
            document.insert(name.to_owned(), value);
        }
    };
    set("namespace", json!(options.namespace));
    set("namePrefix", json!(options.name_prefix));
    set("nameSuffix", json!(options.name_suffix));
    set("patches", options.patches.iter().map(patch).collect());
    set("images", options.images.iter().map(image).collect());
    set("components", json!(components));
    set("commonLabels", json!(options.selector_labels));
    set("commonAnnotations", json!(options.template_annotations));
    set("buildMetadata", json!(options.build_metadata));
    (!document.is_empty()).then_some(Value::Object(document))
}

fn patch(patch: &Patch) -> Value {
    let mut entry = json!({ "patch": patch.patch });
    if let Some(target) = &patch.target {
        entry["target"] = selector(target);
    }
    entry
}

fn selector(target: &PatchTarget) -> Value {
    without_empty([
        ("group", &target.group),
        ("version", &target.version),
        ("kind", &target.kind),
        ("name", &target.name),
        ("namespace", &target.namespace),
        ("labelSelector", &target.label_selector),
        ("annotationSelector", &target.annotation_selector),
    ])
}

fn image(image: &Image) -> Value {
    without_empty([
        ("name", &image.name),
        ("newName", &image.new_name),
        ("newTag", &image.new_tag),
        ("digest", &image.digest),
    ])
}

fn without_empty<const N: usize>(fields: [(&str, &String); N]) -> Value {
    fields
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(name, text)| (name.to_owned(), Value::String(text.clone())))
        .collect::<Map<_, _>>()
        .into()
}

/// Stamps the common labels and annotations on a built object, over its own (G-192).
pub(crate) fn stamp(options: &KustomizeOptions, manifest: &mut Manifest) {
    let fields = [
        ("labels", &options.common_labels),
        ("annotations", &options.common_annotations),
    ];
    for (field, values) in fields {
        let metadata = manifest
            .object_mut()
            .get_mut("metadata")
            .and_then(Value::as_object_mut);
        let (Some(metadata), false) = (metadata, values.is_empty()) else {
            continue;
        };
        let entries = metadata.entry(field).or_insert(Value::Null);
        if !entries.is_object() {
            *entries = Value::Object(Map::new());
        }
        if let Some(entries) = entries.as_object_mut() {
            for (key, value) in values {
                entries.insert(key.clone(), Value::String(value.clone()));
            }
        }
    }
}

#[cfg(test)]
mod tests;
