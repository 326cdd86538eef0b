//! What a unit asks of the render stage, in words no family owns.

use std::collections::BTreeMap;
use std::sync::Arc;

use secret_bytes::SecretBytes;

use crate::ArtifactPath;

/// Decrypted renderer inputs that stand in for the artifact's own files during one build.
pub type Overlay = BTreeMap<ArtifactPath, Arc<SecretBytes>>;

/// How to turn a directory of an artifact into manifests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct BuildOptions {
    /// The directory, relative to the artifact's root.
    pub path: ArtifactPath,
    /// Which tool renders it.
    pub tool: Tool,
}

/// Which tool renders a directory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one for each unit, and nearly all of them are the large one"
)]
pub enum Tool {
    /// kustomize; a kustomization file is synthesised where the directory has none (G-191).
    Kustomize(KustomizeOptions),
    /// Every YAML and JSON document of the directory, as it stands (G-027).
    Directory(DirectoryOptions),
}

impl Default for Tool {
    fn default() -> Self {
        Self::Kustomize(KustomizeOptions::default())
    }
}

/// Which files of a plain directory are read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct DirectoryOptions {
    /// Read subdirectories too.
    pub recurse: bool,
    /// Glob a file must match, relative to the directory; empty means all.
    pub include: String,
    /// Glob that leaves a file out; it wins over `include`.
    pub exclude: String,
}

/// What a unit lays over the directory's own kustomization file (G-192, G-025).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct KustomizeOptions {
    /// Namespace set on every namespaced object.
    pub namespace: Option<String>,
    /// Prefix of every name.
    pub name_prefix: Option<String>,
    /// Suffix of every name.
    pub name_suffix: Option<String>,
    /// Inline patches, applied after the directory's own.
    pub patches: Vec<Patch>,
    /// Image overrides, applied after the directory's own.
    pub images: Vec<Image>,
    /// Component directories, relative to the path.
    pub components: Vec<String>,
    /// Leave out components that are not there instead of failing.
    pub ignore_missing_components: bool,
    /// Labels that kustomize puts on every object, its selectors and its templates.
    pub selector_labels: BTreeMap<String, String>,
    /// Annotations that kustomize puts on every object and its templates.
    pub template_annotations: BTreeMap<String, String>,
    /// Labels stamped on every built object, overriding its own.
    pub common_labels: BTreeMap<String, String>,
    /// Annotations stamped on every built object, overriding its own.
    pub common_annotations: BTreeMap<String, String>,
    /// kustomize's `buildMetadata` words.
    pub build_metadata: Vec<String>,
}

/// One inline patch: strategic merge or JSON 6902.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Patch {
    /// The patch's text.
    pub patch: String,
    /// What it applies to; a strategic merge patch may name its object itself.
    pub target: Option<PatchTarget>,
}

/// Which objects a patch applies to; every given part must match.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PatchTarget {
    /// API group.
    pub group: String,
    /// API version.
    pub version: String,
    /// Kind.
    pub kind: String,
    /// Name, a regular expression.
    pub name: String,
    /// Namespace, a regular expression.
    pub namespace: String,
    /// Label selector.
    pub label_selector: String,
    /// Annotation selector.
    pub annotation_selector: String,
}

/// One image override.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Image {
    /// Image name to match, without tag.
    pub name: String,
    /// New name, empty to keep it.
    pub new_name: String,
    /// New tag, empty to keep it.
    pub new_tag: String,
    /// Digest that takes the tag's place, empty for none.
    pub digest: String,
}
