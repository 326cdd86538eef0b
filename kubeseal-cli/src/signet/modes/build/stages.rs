//! The stages that need a worker or keys; their order is fixed by `pipeline::build`.

use manifests::{Artifact, BuildOptions, Manifest, Overlay};
use pipeline::build::BuildFiles;
use pipeline::decrypt::{DataKeys, Decrypt, Need, OpenedObjects};
use pipeline::unit::{ProtectionRule, flux};
use render::{FindWorker, RenderError, Renderer, RendererOptions};
use sops_engine::DataKey;

use super::Target;
use crate::Environment;
use crate::signet::error::Error;
use crate::signet::keys::Keys;

/// What every build of a run shares.
pub(super) struct Stages<'a> {
    artifact: &'a Artifact,
    keys: Keys,
    /// What was unwrapped, for all directories of the run.
    data_keys: DataKeys,
    renderer: Renderer,
    /// A plain folder needs no worker, so that there is none counts only when one is asked.
    missing_worker: Option<FindWorker>,
    protections: Vec<ProtectionRule>,
}

impl<'a> Stages<'a> {
    pub(super) fn new(artifact: &'a Artifact, keys: Keys, environment: &Environment) -> Self {
        let (options, missing_worker) = match environment.filled_variable("SIGNET_RENDER_WORKER") {
            Some(worker) => (RendererOptions::new(worker), None),
            None => match RendererOptions::find() {
                Ok(options) => (options, None),
                Err(missing) => (RendererOptions::new("signet-render-worker"), Some(missing)),
            },
        };
        Self {
            artifact,
            keys,
            data_keys: DataKeys::default(),
            renderer: Renderer::start(options),
            missing_worker,
            protections: flux::protections(),
        }
    }

    /// Builds one directory; every plaintext in what comes back is concealed.
    pub(super) async fn build(&mut self, target: &Target) -> Result<OpenedObjects, Error> {
        let Self {
            artifact,
            protections,
            ..
        } = self;
        let (artifact, protections) = (*artifact, protections.clone());
        let mut data_keys = std::mem::take(&mut self.data_keys);
        let mut stages = Named {
            target,
            stages: self,
        };
        let decryption = target.decryption.as_ref();
        let built = pipeline::build::build(
            artifact,
            &target.options,
            decryption,
            &protections,
            &mut data_keys,
            &mut stages,
        )
        .await;
        self.data_keys = data_keys;
        built
    }

    /// Where there is no worker, that is the news, and not that it did not start.
    fn unrendered(&self, target: &Target, error: RenderError) -> Error {
        let target = target.name.clone();
        match (error, &self.missing_worker) {
            (RenderError::Worker { .. }, Some(missing)) => Error::FindWorker {
                target,
                reason: missing.to_string(),
            },
            (error, _) => Error::Render {
                target,
                source: Box::new(error),
            },
        }
    }
}

/// The stages of one directory, whose name every failure carries.
struct Named<'a, 'b> {
    target: &'a Target,
    stages: &'a mut Stages<'b>,
}

impl pipeline::build::Stages for Named<'_, '_> {
    type Error = Error;

    fn files(&mut self, artifact: &Artifact, options: &BuildOptions) -> Result<BuildFiles, Error> {
        let failed = |error| self.stages.unrendered(self.target, error);
        let inputs = render::inputs(&artifact.tree, options).map_err(failed)?;
        let resources = render::resource_files(&artifact.tree, options).map_err(failed)?;
        Ok(BuildFiles { inputs, resources })
    }

    async fn render(
        &mut self,
        artifact: &Artifact,
        options: &BuildOptions,
        overlay: &Overlay,
    ) -> Result<Vec<Manifest>, Error> {
        let built = self.stages.renderer.build(artifact, options, overlay).await;
        built.map_err(|error| self.stages.unrendered(self.target, error))
    }

    async fn unwrap(&mut self, need: &Need<'_>) -> Result<DataKey, Error> {
        let unwrapped = self.stages.keys.unwrap(need).await;
        unwrapped.map_err(|error| self.undecrypted(error))
    }

    fn undecrypted(&self, error: Decrypt) -> Error {
        Error::Decrypt {
            target: self.target.name.clone(),
            source: Box::new(error),
        }
    }
}
