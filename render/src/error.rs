//! Why a build gave no manifests.

use manifests::{ArtifactPath, ParsePath, ReadManifests};

use crate::worker::WorkerFailure;

/// Why a build gave no manifests. Never holds a decrypted value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// The directory to build is not in the artifact.
    #[error("path {path:?} is no directory of the source", path = path.to_string())]
    NoDirectory {
        /// The directory.
        path: ArtifactPath,
    },
    /// Something the build needs is in the source, but not in the artifact.
    #[error("{path} {reason}")]
    Omitted {
        /// The path.
        path: ArtifactPath,
        /// Why, as the second half of a sentence.
        reason: &'static str,
    },
    /// A directory has more than one kustomization file.
    #[error("directory {directory} has more than one kustomization file: {names}")]
    ManyKustomizationFiles {
        /// The directory.
        directory: ArtifactPath,
        /// The files' names.
        names: String,
    },
    /// A kustomization file refers to another repository or a URL.
    #[error(
        "{file} refers to {reference:?}, which is remote; hint: copy it into the repository, \
         remote bases are not fetched"
    )]
    RemoteBase {
        /// The kustomization file.
        file: ArtifactPath,
        /// What it refers to, without user, password and query.
        reference: String,
    },
    /// A kustomization file refers to something outside the artifact.
    #[error("{file} refers to a path that is not allowed")]
    Reference {
        /// The kustomization file, or the directory a component was to be added to.
        file: ArtifactPath,
        /// What is wrong with the path.
        source: ParsePath,
    },
    /// A component is not there.
    #[error("component {path} is no directory with a kustomization file")]
    NoComponent {
        /// Where it was looked for.
        path: ArtifactPath,
    },
    /// A file asks for something that is not built in.
    #[error("{file} needs {what}, which is not supported yet")]
    Unsupported {
        /// The file.
        file: ArtifactPath,
        /// What it needs.
        what: &'static str,
    },
    /// There is nothing to build.
    #[error("directory {path} holds no manifests")]
    NoManifests {
        /// The directory.
        path: ArtifactPath,
    },
    /// A file could not be read as manifests.
    #[error("failed to read manifests")]
    Read {
        /// Where and what.
        source: ReadManifests,
    },
    /// The files of a plain directory are too large together.
    #[error("the files of directory {path} are larger than {limit} bytes together")]
    TooLarge {
        /// The directory.
        path: ArtifactPath,
        /// The limit.
        limit: usize,
    },
    /// A directory option is no glob.
    #[error("{pattern:?} is no glob")]
    Glob {
        /// What was written.
        pattern: String,
        /// Why not.
        source: globset::Error,
    },
    /// kustomize refuses the build.
    #[error("kustomize build failed: {message}")]
    Kustomize {
        /// kustomize's words.
        message: String,
    },
    /// kustomize refuses the build, in words that may quote what was decrypted or a plain Secret.
    #[error(
        "kustomize build failed with the secret content of {files}; its message is withheld, \
         because it may quote that content"
    )]
    Withheld {
        /// The files.
        files: String,
    },
    /// kustomize gave something that is no object.
    #[error("kustomize gave object {index}, a {kind:?}, without apiVersion, kind or name")]
    NoObject {
        /// Which, from 0.
        index: usize,
        /// Its kind, when it has one.
        kind: String,
    },
    /// The worker process could not do it.
    #[error("the render worker failed")]
    Worker {
        /// How.
        source: WorkerFailure,
    },
}
