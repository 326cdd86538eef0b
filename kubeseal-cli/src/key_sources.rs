//! Where the keys of encrypted files come from, for every tool here: age identities at hand, and
//! services that hold keys of their own.
//!
//! Nothing is looked for before a file names a key that needs it.

pub(crate) mod age_identities;
pub(crate) mod cloud;
mod words;
