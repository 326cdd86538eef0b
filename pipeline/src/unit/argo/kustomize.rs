//! What an Application lays over a kustomization file.

use std::collections::BTreeMap;

use api::argo::Kustomize;
use manifests::{Image, KustomizeOptions, Patch, PatchTarget};

use super::{InvalidSpec, comparison_error};

/// Image overrides that were not taken by the letter (D-02).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Images {
    pub(super) read_as_tag: Vec<String>,
}

/// Returns the options of a build (G-023, G-025).
pub(super) fn options(
    asked: Option<&Kustomize>,
) -> Result<(KustomizeOptions, Images), InvalidSpec> {
    let Some(asked) = asked else {
        return Ok((KustomizeOptions::default(), Images::default()));
    };
    let mut notes = Images::default();
    let mut images = Vec::with_capacity(asked.images.len());
    for text in &asked.images {
        let (image, read_as_tag) = image(text).ok_or_else(|| {
            comparison_error(format!(
                "spec.source.kustomize.images: {text:?} is not of the form \
                 [old=]new[:tag][@digest] with a tag, a digest or a new name"
            ))
        })?;
        if read_as_tag {
            notes.read_as_tag.push(text.clone());
        }
        images.push(image);
    }
    // Labels that selectors are left without go onto the objects alone.
    let labels = asked.common_labels.clone();
    let (selector_labels, common_labels) = match asked.label_without_selector {
        Some(true) => (BTreeMap::default(), labels),
        _ => (labels, BTreeMap::default()),
    };
    let options = KustomizeOptions {
        namespace: asked.namespace.clone(),
        name_prefix: asked.name_prefix.clone(),
        name_suffix: asked.name_suffix.clone(),
        patches: asked.patches.iter().map(patch).collect(),
        images,
        components: asked.components.clone(),
        ignore_missing_components: asked.ignore_missing_components.unwrap_or_default(),
        selector_labels,
        common_labels,
        template_annotations: asked.common_annotations.clone(),
        ..KustomizeOptions::default()
    };
    Ok((options, notes))
}

fn patch(patch: &api::argo::KustomizePatch) -> Patch {
    let text = |part: &Option<String>| part.clone().unwrap_or_default();
    Patch {
        patch: text(&patch.patch),
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

/// Reads `[old=]new[:tag][@digest]`; the second part is whether the new name was taken for a tag.
fn image(text: &str) -> Option<(Image, bool)> {
    let (old, new) = match text.trim().split_once('=') {
        Some((old, new)) => (Some(old), new),
        None => (None, text.trim()),
    };
    if let Some(old) = old
        && is_version(new)
    {
        let image = Image {
            name: old.to_owned(),
            new_tag: new.to_owned(),
            ..Image::default()
        };
        return (!old.is_empty()).then_some((image, true));
    }
    let (rest, digest) = new.split_once('@').unwrap_or((new, ""));
    let path_from = rest.rfind('/').map_or(0, |at| at + 1);
    let (name, tag) = match rest.get(path_from..)?.find(':') {
        Some(at) => (rest.get(..path_from + at)?, rest.get(path_from + at + 1..)?),
        None => (rest, ""),
    };
    let changes_name = old.is_some_and(|old| old != name) && name != "*";
    let image = Image {
        name: old.unwrap_or(name).to_owned(),
        new_name: if changes_name { name } else { "" }.to_owned(),
        new_tag: tag.to_owned(),
        digest: digest.to_owned(),
    };
    let changes = changes_name || !tag.is_empty() || !digest.is_empty();
    let is_whole = !image.name.is_empty() && !name.is_empty() && changes;
    is_whole.then_some((image, false))
}

/// Whether a text is the number of a version and cannot well be a name: `v2.1.0`, `1.2-rc1`.
fn is_version(text: &str) -> bool {
    let number = text.strip_prefix('v').unwrap_or(text);
    let end = number.find(|symbol: char| !(symbol.is_ascii_digit() || symbol == '.'));
    let (digits, suffix) = number.split_at(end.unwrap_or(number.len()));
    let has_form = digits
        .split('.')
        .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    let is_suffix = suffix.is_empty() || suffix.starts_with(['-', '+', '_']);
    has_form && is_suffix && !suffix.contains(['/', ':', '@'])
}

#[cfg(test)]
mod tests;
