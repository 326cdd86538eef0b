//! Paths inside an artifact: relative, normalised, and unable to leave the root (I6).

use std::fmt;
use std::str::FromStr;

/// A path below an artifact's root: `/`-separated, no `.`, no `..`, no empty part, UTF-8.
///
/// The root itself is the empty path. Being relative and free of `..` is checked once, here, so
/// that no later stage can be led out of the tree.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ArtifactPath(String);

/// The text is no path inside an artifact.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParsePath {
    /// The path climbs above the root.
    #[error("path {text:?} leads out of the source")]
    Escape {
        /// What was written.
        text: String,
    },
    /// The path starts at the file system's root.
    #[error("path {text:?} is absolute; write it relative to the root of the source")]
    Absolute {
        /// What was written.
        text: String,
    },
    /// The path holds a byte that no repository path may hold.
    #[error("path {text:?} holds a backslash or a control character")]
    Character {
        /// What was written.
        text: String,
    },
}

impl ArtifactPath {
    /// The artifact's root.
    pub const ROOT: Self = Self(String::new());

    /// Returns the text, empty for the root.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Resolves `relative` (which may hold `.` and `..`) against this directory.
    ///
    /// # Errors
    ///
    /// When the result would leave the artifact, or `relative` is absolute.
    pub fn join(&self, relative: &str) -> Result<Self, ParsePath> {
        if relative.starts_with('/') {
            return Err(ParsePath::Absolute {
                text: relative.to_owned(),
            });
        }
        if relative.bytes().any(|b| b == b'\\' || b.is_ascii_control()) {
            return Err(ParsePath::Character {
                text: relative.to_owned(),
            });
        }
        let mut parts: Vec<&str> = self.0.split('/').filter(|part| !part.is_empty()).collect();
        for part in relative.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    if parts.pop().is_none() {
                        return Err(ParsePath::Escape {
                            text: relative.to_owned(),
                        });
                    }
                }
                part => parts.push(part),
            }
        }
        Ok(Self(parts.join("/")))
    }

    /// Returns the directory that holds this path; the root holds itself.
    #[must_use]
    pub fn parent(&self) -> Self {
        Self(
            self.0
                .rsplit_once('/')
                .map_or(String::new(), |(parent, _)| parent.to_owned()),
        )
    }

    /// Returns the last part, empty for the root.
    pub fn file_name(&self) -> &str {
        self.0
            .rsplit_once('/')
            .map_or(self.0.as_str(), |(_, name)| name)
    }

    /// Returns the text after the last dot of the file name, without the dot.
    pub fn extension(&self) -> Option<&str> {
        self.file_name()
            .rsplit_once('.')
            .map(|(_, extension)| extension)
    }

    /// Whether this path is `directory` or lies below it.
    pub fn is_within(&self, directory: &Self) -> bool {
        directory.is_root()
            || self
                .0
                .strip_prefix(&directory.0)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Returns the rest of this path below `directory`, when it lies there.
    pub fn below(&self, directory: &Self) -> Option<&str> {
        if directory.is_root() {
            return Some(&self.0);
        }
        let rest = self.0.strip_prefix(&directory.0)?;
        if rest.is_empty() {
            Some(rest)
        } else {
            rest.strip_prefix('/')
        }
    }
}

impl FromStr for ArtifactPath {
    type Err = ParsePath;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ROOT.join(text)
    }
}

impl fmt::Display for ArtifactPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.0.is_empty() { "." } else { &self.0 })
    }
}

#[cfg(test)]
mod tests;
