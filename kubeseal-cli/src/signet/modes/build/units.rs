//! The Flux Kustomizations that a repository holds, as far as they say what is built.

use api::kustomize::Kustomization;
use manifests::{ArtifactPath, Dialect, Limits, Tree, read_values};
use pipeline::unit::flux;
use serde_json::Value;

use super::Target;
use crate::signet::error::Error;

const GROUP: &str = "kustomize.toolkit.fluxcd.io/";

/// Finds every Kustomization, in path order.
///
/// # Errors
///
/// When one cannot be read, or asks for something that changes what is built and is not there yet.
pub(super) fn find(tree: &Tree) -> Result<Vec<Target>, Error> {
    let mut targets = Vec::new();
    for (path, file) in tree.files() {
        let is_yaml = matches!(path.extension(), Some("yaml" | "yml"));
        if !is_yaml || !mentions(&file.content, GROUP) {
            continue;
        }
        let documents = read_values(
            Dialect::Kustomize,
            &file.content,
            Some(path),
            &Limits::default(),
        )
        .map_err(|source| Error::ReadUnits { source })?;
        for document in documents {
            if is_kustomization(&document) {
                targets.push(target(path, document)?);
            }
        }
    }
    Ok(targets)
}

fn mentions(content: &[u8], word: &str) -> bool {
    content
        .windows(word.len())
        .any(|part| part == word.as_bytes())
}

/// Patches name the kind too; only what has a source is a Kustomization.
fn is_kustomization(document: &Value) -> bool {
    let text = |field: &str| {
        document
            .get(field)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    text("apiVersion").starts_with(GROUP)
        && text("kind") == "Kustomization"
        && document.pointer("/spec/sourceRef").is_some()
}

fn target(file: &ArtifactPath, document: Value) -> Result<Target, Error> {
    let object: Kustomization =
        serde_json::from_value(document).map_err(|error| Error::ReadUnit {
            file: file.to_string(),
            reason: error.to_string(),
        })?;
    let name = format!(
        "Kustomization/{}/{}",
        object.metadata.namespace.as_deref().unwrap_or("default"),
        object.metadata.name.as_deref().unwrap_or_default()
    );
    if object.spec.post_build.is_some() {
        return Err(Error::UnsupportedField {
            target: name,
            field: "spec.postBuild",
        });
    }
    let options = flux::build(&object.spec).map_err(|source| Error::UnitPath {
        target: name.clone(),
        source,
    })?;
    Ok(Target {
        name,
        options,
        decryption: flux::decryption(&object),
    })
}

#[cfg(test)]
mod tests;
