//! The developer's command line: one library, three thin binaries `signet`, `kubeseal` and `sops`.
//!
//! Each tool parses its flags into a mode and runs it with an [`Io`], the only thing here that may
//! print or touch files. What a failure means to the shell is decided in [`error`].

pub mod error;
pub mod io;
pub mod kubeseal;
pub mod signet;
pub mod sops;

pub use io::Io;
