//! What a Kustomization asks of the render and decrypt stages.

use api::kustomize::{Kustomization, KustomizationSpec};
use manifests::{
    ArtifactPath, BuildOptions, Image, KustomizeOptions, ParsePath, Patch, PatchTarget, Tool,
};

use crate::unit::{Decryption, MacPolicy};

/// Annotation that lets a unit use documents whose MAC does not match (I4).
const MAC_POLICY: &str = "signet.dev/mac-policy";

/// Returns how the directory of a Kustomization is built (G-191, G-192).
///
/// # Errors
///
/// When `spec.path` leads out of the artifact.
pub fn build(spec: &KustomizationSpec) -> Result<BuildOptions, ParsePath> {
    let path: ArtifactPath = spec.path.as_deref().unwrap_or_default().parse()?;
    let metadata = spec.common_metadata.clone().unwrap_or_default();
    Ok(BuildOptions {
        path,
        tool: Tool::Kustomize(KustomizeOptions {
            namespace: spec.target_namespace.clone(),
            name_prefix: spec.name_prefix.clone(),
            name_suffix: spec.name_suffix.clone(),
            patches: spec.patches.iter().map(patch).collect(),
            images: spec.images.iter().map(image).collect(),
            components: spec.components.clone(),
            ignore_missing_components: spec.ignore_missing_components.unwrap_or_default(),
            common_labels: metadata.labels,
            common_annotations: metadata.annotations,
            build_metadata: spec
                .build_metadata
                .iter()
                .filter_map(|word| serde_json::to_value(word).ok()?.as_str().map(str::to_owned))
                .collect(),
            ..KustomizeOptions::default()
        }),
    })
}

/// Returns how encrypted files and objects of a Kustomization are opened.
pub fn decryption(object: &Kustomization) -> Option<Decryption> {
    let asked = object.spec.decryption.as_ref()?;
    let policy = object
        .metadata
        .annotations
        .as_ref()
        .and_then(|annotations| annotations.get(MAC_POLICY));
    Some(Decryption {
        secret_name: asked.secret_ref.as_ref().map(|secret| secret.name.clone()),
        service_account: asked.service_account_name.clone(),
        mac_policy: match policy.map(String::as_str) {
            Some("warn") => MacPolicy::Warn,
            _ => MacPolicy::Refuse,
        },
    })
}

fn patch(patch: &api::kustomize::Patch) -> Patch {
    let text = |part: &Option<String>| part.clone().unwrap_or_default();
    Patch {
        patch: patch.patch.clone(),
        target: patch.target.as_ref().map(|target| PatchTarget {
            group: text(&target.group),
            version: text(&target.version),
            kind: text(&target.kind),
            name: text(&target.name),
            namespace: text(&target.namespace),
            label_selector: text(&target.label_selector),
            annotation_selector: text(&target.annotation_selector),
        }),
    }
}

fn image(image: &api::kustomize::Image) -> Image {
    let text = |part: &Option<String>| part.clone().unwrap_or_default();
    Image {
        name: image.name.clone(),
        new_name: text(&image.new_name),
        new_tag: text(&image.new_tag),
        digest: text(&image.digest),
    }
}

#[cfg(test)]
mod tests;
