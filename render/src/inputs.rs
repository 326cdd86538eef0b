//! Which files a build reads, for those who decrypt or verify them before it.

use manifests::{ArtifactPath, BuildOptions, Tool, Tree};

use crate::{RenderError, directory, walk};

/// A file that a build takes in as data and that may be encrypted (spec: renderer input).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RendererInput {
    /// The file.
    pub path: ArtifactPath,
    /// The key it gets in the generated Secret, when the entry names one (`key=path`).
    pub key: Option<String>,
    /// What it is for.
    pub kind: InputKind,
}

/// What a [`RendererInput`] is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InputKind {
    /// One value of a generated Secret; its format follows from the key, or the file's name.
    File,
    /// A list of `NAME=value` lines for a generated Secret; dotenv unless its name says otherwise.
    Environment,
    /// A patch, YAML or JSON.
    Patch,
}

impl RendererInput {
    /// Returns the name whose ending tells the format: the key, or the file's name.
    pub fn format_name(&self) -> &str {
        self.key.as_deref().unwrap_or_else(|| self.path.file_name())
    }
}

/// Returns the files that are decrypted before a build: the generator files and patches of every
/// kustomization file the build visits, in the order of the walk.
///
/// # Errors
///
/// What makes the build itself impossible: no such directory, a remote base, a path out of the
/// artifact, a kustomization file that cannot be read.
pub fn inputs(tree: &Tree, options: &BuildOptions) -> Result<Vec<RendererInput>, RenderError> {
    match &options.tool {
        Tool::Kustomize(kustomize) => Ok(walk::walk(tree, &options.path, kustomize)?.inputs),
        _ => Ok(Vec::new()),
    }
}

/// Returns the files of manifests that a build reads, in path order.
///
/// # Errors
///
/// As [`inputs`].
pub fn resource_files(
    tree: &Tree,
    options: &BuildOptions,
) -> Result<Vec<ArtifactPath>, RenderError> {
    match &options.tool {
        Tool::Kustomize(kustomize) => Ok(walk::walk(tree, &options.path, kustomize)?
            .resources
            .into_iter()
            .collect()),
        Tool::Directory(listed) => {
            let files = directory::files(tree, &options.path, listed)?;
            Ok(files.into_iter().map(|(path, _)| path.clone()).collect())
        }
        _ => Ok(Vec::new()),
    }
}

#[cfg(test)]
mod tests;
