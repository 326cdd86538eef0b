//! A directory of YAML and JSON files, each document as it stands.

use globset::{Glob, GlobMatcher};
use manifests::{
    ArtifactPath, Dialect, DirectoryOptions, File, Limits, Manifest, ReadManifests, Tree,
    read_json, read_values, read_yaml,
};
use serde_json::Value;

use crate::RenderError;
use crate::kustomization::FILE_NAMES;

/// What all files together may measure.
const MAX_BYTES: usize = 10 << 20;

/// A file with this line is left out.
const SKIP_LINE: &str = "# +argocd:skip-file-rendering";

/// The group of kustomize's own documents.
const KUSTOMIZE_GROUP: &str = "kustomize.config.k8s.io";

/// Returns the files of the directory that the options select, in path order.
pub(crate) fn files<'a>(
    tree: &'a Tree,
    path: &'a ArtifactPath,
    options: &DirectoryOptions,
) -> Result<Vec<(&'a ArtifactPath, &'a File)>, RenderError> {
    if !tree.is_directory(path) {
        return Err(RenderError::NoDirectory { path: path.clone() });
    }
    let include = glob(&options.include)?;
    let exclude = glob(&options.exclude)?;
    let files: Vec<_> = tree
        .files_below(path)
        .filter(|(file, _)| options.recurse || file.parent() == *path)
        .filter(|(file, _)| matches!(file.extension(), Some("yaml" | "yml" | "json" | "jsonnet")))
        .filter(|(file, _)| {
            let below = file.below(path).unwrap_or_default();
            !exclude.as_ref().is_some_and(|glob| glob.is_match(below))
                && include.as_ref().is_none_or(|glob| glob.is_match(below))
        })
        .filter(|(_, file)| !is_skipped(&file.content))
        .collect();
    if files
        .iter()
        .map(|(_, file)| file.content.len())
        .sum::<usize>()
        > MAX_BYTES
    {
        return Err(RenderError::TooLarge {
            path: path.clone(),
            limit: MAX_BYTES,
        });
    }
    Ok(files)
}

/// Reads the directory (G-027).
pub(crate) fn build(
    tree: &Tree,
    path: &ArtifactPath,
    options: &DirectoryOptions,
) -> Result<Vec<Manifest>, RenderError> {
    let mut manifests = Vec::new();
    for (path, file) in files(tree, path, options)? {
        let read = match path.extension() {
            Some("jsonnet") => {
                let file = path.clone();
                return Err(RenderError::Unsupported {
                    file,
                    what: "Jsonnet",
                });
            }
            Some("json") => read_json_file(&file.content, path)?,
            _ => read_yaml_file(&file.content, path)?,
        };
        manifests.extend(read.into_iter().filter(|manifest| {
            let is_kustomize = manifest.group() == KUSTOMIZE_GROUP;
            if is_kustomize {
                tracing::info!(path = %path, "skipped a kustomize document in a plain directory");
            }
            !is_kustomize
        }));
    }
    Ok(manifests)
}

fn read_yaml_file(content: &[u8], path: &ArtifactPath) -> Result<Vec<Manifest>, RenderError> {
    match read_yaml(content, Some(path), &Limits::default()) {
        Ok(manifests) => Ok(manifests),
        Err(_) if is_kustomization_file(content, path) => {
            tracing::info!(path = %path, "skipped a kustomization file in a plain directory");
            Ok(Vec::new())
        }
        Err(source) if looks_like_manifest(content) => Err(RenderError::Read { source }),
        Err(error) => {
            note_ignored(path, &error);
            Ok(Vec::new())
        }
    }
}

fn read_json_file(content: &[u8], path: &ArtifactPath) -> Result<Vec<Manifest>, RenderError> {
    let is_list = content.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    let read = |content: &[u8]| read_json(content, Some(path), &Limits::default());
    let result = match is_list.then(|| serde_json::from_slice::<Vec<Value>>(content)) {
        Some(Ok(items)) => items
            .iter()
            .map(|item| read(item.to_string().as_bytes()))
            .collect::<Result<Vec<_>, _>>(),
        _ => read(content).map(|manifests| vec![manifests]),
    };
    result
        .map(|lists| lists.into_iter().flatten().collect())
        .map_err(|source| RenderError::Read { source })
}

/// Whether a file that gives no manifests was meant to: it names all three parts of one.
fn looks_like_manifest(content: &[u8]) -> bool {
    let text = String::from_utf8_lossy(content);
    ["apiVersion:", "kind:", "metadata:"]
        .iter()
        .all(|part| text.contains(part))
}

/// Whether a file is kustomize's by its name and does not say otherwise (G-029).
fn is_kustomization_file(content: &[u8], path: &ArtifactPath) -> bool {
    if !FILE_NAMES.contains(&path.file_name()) {
        return false;
    }
    let Ok(values) = read_values(Dialect::Kustomize, content, Some(path), &Limits::default())
    else {
        return false;
    };
    values.iter().all(|value| {
        let version = value.get("apiVersion").and_then(Value::as_str);
        version.is_none_or(|version| version.starts_with(KUSTOMIZE_GROUP))
    })
}

fn note_ignored(path: &ArtifactPath, error: &ReadManifests) {
    tracing::debug!(path = %path, error = %error, "ignored a file that holds no manifest");
}

fn is_skipped(content: &[u8]) -> bool {
    content
        .split(|byte| *byte == b'\n')
        .any(|line| line.trim_ascii() == SKIP_LINE.as_bytes())
}

fn glob(pattern: &str) -> Result<Option<GlobMatcher>, RenderError> {
    if pattern.is_empty() {
        return Ok(None);
    }
    Glob::new(pattern)
        .map(|glob| Some(glob.compile_matcher()))
        .map_err(|source| RenderError::Glob {
            pattern: pattern.to_owned(),
            source,
        })
}

#[cfg(test)]
mod tests;
