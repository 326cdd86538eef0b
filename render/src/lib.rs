//! Artifact and options in, manifests out.
//!
//! [`Renderer::build`] is the stage. kustomize runs in a pool of worker processes (`render/worker`,
//! our own Go program around kustomize's library); plain folders are read here. [`inputs`] and [`resource_files`] say, without building anything,
//! which files of an artifact a build reads, for those who decrypt and verify them first.
//!
//! Nothing here knows about encryption: decrypted files come in as an [`manifests::Overlay`].

mod blame;
mod directory;
mod error;
mod images;
mod inputs;
mod kustomization;
mod overrides;
mod plain;
mod reference;
mod renderer;
mod walk;
mod worker;

pub use error::RenderError;
pub use images::{UnusedImage, unused_images};
pub use inputs::{inputs, resource_files};
pub use renderer::{FindWorker, Renderer, RendererOptions};
pub use worker::WorkerFailure;
