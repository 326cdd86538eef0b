//! Which files a build reads, for those who decrypt or verify them before it.

use manifests::{ArtifactPath, BuildOptions, InputFile, Tool, Tree};

use crate::{RenderError, directory, walk};

/// Returns the files that are decrypted before a build: the generator files and patches of every
/// kustomization file the build visits, in the order of the walk.
///
/// # Errors
///
/// What makes the build itself impossible: no such directory, a remote base, a path out of the
/// artifact, a kustomization file that cannot be read.
pub fn inputs(tree: &Tree, options: &BuildOptions) -> Result<Vec<InputFile>, RenderError> {
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
