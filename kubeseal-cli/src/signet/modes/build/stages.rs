//! The stages in their order: decrypt inputs, render, decrypt objects.

use manifests::{Artifact, ArtifactPath};
use pipeline::decrypt::{Decrypt, InputFile, OpenedFiles, OpenedObjects, scan_files, scan_objects};
use pipeline::unit::{ProtectionRule, flux};
use render::{FindWorker, InputKind, RenderError, Renderer, RendererOptions};

use super::Target;
use crate::signet::Invocation;
use crate::signet::error::Error;
use crate::signet::keys::Keys;

/// What every build of a run shares.
pub(super) struct Stages<'a> {
    artifact: &'a Artifact,
    keys: Keys,
    renderer: Renderer,
    /// A plain folder needs no worker, so that there is none counts only when one is asked.
    missing_worker: Option<FindWorker>,
    protections: Vec<ProtectionRule>,
}

impl<'a> Stages<'a> {
    pub(super) fn new(artifact: &'a Artifact, keys: Keys, invocation: &Invocation) -> Self {
        let (options, missing_worker) = match invocation.variable("SIGNET_RENDER_WORKER") {
            Some(worker) => (RendererOptions::new(worker), None),
            None => match RendererOptions::find() {
                Ok(options) => (options, None),
                Err(missing) => (RendererOptions::new("signet-render-worker"), Some(missing)),
            },
        };
        Self {
            artifact,
            keys,
            renderer: Renderer::start(options),
            missing_worker,
            protections: flux::protections(),
        }
    }

    /// Builds one directory; every plaintext in what comes back is concealed.
    pub(super) async fn build(&mut self, target: &Target) -> Result<OpenedObjects, Error> {
        let decryption = target.decryption.as_ref();
        let policy = decryption.map(|asked| asked.mac_policy).unwrap_or_default();
        let undecrypted = |error| undecrypted(target, error);
        let files = self.open_files(target).await?;
        let built = self
            .renderer
            .build(self.artifact, &target.options, &files.overlay)
            .await;
        let rendered = built.map_err(|error| self.unrendered(target, error))?;
        let objects = scan_objects(
            rendered,
            &files.authenticated,
            decryption,
            &self.protections,
        )
        .map_err(undecrypted)?;
        let needs = objects.needs(&self.keys.unwrapped);
        self.keys.unwrap(&needs).await.map_err(undecrypted)?;
        let mut opened = objects
            .open(&self.keys.unwrapped, policy, files.taint)
            .map_err(undecrypted)?;
        opened.warnings.splice(0..0, files.warnings);
        Ok(opened)
    }

    async fn open_files(&mut self, target: &Target) -> Result<OpenedFiles, Error> {
        let Some(decryption) = &target.decryption else {
            return Ok(OpenedFiles::default());
        };
        let undecrypted = |error| undecrypted(target, error);
        let (inputs, resources) = self
            .listed(target)
            .map_err(|error| self.unrendered(target, error))?;
        let files = scan_files(
            &self.artifact.tree,
            &inputs,
            &resources,
            Some(decryption),
            &self.protections,
        )
        .map_err(undecrypted)?;
        let needs = files.needs(&self.keys.unwrapped);
        self.keys.unwrap(&needs).await.map_err(undecrypted)?;
        files
            .open(&self.keys.unwrapped, decryption.mac_policy)
            .map_err(undecrypted)
    }

    /// Returns the files that are decrypted before the build, and those that are authenticated.
    fn listed(&self, target: &Target) -> Result<(Vec<InputFile>, Vec<ArtifactPath>), RenderError> {
        let tree = &self.artifact.tree;
        let inputs = render::inputs(tree, &target.options)?;
        let resources = render::resource_files(tree, &target.options)?;
        let inputs = inputs
            .into_iter()
            .map(|input| InputFile {
                format_name: input.format_name().to_owned(),
                environment: input.kind == InputKind::Environment,
                path: input.path,
            })
            .collect();
        Ok((inputs, resources))
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

fn undecrypted(target: &Target, error: Decrypt) -> Error {
    Error::Decrypt {
        target: target.name.clone(),
        source: Box::new(error),
    }
}
