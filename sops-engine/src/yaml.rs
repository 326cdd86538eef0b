//! YAML that keeps a file's bytes.
//!
//! A file is parsed once into an arena with byte spans ([`document`]); the text stays the source
//! of truth. Values are replaced by splicing ([`edit`]), so that comments, quoting, key order and
//! blank lines survive. Text is only written afresh where there is no original ([`emit`]).

pub(crate) mod comments;
pub(crate) mod document;
pub(crate) mod edit;
pub(crate) mod emit;
pub(crate) mod lexer;
pub(crate) mod replace;
pub(crate) mod resolve;
pub(crate) mod site;
pub(crate) mod to_tree;

pub use document::YamlError;
