//! Where desired state comes from: fetches it into content-addressed artifacts.
//!
//! Start with [`Store::fetch`]: it resolves a Git reference, fetches its commit once however many
//! callers ask, and keeps the files as a deterministic archive on disk, exactly as the source holds
//! them (ciphertext stays ciphertext). [`Store::load`] gives an archive back as an in-memory tree,
//! also after a restart and while the source is unreachable.
//!
//! `git` speaks the protocol and turns a commit into a tree, `archive` is the packed form, `store`
//! is the disk. Nothing a repository holds is ever written to disk as a file of its own, so there
//! is no path that could lead out of a folder (I6).

mod address;
mod archive;
mod constraint;
mod credentials;
mod error;
mod exclusions;
mod folder;
mod git;
mod http;
mod limits;
mod location;
mod reference;
mod store;

pub use archive::unpack;
pub use credentials::Credentials;
pub use error::{ErrorKind, SourceError};
pub use folder::read_folder;
pub use limits::Limits;
pub use location::GitUrl;
pub use reference::GitReference;
pub use store::{Fetched, GitRequest, Snapshot, Store};
