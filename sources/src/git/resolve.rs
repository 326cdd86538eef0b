//! From the references that a server lists to the one commit that is wanted (G-175).

use gix_hash::ObjectId;
use gix_protocol::handshake::Ref;
use manifests::Revision;

use crate::SourceError;
use crate::constraint::{Range, version_of_tag};
use crate::reference::Wanted;

const BRANCHES: &str = "refs/heads/";
const TAGS: &str = "refs/tags/";

/// The commit that is wanted, and what its artifact will be called.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    pub(crate) revision: Revision,
    pub(crate) commit: ObjectId,
    /// Where to look for the commit when the server does not give it by its id alone.
    pub(super) tips: Option<Vec<String>>,
}

/// Returns the beginnings of the references that are needed, so that the server lists no others.
pub(super) fn prefixes(wanted: &Wanted) -> Vec<String> {
    if let Wanted::Word { word, range } = wanted {
        return words(word, range.is_some());
    }
    vec![match wanted {
        Wanted::Branch(branch)
        | Wanted::Commit {
            branch: Some(branch),
            ..
        } => format!("{BRANCHES}{branch}"),
        Wanted::Tag(tag) => format!("{TAGS}{tag}"),
        Wanted::Semver(_) => TAGS.to_owned(),
        Wanted::Name(name) => name.clone(),
        // Only asked so that the server checks the credentials.
        Wanted::Commit { branch: None, .. } | Wanted::DefaultBranch | Wanted::Word { .. } => {
            "HEAD".to_owned()
        }
    }]
}

/// What may be the beginning of a commit's id is looked for among all tips.
fn words(word: &str, is_range: bool) -> Vec<String> {
    if is_short_id(word) {
        return vec![BRANCHES.to_owned(), TAGS.to_owned()];
    }
    let tags = if is_range {
        TAGS.to_owned()
    } else {
        format!("{TAGS}{word}")
    };
    vec![format!("{BRANCHES}{word}"), tags]
}

fn is_short_id(word: &str) -> bool {
    (7..40).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Picks the wanted commit.
pub(super) fn choose(url: &str, wanted: &Wanted, listed: &[Ref]) -> Result<Resolved, SourceError> {
    let found = |full: &str| {
        listed
            .iter()
            .find_map(|reference| target(reference).filter(|(name, _)| *name == full))
    };
    let missing = |reference: String| SourceError::FindReference {
        url: url.to_owned(),
        reference,
    };
    match wanted {
        Wanted::Branch(branch) => {
            let target = found(&format!("{BRANCHES}{branch}"));
            let (_, commit) = target.ok_or_else(|| missing(format!("branch {branch:?}")))?;
            resolved(url, Some(branch), commit)
        }
        Wanted::Tag(tag) => {
            let (_, commit) =
                found(&format!("{TAGS}{tag}")).ok_or_else(|| missing(format!("tag {tag:?}")))?;
            resolved(url, Some(tag), commit)
        }
        Wanted::Name(name) => {
            let (_, commit) = found(name).ok_or_else(|| missing(format!("reference {name:?}")))?;
            resolved(url, Some(name), commit)
        }
        Wanted::Semver(range) => {
            let (tag, commit) = highest(range, listed)
                .ok_or_else(|| missing("tag in the semver range".to_owned()))?;
            resolved(url, Some(tag), commit)
        }
        Wanted::DefaultBranch => {
            let (_, commit) = found("HEAD").ok_or_else(|| missing("default branch".to_owned()))?;
            resolved(url, Some("HEAD"), commit)
        }
        Wanted::Word { word, range } => {
            let (name, commit) = found(&format!("{BRANCHES}{word}"))
                .or_else(|| found(&format!("{TAGS}{word}")))
                .map(|(_, commit)| (word.as_str(), commit))
                .or_else(|| highest(range.as_ref()?, listed))
                .or_else(|| tip(word, listed))
                .ok_or_else(|| missing(format!("branch, tag or commit {word:?}")))?;
            resolved(url, Some(name), commit)
        }
        Wanted::Commit { id, branch } => {
            let tips = match branch {
                Some(branch) => {
                    let full = format!("{BRANCHES}{branch}");
                    if found(&full).is_none() {
                        return Err(missing(format!("branch {branch:?}")));
                    }
                    vec![full]
                }
                None => vec![BRANCHES.to_owned(), TAGS.to_owned()],
            };
            let commit =
                ObjectId::from_hex(id.as_bytes()).map_err(|_| missing(format!("commit {id:?}")))?;
            Ok(Resolved {
                tips: Some(tips),
                ..resolved(url, branch.as_deref(), commit)?
            })
        }
    }
}

/// Returns the tag of the highest version in a range.
fn highest<'a>(range: &Range, listed: &'a [Ref]) -> Option<(&'a str, ObjectId)> {
    listed
        .iter()
        .filter_map(target)
        .filter_map(|(name, commit)| {
            let tag = name.strip_prefix(TAGS)?;
            let version = version_of_tag(tag).filter(|version| range.matches(version))?;
            Some((version, tag, commit))
        })
        // Equal versions (`1.0.0` and `v1.0.0`) are told apart by name, so that the choice is stable.
        .max_by(|(a, x, _), (b, y, _)| a.cmp_precedence(b).then_with(|| x.cmp(y)))
        .map(|(_, tag, commit)| (tag, commit))
}

/// Returns the one tip whose commit's id begins so; several different ones are none.
fn tip<'a>(word: &str, listed: &'a [Ref]) -> Option<(&'a str, ObjectId)> {
    if !is_short_id(word) {
        return None;
    }
    let beginning = word.to_ascii_lowercase();
    let mut tips = listed
        .iter()
        .filter_map(target)
        .filter(|(_, commit)| commit.to_string().starts_with(&beginning));
    let first = tips.next()?;
    tips.all(|(_, commit)| commit == first.1)
        .then_some((first.0, first.1))
}

/// Returns the objects that the listed references lead to.
pub(super) fn targets(listed: &[Ref]) -> Vec<ObjectId> {
    let mut targets: Vec<ObjectId> = listed.iter().filter_map(target).map(|(_, id)| id).collect();
    targets.sort_unstable();
    targets.dedup();
    targets
}

/// Returns a reference's name and the commit it leads to, through an annotated tag if need be.
fn target(reference: &Ref) -> Option<(&str, ObjectId)> {
    let (name, object) = match reference {
        Ref::Peeled {
            full_ref_name,
            object,
            ..
        }
        | Ref::Direct {
            full_ref_name,
            object,
        }
        | Ref::Symbolic {
            full_ref_name,
            object,
            ..
        } => (full_ref_name, object),
        Ref::Unborn { .. } => return None,
    };
    std::str::from_utf8(name).ok().map(|name| (name, *object))
}

fn resolved(url: &str, name: Option<&str>, commit: ObjectId) -> Result<Resolved, SourceError> {
    let revision =
        Revision::of_commit(name, &commit.to_string()).map_err(|error| SourceError::Speak {
            step: "name the revision",
            url: url.to_owned(),
            detail: error.to_string(),
        })?;
    Ok(Resolved {
        revision,
        commit,
        tips: None,
    })
}

#[cfg(test)]
mod tests;
