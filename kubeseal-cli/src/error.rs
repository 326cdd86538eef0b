//! What a failure means to the shell, and how a chain of causes is written.
//!
//! Libraries say what happened; here it is decided what that means. `signet` uses [`Category`]
//! for its exit status, `kubeseal` and `sops` keep the status of the tools whose names they bear.

use std::error::Error;
use std::fmt;

/// The kind of a failure, as far as somebody outside can act on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Category {
    /// The user has to edit something.
    Invalid,
    /// Something that was referred to is absent.
    NotFound,
    /// Rights or credentials are missing.
    Denied,
    /// Somebody else changed the same thing.
    Conflict,
    /// A remote part does not answer, trying again may help.
    Unavailable,
    /// A bug of ours.
    Internal,
}

impl Category {
    /// Returns the exit status of `signet` for a failure of this kind.
    pub fn exit_status(self) -> u8 {
        match self {
            Self::Invalid => 2,
            Self::NotFound | Self::Denied | Self::Conflict | Self::Unavailable => 1,
            Self::Internal => 70,
        }
    }
}

/// Writes an error and all its causes on one line, `what: because: because`.
///
/// A cause that the text before it already ends with is left out, since some foreign errors
/// repeat their source.
pub struct Chain<'a>(pub &'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut written = self.0.to_string();
        let mut cause = self.0.source();
        while let Some(error) = cause {
            let text = error.to_string();
            if !text.is_empty() && !written.ends_with(&text) {
                written.push_str(": ");
                written.push_str(&text);
            }
            cause = error.source();
        }
        formatter.write_str(&written)
    }
}

#[cfg(test)]
mod tests;
