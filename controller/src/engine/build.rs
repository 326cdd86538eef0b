//! From an artifact to manifests, in the order `pipeline::build` fixes.

use manifests::{Artifact, BuildOptions, Manifest, Overlay};
use pipeline::build::{BuildFiles, Stages};
use pipeline::decrypt::{DataKeys, Decrypt, Need};
use pipeline::unit::Unit;
use render::{RenderError, Renderer};
use sops_engine::{DataKey, DecryptionOrder, unwrap_data_key};

use super::{Engine, Keys};
use crate::error::{Category, Chain, Error};

/// What a build made.
pub(crate) struct Built {
    /// The manifests, plaintext concealed.
    pub(crate) manifests: Vec<Manifest>,
    /// What the unit was allowed to overlook and must show.
    pub(crate) warnings: Vec<String>,
}

impl Engine {
    /// Builds a unit from an artifact.
    ///
    /// # Errors
    ///
    /// When anything cannot be rendered or decrypted; then there are no manifests at all (I2).
    pub(crate) async fn build(
        &self,
        unit: &Unit,
        artifact: &Artifact,
        keys: &Keys,
    ) -> Result<Built, Error> {
        let mut stages = Workers {
            renderer: &self.renderer,
            keys,
        };
        // Data keys live for one build.
        let mut data_keys = DataKeys::default();
        let opened = pipeline::build::build(
            artifact,
            &unit.build,
            unit.decryption.as_ref(),
            &unit.protections,
            &mut data_keys,
            &mut stages,
        )
        .await?;
        let warnings = opened.warnings.iter().map(ToString::to_string).collect();
        Ok(Built {
            manifests: opened.manifests,
            warnings,
        })
    }
}

/// The stages that need a process or a network.
struct Workers<'a> {
    renderer: &'a Renderer,
    keys: &'a Keys,
}

impl Stages for Workers<'_> {
    type Error = Error;

    fn files(&mut self, artifact: &Artifact, options: &BuildOptions) -> Result<BuildFiles, Error> {
        let failed = |error| unrendered(&error);
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
        let built = self.renderer.build(artifact, options, overlay).await;
        built.map_err(|error| unrendered(&error))
    }

    async fn unwrap(&mut self, need: &Need<'_>) -> Result<DataKey, Error> {
        let order = DecryptionOrder::default();
        let unwrapped = unwrap_data_key(need.metadata, self.keys.services(), &order).await;
        unwrapped.map_err(|error| {
            let category = if error.is_transient() {
                Category::Unavailable
            } else {
                Category::Denied
            };
            build_failed(category, &need.failed(error))
        })
    }

    fn undecrypted(&self, error: Decrypt) -> Error {
        build_failed(Category::Invalid, &error)
    }
}

fn unrendered(error: &RenderError) -> Error {
    let category = match error {
        RenderError::Worker { .. } => Category::Unavailable,
        _ => Category::Invalid,
    };
    build_failed(category, error)
}

fn build_failed(category: Category, error: &dyn std::error::Error) -> Error {
    Error::new(category, "BuildFailed", Chain(error).to_string())
}
