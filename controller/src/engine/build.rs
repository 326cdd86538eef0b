//! From an artifact to manifests: renderer inputs are decrypted, the directory is rendered, whole
//! objects are decrypted, and every value of a Secret is concealed.

use manifests::{Artifact, Manifest};
use pipeline::decrypt::{DataKeys, Decrypt, InputFile, Need, scan_files, scan_objects};
use pipeline::unit::{Decryption, MacPolicy, Unit};
use render::InputKind;
use sops_engine::{DecryptionOrder, unwrap_data_key};

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
        let decryption = unit.decryption.as_ref();
        let policy = decryption
            .map(|decryption| decryption.mac_policy)
            .unwrap_or_default();
        let mut data_keys = DataKeys::default();
        let files = self
            .open_files(unit, artifact, keys, &mut data_keys, policy)
            .await?;
        let rendered = self
            .renderer
            .build(artifact, &unit.build, &files.overlay)
            .await
            .map_err(|error| render_failed(&error))?;
        let objects = scan_objects(
            rendered,
            &files.authenticated,
            decryption,
            &unit.protections,
        )
        .map_err(|error| decrypt_failed(&error))?;
        let needs = objects.needs(&data_keys);
        let unwrapped = keys.unwrap(&needs).await?;
        for (metadata, key) in unwrapped {
            data_keys.insert(&metadata, key);
        }
        let opened = objects
            .open(&data_keys, policy, files.taint)
            .map_err(|error| decrypt_failed(&error))?;
        let warnings = files
            .warnings
            .iter()
            .chain(&opened.warnings)
            .map(ToString::to_string)
            .collect();
        Ok(Built {
            manifests: opened.manifests,
            warnings,
        })
    }

    async fn open_files(
        &self,
        unit: &Unit,
        artifact: &Artifact,
        keys: &Keys,
        data_keys: &mut DataKeys,
        policy: MacPolicy,
    ) -> Result<pipeline::decrypt::OpenedFiles, Error> {
        let (inputs, resources) = match &unit.decryption {
            Some(_) => listed(unit, artifact)?,
            None => Default::default(),
        };
        let decryption: Option<&Decryption> = unit.decryption.as_ref();
        let files = scan_files(
            &artifact.tree,
            &inputs,
            &resources,
            decryption,
            &unit.protections,
        )
        .map_err(|error| decrypt_failed(&error))?;
        let needs = files.needs(data_keys);
        let unwrapped = keys.unwrap(&needs).await?;
        for (metadata, key) in unwrapped {
            data_keys.insert(&metadata, key);
        }
        files
            .open(data_keys, policy)
            .map_err(|error| decrypt_failed(&error))
    }
}

/// Returns the files that are decrypted before the build, and those that are authenticated.
fn listed(
    unit: &Unit,
    artifact: &Artifact,
) -> Result<(Vec<InputFile>, Vec<manifests::ArtifactPath>), Error> {
    let inputs =
        render::inputs(&artifact.tree, &unit.build).map_err(|error| render_failed(&error))?;
    let resources = render::resource_files(&artifact.tree, &unit.build)
        .map_err(|error| render_failed(&error))?;
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

fn render_failed(error: &render::RenderError) -> Error {
    let category = match error {
        render::RenderError::Worker { .. } => Category::Unavailable,
        _ => Category::Invalid,
    };
    Error::new(category, "BuildFailed", Chain(error).to_string())
}

fn decrypt_failed(error: &Decrypt) -> Error {
    Error::new(Category::Invalid, "BuildFailed", Chain(error).to_string())
}

impl Keys {
    /// Unwraps the data key of each document.
    async fn unwrap(
        &self,
        needs: &[Need<'_>],
    ) -> Result<Vec<(sops_engine::Metadata, sops_engine::DataKey)>, Error> {
        let mut unwrapped = Vec::with_capacity(needs.len());
        for need in needs {
            let order = DecryptionOrder::default();
            match unwrap_data_key(need.metadata, self.services(), &order).await {
                Ok(key) => unwrapped.push((need.metadata.clone(), key)),
                Err(error) => {
                    let category = if error.is_transient() {
                        Category::Unavailable
                    } else {
                        Category::Denied
                    };
                    let failed = need.failed(error);
                    return Err(Error::new(
                        category,
                        "BuildFailed",
                        Chain(&failed).to_string(),
                    ));
                }
            }
        }
        Ok(unwrapped)
    }
}
