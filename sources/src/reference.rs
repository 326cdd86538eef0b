//! Which state of a repository is wanted (G-175).

use crate::SourceError;
use crate::constraint::Range;

/// Which state of a repository is wanted, as the `ref` of a Git source says it.
///
/// The fields may stand together; the strongest wins: branch < tag < semver < name < commit. With
/// nothing set it is the branch `master`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct GitReference {
    /// A branch's name, without `refs/heads/`. With `commit`, where that commit is looked for.
    pub branch: Option<String>,
    /// A tag's name, without `refs/tags/`.
    pub tag: Option<String>,
    /// A semver range over the names of tags; the highest version wins.
    pub semver: Option<String>,
    /// A full reference name, such as `refs/pull/1/head`.
    pub name: Option<String>,
    /// A commit's id in hex.
    pub commit: Option<String>,
    /// Any of these in one word: a branch, a tag, a full reference name, a commit's id or its
    /// beginning, a semver range over tags; empty and `HEAD` are the default branch. It counts when
    /// nothing else is set.
    pub revision: Option<String>,
}

/// The one field of a reference that counts, read and checked.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    Branch(String),
    Tag(String),
    Semver(Range),
    Name(String),
    Commit { id: String, branch: Option<String> },
    DefaultBranch,
    Word { word: String, range: Option<Range> },
}

const DEFAULT_BRANCH: &str = "master";

impl GitReference {
    /// Returns the field that counts.
    pub(crate) fn wanted(&self) -> Result<Wanted, SourceError> {
        let given = |field: &Option<String>| field.clone().filter(|text| !text.is_empty());
        let branch = given(&self.branch)
            .map(|name| checked("branch", name))
            .transpose()?;
        if let Some(id) = given(&self.commit) {
            return Ok(Wanted::Commit {
                id: checked_commit(id)?,
                branch,
            });
        }
        if let Some(name) = given(&self.name) {
            return checked("reference name", name).map(Wanted::Name);
        }
        if let Some(range) = given(&self.semver) {
            return range.parse().map(Wanted::Semver);
        }
        if let Some(tag) = given(&self.tag) {
            return checked("tag", tag).map(Wanted::Tag);
        }
        match (branch, &self.revision) {
            (None, Some(word)) => word_wanted(word.trim()),
            (branch, _) => Ok(Wanted::Branch(
                branch.unwrap_or_else(|| DEFAULT_BRANCH.to_owned()),
            )),
        }
    }

    /// Returns a text that tells references apart, for keys.
    pub(crate) fn key(&self) -> String {
        let field = |field: &Option<String>| field.clone().unwrap_or_default();
        [
            &self.branch,
            &self.tag,
            &self.semver,
            &self.name,
            &self.commit,
            &self.revision,
        ]
        .map(field)
        .join("\n")
    }
}

/// Reads what may be any of several things, as far as that can be told without the server.
fn word_wanted(word: &str) -> Result<Wanted, SourceError> {
    if word.is_empty() || word == "HEAD" {
        return Ok(Wanted::DefaultBranch);
    }
    if let Ok(id) = checked_commit(word.to_owned()) {
        return Ok(Wanted::Commit { id, branch: None });
    }
    if word.starts_with("refs/") {
        return checked("reference name", word.to_owned()).map(Wanted::Name);
    }
    let range = word.parse::<Range>().ok();
    let name = checked("revision", word.to_owned());
    if let (None, Err(error)) = (&range, name) {
        return Err(error);
    }
    Ok(Wanted::Word {
        word: word.to_owned(),
        range,
    })
}

fn checked(what: &'static str, name: String) -> Result<String, SourceError> {
    let is_hostile = name.starts_with('-')
        || name.contains("..")
        || name.chars().any(|c| {
            c.is_ascii_control() || matches!(c, ' ' | '~' | '^' | ':' | '?' | '*' | '[' | '\\')
        });
    if is_hostile {
        Err(SourceError::ParseReference {
            what,
            reference: name,
        })
    } else {
        Ok(name)
    }
}

fn checked_commit(id: String) -> Result<String, SourceError> {
    let is_id = matches!(id.len(), 40 | 64) && id.bytes().all(|b| b.is_ascii_hexdigit());
    if is_id {
        Ok(id.to_ascii_lowercase())
    } else {
        Err(SourceError::ParseReference {
            what: "commit id of 40 or 64 hex digits",
            reference: id,
        })
    }
}

#[cfg(test)]
mod tests;
