//! The stage: one artifact and options in, manifests out.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use manifests::{Artifact, BuildOptions, KustomizeOptions, Manifest, Overlay, Tool};
use secret_bytes::SecretBytes;
use serde_json::Value;

use crate::walk::{self, Walk};
use crate::worker::{Answer, BuildRequest, Built, Pool, WorkerFailure};
use crate::{RenderError, blame, directory, overrides, plain};

/// Name of the worker program.
const WORKER_NAME: &str = "signet-render-worker";

/// Names the worker program when it is not beside ours.
const WORKER_VARIABLE: &str = "SIGNET_RENDER_WORKER";

/// How the workers are run.
#[derive(Clone, Debug)]
pub struct RendererOptions {
    /// The worker program.
    pub worker: PathBuf,
    /// How many workers run at most; one for each core by default.
    pub workers: usize,
    /// How long one build may take; 60 s by default.
    pub time_limit: Duration,
    /// How many bytes of manifests one build may give; 64 MiB by default.
    pub output_limit: usize,
    /// How much memory a worker may take, in bytes; 1 GiB by default.
    pub memory_limit: u64,
    /// How many bytes of artifact trees a worker keeps; 128 MiB by default.
    pub tree_cache: u64,
}

/// The worker program was not found.
#[derive(Debug, thiserror::Error)]
#[error(
    "no {WORKER_NAME} beside {directory:?}; hint: install it there, or name it in {WORKER_VARIABLE}"
)]
pub struct FindWorker {
    directory: PathBuf,
}

impl RendererOptions {
    /// Takes the defaults with this worker program.
    pub fn new(worker: impl Into<PathBuf>) -> Self {
        Self {
            worker: worker.into(),
            workers: std::thread::available_parallelism().map_or(1, usize::from),
            time_limit: Duration::from_mins(1),
            output_limit: 64 << 20,
            memory_limit: 1 << 30,
            tree_cache: 128 << 20,
        }
    }

    /// Takes the defaults with the worker that `SIGNET_RENDER_WORKER` names, or the one beside the
    /// running program.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn find() -> Result<Self, FindWorker> {
        if let Some(named) = std::env::var_os(WORKER_VARIABLE).filter(|name| !name.is_empty()) {
            return Ok(Self::new(named));
        }
        let program = std::env::current_exe().unwrap_or_default();
        let directory = program.parent().unwrap_or(Path::new("")).to_owned();
        let worker = directory.join(WORKER_NAME);
        if worker.is_file() {
            Ok(Self::new(worker))
        } else {
            Err(FindWorker { directory })
        }
    }
}

/// Renders artifacts. Cloning is cheap; clones share the workers.
///
/// A worker starts with the first build that needs one, so a renderer for plain folders only costs
/// nothing. Dropping a build's future ends the worker that is busy with it.
#[derive(Clone)]
pub struct Renderer {
    pool: Arc<Pool>,
    output_limit: usize,
}

impl Renderer {
    /// Prepares the pool.
    pub fn start(options: RendererOptions) -> Self {
        let output_limit = options.output_limit;
        Self {
            pool: Arc::new(Pool::new(options)),
            output_limit,
        }
    }

    /// Builds a directory of an artifact.
    ///
    /// `overlay` holds decrypted files that stand in for the artifact's own; they are gone from the
    /// worker when the build is done. Objects made from them hold their plaintext openly, as those
    /// of any Secret in the artifact do: conceal it in what comes back.
    ///
    /// # Errors
    ///
    /// When the build is impossible or exceeds a limit. No error quotes the overlay.
    pub async fn build(
        &self,
        artifact: &Artifact,
        options: &BuildOptions,
        overlay: &Overlay,
    ) -> Result<Vec<Manifest>, RenderError> {
        match &options.tool {
            Tool::Kustomize(kustomize) => {
                let mut manifests = self
                    .kustomize(artifact, options, kustomize, overlay)
                    .await?;
                for manifest in &mut manifests {
                    overrides::stamp(kustomize, manifest);
                }
                Ok(manifests)
            }
            // A plain directory takes nothing in as data, so there is nothing to lay over it.
            Tool::Directory(listed) => directory::build(&artifact.tree, &options.path, listed),
            _ => Err(RenderError::Unsupported {
                file: options.path.clone(),
                what: "a tool that this release does not have",
            }),
        }
    }

