//! Which files of a repository stay out of an artifact (G-178).

use std::collections::BTreeMap;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use manifests::ArtifactPath;

use crate::SourceError;

/// The name of the file that adds rules for its own folder and everything below.
pub(crate) const RULES_FILE: &str = ".sourceignore";

/// What is left out unless a source says otherwise: files of version control, media and archives,
/// of continuous integration and of command-line tools.
const DEFAULT_RULES: &str = ".git/
.gitignore
.gitmodules
.gitattributes
*.jpg
*.jpeg
*.gif
*.png
*.wmv
*.flv
*.tar.gz
*.zip
.github/
.circleci/
.travis.yml
.gitlab-ci.yml
appveyor.yml
.drone.yml
cloudbuild.yaml
codeship-services.yml
codeship-steps.yml
.goreleaser.yml
.sops.yaml
.flux.yaml
";

/// The rules of one checkout: the source's own (or the defaults) and each folder's.
#[derive(Debug)]
pub(crate) struct Exclusions {
    defaults: Option<Gitignore>,
    given: Option<Gitignore>,
    folders: BTreeMap<ArtifactPath, Gitignore>,
}

impl Exclusions {
    /// Builds the rules; `given` replaces the defaults.
    pub(crate) fn new(given: Option<&str>) -> Result<Self, SourceError> {
        Ok(Self {
            defaults: given.is_none().then(|| rules(DEFAULT_RULES)).transpose()?,
            given: given.map(rules).transpose()?,
            folders: BTreeMap::new(),
        })
    }

    /// Adds the rules that a folder's `.sourceignore` holds.
    pub(crate) fn add_folder(
        &mut self,
        folder: ArtifactPath,
        text: &str,
    ) -> Result<(), SourceError> {
        self.folders.insert(folder, rules(text)?);
        Ok(())
    }

    /// Whether a file stays out.
    ///
    /// The source's own rules are asked first, then the folders' from the deepest to the root, then
    /// the defaults; the first that speaks of the file, or of a folder it lies in, decides.
    pub(crate) fn excludes(&self, file: &ArtifactPath) -> bool {
        let verdict =
            |rules: &Gitignore, path: &str| match rules.matched_path_or_any_parents(path, false) {
                Match::None => None,
                Match::Ignore(_) => Some(true),
                Match::Whitelist(_) => Some(false),
            };
        let of_folders = || {
            let mut folder = file.clone();
            while !folder.is_root() {
                folder = folder.parent();
                let rules = self.folders.get(&folder).zip(file.below(&folder));
                let found = rules.and_then(|(rules, rest)| verdict(rules, rest));
                if found.is_some() {
                    return found;
                }
            }
            None
        };
        let whole = file.as_str();
        self.given
            .as_ref()
            .and_then(|rules| verdict(rules, whole))
            .or_else(of_folders)
            .or_else(|| {
                self.defaults
                    .as_ref()
                    .and_then(|rules| verdict(rules, whole))
            })
            .unwrap_or(false)
    }
}

/// Reads rules as Git writes them.
pub(crate) fn rules(text: &str) -> Result<Gitignore, SourceError> {
    let refused = |error: ignore::Error| SourceError::ParseIgnore {
        detail: error.to_string(),
    };
    let mut builder = GitignoreBuilder::new("");
    for line in text.lines() {
        builder.add_line(None, line).map_err(refused)?;
    }
    builder.build().map_err(refused)
}

#[cfg(test)]
mod tests;
