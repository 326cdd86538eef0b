//! Kustomization files: finding one, reading what it refers to, making one where there is none.

use manifests::{ArtifactPath, Dialect, Limits, Tree, read_values};
use serde_json::Value;

use crate::RenderError;

/// The names kustomize recognises.
pub(crate) const FILE_NAMES: [&str; 3] =
    ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Returns the kustomization file of a directory, when it has one.
pub(crate) fn find(
    tree: &Tree,
    directory: &ArtifactPath,
) -> Result<Option<ArtifactPath>, RenderError> {
    let mut found = None;
    for name in FILE_NAMES {
        // INVARIANT: the names above hold nothing a path may not hold, so every join succeeds.
        let Ok(path) = directory.join(name) else {
            continue;
        };
        if let Some(omission) = tree.omission(&path) {
            return Err(RenderError::Omitted {
                path,
                reason: omission.reason(),
            });
        }
        if tree.file(&path).is_none() {
            continue;
        }
        if found.replace(path).is_some() {
            return Err(RenderError::ManyKustomizationFiles {
                directory: directory.clone(),
                names: FILE_NAMES.join(", "),
            });
        }
    }
    Ok(found)
}

/// A kustomization file as far as it refers to other files.
///
/// kustomize reads its field names without regard to case, so does this.
pub(crate) struct Kustomization(Value);

impl Kustomization {
    /// Reads a file's content.
    pub(crate) fn read(content: &[u8], path: &ArtifactPath) -> Result<Self, RenderError> {
        let values = read_values(Dialect::Kustomize, content, Some(path), &Limits::default())
            .map_err(|source| RenderError::Read { source })?;
        Ok(Self::of(values))
    }

    /// Takes a file's documents, of which kustomize looks at the first.
    pub(crate) fn of(documents: Vec<Value>) -> Self {
        Self(documents.into_iter().next().unwrap_or_default())
    }

    /// Returns the entries of a list field; what is no list counts as empty.
    pub(crate) fn list<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Value> {
        self.values(name).filter_map(Value::as_array).flatten()
    }

    /// Returns the texts of a list field.
    pub(crate) fn texts<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.list(name).filter_map(Value::as_str)
    }

    /// Returns the text of one field of each entry of a list.
    pub(crate) fn texts_in<'a>(
        &'a self,
        list: &'a str,
        name: &'a str,
    ) -> impl Iterator<Item = &'a str> {
        self.list(list)
            .flat_map(move |entry| fields(entry, name))
            .filter_map(Value::as_str)
    }

    /// Whether a field is there and not empty.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.values(name).any(|value| match value {
            Value::Null => false,
            Value::Array(items) => !items.is_empty(),
            Value::Object(entries) => !entries.is_empty(),
            Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
        })
    }

    /// Returns a field's value. There may be several that differ in case only.
    pub(crate) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Value> {
        fields(&self.0, name)
    }
}

/// Returns the values of the fields with this name, in whatever case.
pub(crate) fn fields<'a>(value: &'a Value, name: &'a str) -> impl Iterator<Item = &'a Value> {
    value
        .as_object()
        .into_iter()
        .flatten()
        .filter(move |(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

/// What a kustomization file made for a directory without one refers to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Synthesised {
    /// Manifest files, in the order of [`Synthesised::resources`].
    pub(crate) files: Vec<ArtifactPath>,
    /// Subdirectories with a kustomization file of their own.
    pub(crate) directories: Vec<ArtifactPath>,
    /// Both, relative to the directory, in the order of a walk through it.
    pub(crate) resources: Vec<String>,
}

/// Lists what a directory without a kustomization file is made of (G-191).
///
/// Every `.yaml` and `.yml` file, recursively; a subdirectory with its own kustomization file is
/// one entry and is not entered; `.sops.yaml` configures SOPS and is no manifest.
pub(crate) fn synthesise(
    tree: &Tree,
    directory: &ArtifactPath,
) -> Result<Synthesised, RenderError> {
    let mut paths: Vec<&ArtifactPath> = tree.files_below(directory).map(|(path, _)| path).collect();
    // The order of a walk: names are compared part by part, not as one text with slashes in it.
    paths.sort_by(|left, right| left.as_str().split('/').cmp(right.as_str().split('/')));
    let mut made = Synthesised::default();
    for path in paths {
        if made
            .directories
            .last()
            .is_some_and(|entered| path.is_within(entered))
        {
            continue;
        }
        if let Some(own) = outermost_kustomization(tree, directory, path)? {
            made.resources
                .extend(own.below(directory).map(|below| format!("./{below}")));
            made.directories.push(own);
            continue;
        }
        let is_manifest = matches!(path.extension(), Some("yaml" | "yml"));
        if is_manifest && path.file_name() != ".sops.yaml" {
            made.resources
                .extend(path.below(directory).map(|below| format!("./{below}")));
            made.files.push(path.clone());
        }
    }
    Ok(made)
}

/// Returns the topmost directory between `directory` and `path` that has a kustomization file.
fn outermost_kustomization(
    tree: &Tree,
    directory: &ArtifactPath,
    path: &ArtifactPath,
) -> Result<Option<ArtifactPath>, RenderError> {
    let mut outermost = None;
    let mut parent = path.parent();
    while parent != *directory && !parent.is_root() {
        if find(tree, &parent)?.is_some() {
            outermost = Some(parent.clone());
        }
        parent = parent.parent();
    }
    Ok(outermost)
}

#[cfg(test)]
mod tests;