    /// Returns what the kustomize program would print for a directory, byte for byte (G-022).
    ///
    /// The unit's overrides are laid over, common labels and annotations are not stamped.
    ///
    /// # Errors
    ///
    /// As [`Renderer::build`]; a plain directory is not kustomize's.
    pub async fn print(
        &self,
        artifact: &Artifact,
        options: &BuildOptions,
        overlay: &Overlay,
    ) -> Result<SecretBytes, RenderError> {
        let Tool::Kustomize(kustomize) = &options.tool else {
            return Err(RenderError::Unsupported {
                file: options.path.clone(),
                what: "printing anything but a kustomization",
            });
        };
        let walk = walk::walk(&artifact.tree, &options.path, kustomize)?;
        let request = self.request(artifact, options, kustomize, &walk, Printed::Wanted);
        let built = self.ask(artifact, &request, overlay).await;
        let built = built.map_err(|error| blame::explain(error, &artifact.tree, &walk));
        Ok(built?.printed())
    }

    async fn kustomize(
        &self,
        artifact: &Artifact,
        options: &BuildOptions,
        kustomize: &KustomizeOptions,
        overlay: &Overlay,
    ) -> Result<Vec<Manifest>, RenderError> {
        let walk = walk::walk(&artifact.tree, &options.path, kustomize)?;
        let request = self.request(artifact, options, kustomize, &walk, Printed::Unwanted);
        if let (Some(made), None) = (&walk.synthesised, &request.overrides)
            && made.directories.is_empty()
            && let Some(manifests) = plain::build(&artifact.tree, &made.files, overlay)?
        {
            return Ok(manifests);
        }
        let built = self.ask(artifact, &request, overlay).await;
        built
            .and_then(|built| read_objects(built.manifests()))
            .map_err(|error| blame::explain(error, &artifact.tree, &walk))
    }

    fn request<'a>(
        &self,
        artifact: &'a Artifact,
        options: &'a BuildOptions,
        kustomize: &KustomizeOptions,
        walk: &'a Walk,
        printed: Printed,
    ) -> BuildRequest<'a> {
        BuildRequest {
            digest: artifact.digest.as_str(),
            path: options.path.as_str(),
            resources: walk
                .synthesised
                .as_ref()
                .map(|made| made.resources.as_slice()),
            overrides: overrides::document(kustomize, &walk.components),
            yaml: printed == Printed::Wanted,
            max_output: self.output_limit,
        }
    }

    async fn ask(
        &self,
        artifact: &Artifact,
        request: &BuildRequest<'_>,
        overlay: &Overlay,
    ) -> Result<Built, RenderError> {
        let answer = self
            .pool
            .build(&artifact.tree, request, overlay)
            .await
            .map_err(|source| RenderError::Worker { source })?;
        match answer {
            Answer::Built(built) => Ok(built),
            Answer::Failed { message } => Err(RenderError::Kustomize { message }),
            Answer::Withheld => {
                let files: Vec<String> = overlay.keys().map(ToString::to_string).collect();
                Err(RenderError::Withheld {
                    files: files.join(", "),
                })
            }
        }
    }
}

/// Whether a build returns its printed form too.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Printed {
    Wanted,
    Unwanted,
}

fn read_objects(json: &[u8]) -> Result<Vec<Manifest>, RenderError> {
    let objects: Vec<Value> =
        serde_json::from_slice(json).map_err(|source| RenderError::Worker {
            source: WorkerFailure::Answer { source },
        })?;
    let read = objects.into_iter().enumerate().map(|(index, object)| {
        let kind = object
            .get("kind")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        Manifest::new(object, None).ok_or(RenderError::NoObject { index, kind })
    });
    read.collect()
}
