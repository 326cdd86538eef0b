//! From an artifact to manifests, in the order `pipeline::build` fixes.

use manifests::{Artifact, BuildOptions, Manifest, Overlay};
use pipeline::build::{BuildFiles, Stages};
use pipeline::decrypt::{DataKeys, Decrypt, Need, Warning, WarningKind};
use pipeline::unit::Unit;
use render::{RenderError, Renderer, UnusedImage};
use sops_engine::{DataKey, DecryptionOrder, unwrap_data_key};

use super::{Engine, Keys};
use crate::error::{Category, Chain, Error};

/// What a build made.
pub(crate) struct Built {
    /// The manifests, plaintext concealed.
    pub(crate) manifests: Vec<Manifest>,
    /// What went on all the same and must show.
    pub(crate) notices: Vec<Notice>,
}

/// Something about a build that its unit shows in a condition of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    /// What it is about.
    pub(crate) topic: Topic,
    /// Names the file or object, and no value.
    pub(crate) message: String,
}

/// What a [`Notice`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    /// A document was used although its MAC does not hold (I4).
    MacNotVerified,
    /// A Secret stands in the source as plaintext (S15).
    PlaintextSecret,
    /// An image is to be replaced that no object has (D-03).
    UnusedImage,
    /// An object belongs to a unit of another family, or is to be adopted by another one (D-18).
    Ownership,
}

impl Topic {
    /// Every topic.
    pub(crate) const ALL: [Self; 4] = [
        Self::MacNotVerified,
        Self::PlaintextSecret,
        Self::UnusedImage,
        Self::Ownership,
    ];

    /// Returns the condition's type, which is its reason and that of the event as well.
    pub(crate) fn condition(self) -> &'static str {
        match self {
            Self::MacNotVerified => "MacNotVerified",
            Self::PlaintextSecret => "PlaintextSecretInSource",
            Self::UnusedImage => "UnusedImageOverride",
            Self::Ownership => api::names::signet::OWNERSHIP_CONFLICT,
        }
    }
}

/// How many notices of a topic are named.
const NAMED: usize = 10;

/// Returns what is to be said about a topic, one line each; `None` when that is nothing.
pub(crate) fn gathered(notices: &[Notice], topic: Topic) -> Option<String> {
    let mut lines = notices
        .iter()
        .filter(|notice| notice.topic == topic)
        .map(|notice| notice.message.as_str());
    let mut named: Vec<_> = lines.by_ref().take(NAMED).collect();
    let more = lines.count();
    let rest = format!("and {more} more");
    if more > 0 {
        named.push(&rest);
    }
    (!named.is_empty()).then(|| named.join("\n"))
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
        let unused = render::unused_images(&artifact.tree, &unit.build, &opened.manifests)
            .map_err(|error| unrendered(&error))?;
        let opened_notices = opened.warnings.iter().map(of_warning);
        let notices = opened_notices.chain(unused.iter().map(of_unused)).collect();
        Ok(Built {
            manifests: opened.manifests,
            notices,
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
            let said = Chain(&need.failed(error)).to_string();
            let hint = self.keys.hint().map(|hint| format!("; {hint}"));
            let text = format!("{said}{}", hint.unwrap_or_default());
            Error::new(category, "BuildFailed", text)
        })
    }

    fn undecrypted(&self, error: Decrypt) -> Error {
        build_failed(Category::Invalid, &error)
    }
}

fn of_warning(warning: &Warning) -> Notice {
    let topic = match warning.kind {
        WarningKind::PlaintextSecret => Topic::PlaintextSecret,
        _ => Topic::MacNotVerified,
    };
    Notice {
        topic,
        message: warning.to_string(),
    }
}

fn of_unused(image: &UnusedImage) -> Notice {
    let name = &image.name;
    let hint = if image.similar.is_empty() {
        String::new()
    } else {
        format!("; the objects have {}", image.similar.join(", "))
    };
    Notice {
        topic: Topic::UnusedImage,
        message: format!("no object has the image {name:?} that is to be replaced{hint}"),
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
