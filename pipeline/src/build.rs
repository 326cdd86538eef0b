//! Build: the order of the stages between an artifact and plain manifests.
//!
//! Encrypted files are opened, the directory is rendered with them, encrypted objects are opened,
//! and every plaintext is concealed. Rendering and unwrapping need a process or a network, so the
//! caller brings both as [`Stages`]; the order, and that nothing is left out, is decided here.

use manifests::{Artifact, ArtifactPath, BuildOptions, InputFile, Manifest, Overlay};
use sops_engine::DataKey;

use crate::decrypt::{
    DataKeys, Decrypt, Need, OpenedFiles, OpenedObjects, scan_files, scan_objects,
};
use crate::unit::{Decryption, ProtectionRule};

/// The files a directory's build takes in.
#[derive(Clone, Debug, Default)]
pub struct BuildFiles {
    /// Those that are decrypted before the build.
    pub inputs: Vec<InputFile>,
    /// Files of manifests, which are authenticated as they stand (D-10).
    pub resources: Vec<ArtifactPath>,
}

/// What a build cannot do by itself.
pub trait Stages {
    /// Why a stage failed.
    type Error;

    /// Lists the files the build takes in.
    ///
    /// # Errors
    ///
    /// When the directory cannot be built.
    fn files(
        &mut self,
        artifact: &Artifact,
        options: &BuildOptions,
    ) -> Result<BuildFiles, Self::Error>;

    /// Renders the directory, decrypted files in the places of the encrypted ones.
    ///
    /// # Errors
    ///
    /// When the directory cannot be rendered.
    fn render(
        &mut self,
        artifact: &Artifact,
        options: &BuildOptions,
        overlay: &Overlay,
    ) -> impl Future<Output = Result<Vec<Manifest>, Self::Error>> + Send;

    /// Unwraps the data key of a document.
    ///
    /// # Errors
    ///
    /// When nobody who is asked can.
    fn unwrap(
        &mut self,
        need: &Need<'_>,
    ) -> impl Future<Output = Result<DataKey, Self::Error>> + Send;

    /// Turns an error of the decrypt stage into one of the caller's.
    fn undecrypted(&self, error: Decrypt) -> Self::Error;
}

/// Builds a directory; every plaintext in what comes back is concealed, and warnings of all stages
/// are together.
///
/// `keys` holds data keys that were unwrapped before and gets those that are unwrapped now.
///
/// # Errors
///
/// The first failure of any stage; then there are no manifests at all (I2).
pub async fn build<S: Stages + Send>(
    artifact: &Artifact,
    options: &BuildOptions,
    decryption: Option<&Decryption>,
    protections: &[ProtectionRule],
    keys: &mut DataKeys,
    stages: &mut S,
) -> Result<OpenedObjects, S::Error> {
    let policy = decryption.map(|asked| asked.mac_policy).unwrap_or_default();
    let files = match decryption {
        Some(asked) => open_files(artifact, options, asked, protections, keys, stages).await?,
        // What is encrypted all the same is refused with the objects.
        None => OpenedFiles::default(),
    };
    let rendered = stages.render(artifact, options, &files.overlay).await?;
    let objects = scan_objects(rendered, &files.authenticated, decryption, protections)
        .map_err(|error| stages.undecrypted(error))?;
    unwrap(objects.needs(keys), keys, stages).await?;
    let mut opened = objects
        .open(keys, policy, files.taint)
        .map_err(|error| stages.undecrypted(error))?;
    opened.warnings.splice(0..0, files.warnings);
    Ok(opened)
}

async fn open_files<S: Stages + Send>(
    artifact: &Artifact,
    options: &BuildOptions,
    decryption: &Decryption,
    protections: &[ProtectionRule],
    keys: &mut DataKeys,
    stages: &mut S,
) -> Result<OpenedFiles, S::Error> {
    let BuildFiles { inputs, resources } = stages.files(artifact, options)?;
    let files = scan_files(
        &artifact.tree,
        &inputs,
        &resources,
        Some(decryption),
        protections,
    )
    .map_err(|error| stages.undecrypted(error))?;
    unwrap(files.needs(keys), keys, stages).await?;
    files
        .open(keys, decryption.mac_policy)
        .map_err(|error| stages.undecrypted(error))
}

async fn unwrap<S: Stages + Send>(
    needs: Vec<Need<'_>>,
    keys: &mut DataKeys,
    stages: &mut S,
) -> Result<(), S::Error> {
    for need in needs {
        let key = stages.unwrap(&need).await?;
        keys.insert(need.metadata, key);
    }
    Ok(())
}
