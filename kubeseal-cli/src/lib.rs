//! The developer's command line: one library, three thin binaries `signet`, `kubeseal` and `sops`.
//!
//! Each tool is started with an [`Invocation`], parses its flags into a mode and runs it with an
//! [`Io`], the only thing here that may print or touch files. What a failure means to the shell is decided in [`error`].

mod completion;
pub mod error;
pub mod invocation;
pub mod io;
mod key_sources;
mod kubeconfig;
pub mod kubeseal;
mod network;
pub mod signet;
pub mod sops;
mod yaml;

pub use invocation::{Environment, Invocation};
pub use io::Io;
