//! What flows between the stages: artifacts, revisions, manifests and object ids.
//!
//! Everything here is a plain value: no client, no runtime, no file system. Start with
//! [`Artifact`] (what a source fetched), then [`Manifest`] (one desired object) and [`ObjectId`].

mod artifact;
mod build;
mod digest;
mod input;
mod manifest;
mod object_id;
mod path;
mod read;
mod references;
mod revision;

pub use artifact::{Artifact, File, Omission, Tree};
pub use build::{
    BuildOptions, DirectoryOptions, Image, KustomizeOptions, Overlay, Patch, PatchTarget, Tool,
};
pub use digest::{Digest, ParseDigest};
pub use input::{InputFile, InputKind};
pub use manifest::{CONCEALED, Manifest, Origin, pointer_token, wipe};
pub use object_id::{GroupKind, ObjectId, ParseInventoryId};
pub use path::{ArtifactPath, ParsePath};
pub use read::{
    Dialect, Limits, Problem, ReadManifests, read_json, read_values, read_yaml, read_yaml_as,
};
pub use references::{SecretReference, secret_references};
pub use revision::{ParseRevision, Revision};
