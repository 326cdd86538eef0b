//! The file tree that a `FROM scratch` image holds, assembled and checked without an engine.
//!
//! The programs we build with the GNU toolchain need the C library: the loader they name is asked
//! what they load, and those files go into the tree under the same paths. Statically linked
//! programs, such as the render worker, need nothing.

mod elf;
mod tree;

pub use elf::{Linkage, ReadElf, linkage};
pub use tree::{Image, Report, assemble};
