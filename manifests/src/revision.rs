//! Revisions of an artifact: `main@sha1:…`, `v1.2.0@sha256:…`, `sha1:…`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Which state of a source an artifact holds: an optional readable name and an immutable id.
///
/// ```
/// let revision: manifests::Revision = "main@sha1:3ac1…".replace('…', "0").parse().unwrap();
/// assert_eq!(revision.name(), Some("main"));
/// assert_eq!(revision.id(), "sha1:3ac10");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Revision {
    name: Option<String>,
    id: String,
}

/// The text is no revision.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{text:?} is not a revision of the form <name>@<algorithm>:<hex digits>")]
pub struct ParseRevision {
    text: String,
}

impl Revision {
    /// Builds the revision of a Git commit: `name@sha1:…`, or `sha256:…` in a SHA-256 repository.
    ///
    /// `commit` is the commit's id in hex; its length tells the algorithm.
    ///
    /// # Errors
    ///
    /// When `commit` is not 40 or 64 lower-case hex digits.
    pub fn of_commit(name: Option<&str>, commit: &str) -> Result<Self, ParseRevision> {
        let algorithm = match commit.len() {
            40 => "sha1",
            64 => "sha256",
            _ => {
                return Err(ParseRevision {
                    text: commit.to_owned(),
                });
            }
        };
        let id = format!("{algorithm}:{commit}");
        match name {
            Some(name) => format!("{name}@{id}").parse(),
            None => id.parse(),
        }
    }

    /// Returns the readable part: a branch, a tag or a full reference name.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Returns the immutable part with its algorithm, `sha1:…`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the hex digits of the immutable part.
    pub fn hex(&self) -> &str {
        self.id
            .split_once(':')
            .map_or(self.id.as_str(), |(_, hex)| hex)
    }
}

impl FromStr for Revision {
    type Err = ParseRevision;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, id) = match text.rsplit_once('@') {
            Some((name, id)) => (Some(name), id),
            None => (None, text),
        };
        let is_id = id.split_once(':').is_some_and(|(algorithm, hex)| {
            matches!(algorithm, "sha1" | "sha256")
                && !hex.is_empty()
                && hex.bytes().all(|b| b.is_ascii_hexdigit())
        });
        if !is_id || name == Some("") {
            return Err(ParseRevision {
                text: text.to_owned(),
            });
        }
        Ok(Self {
            name: name.map(str::to_owned),
            id: id.to_owned(),
        })
    }
}

impl TryFrom<String> for Revision {
    type Error = ParseRevision;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Revision> for String {
    fn from(revision: Revision) -> Self {
        revision.to_string()
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = &self.name {
            write!(formatter, "{name}@")?;
        }
        formatter.write_str(&self.id)
    }
}

#[cfg(test)]
mod tests;
