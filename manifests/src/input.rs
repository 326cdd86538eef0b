//! Files that a build takes in as data: what `render` finds and the decrypt stage opens before it.

use crate::ArtifactPath;

/// A file that a build takes in as data and that may be encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputFile {
    /// The file.
    pub path: ArtifactPath,
    /// The key it gets in the generated Secret, when the entry names one (`key=path`).
    pub key: Option<String>,
    /// What it is for.
    pub kind: InputKind,
}

/// What an [`InputFile`] is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InputKind {
    /// One value of a generated Secret; its format follows from the key, or the file's name.
    File,
    /// A list of `NAME=value` lines for a generated Secret; dotenv unless its name says otherwise.
    Environment,
    /// A patch, YAML or JSON.
    Patch,
}

impl InputFile {
    /// Returns the name whose ending tells the format: the key, or the file's name.
    pub fn format_name(&self) -> &str {
        self.key.as_deref().unwrap_or_else(|| self.path.file_name())
    }
}
