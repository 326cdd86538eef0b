//! Semver ranges over tag names, in the syntax that Git sources use.
//!
//! COMPAT: the syntax is the one of Go's Masterminds/semver, which differs from Cargo's: a bare
//! version is an exact match, a partial one a wildcard, `||` and hyphen ranges exist, and a version
//! with a pre-release matches only a range that names one itself.

use std::cmp::Ordering;
use std::str::FromStr;

use semver::{BuildMetadata, Prerelease, Version};

use crate::SourceError;

/// Any of several sets of comparisons, all of which must hold.
#[derive(Clone, Debug)]
pub(crate) struct Range(Vec<Vec<Comparison>>);

#[derive(Clone, Debug)]
struct Comparison {
    operator: Operator,
    partial: Partial,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Tilde,
    Caret,
}

/// A version of which the end may be missing or a wildcard.
#[derive(Clone, Debug)]
struct Partial {
    major: Option<u64>,
    minor: Option<u64>,
    patch: Option<u64>,
    pre: Prerelease,
}

impl Range {
    /// Whether a version is in the range.
    pub(crate) fn matches(&self, version: &Version) -> bool {
        self.0
            .iter()
            .any(|all| all.iter().all(|comparison| comparison.matches(version)))
    }
}

/// Reads the version that a tag's name says, with or without a leading `v`.
pub(crate) fn version_of_tag(tag: &str) -> Option<Version> {
    Version::parse(tag.strip_prefix('v').unwrap_or(tag)).ok()
}

impl Comparison {
    fn matches(&self, version: &Version) -> bool {
        if !version.pre.is_empty() && self.partial.pre.is_empty() {
            return false;
        }
        let floor = self.partial.floor();
        let at_least_floor = version.cmp_precedence(&floor) != Ordering::Less;
        let below = |ceiling: Option<Version>| {
            ceiling.is_none_or(|ceiling| version.cmp_precedence(&ceiling) == Ordering::Less)
        };
        match self.operator {
            Operator::Equal => at_least_floor && below(self.partial.end()),
            Operator::NotEqual => !(at_least_floor && below(self.partial.end())),
            Operator::Greater if self.partial.is_whole() => {
                version.cmp_precedence(&floor) == Ordering::Greater
            }
            Operator::Greater => self
                .partial
                .end()
                .is_some_and(|end| version.cmp_precedence(&end) != Ordering::Less),
            Operator::GreaterOrEqual => at_least_floor,
            Operator::Less => !at_least_floor,
            Operator::LessOrEqual if self.partial.is_whole() => {
                version.cmp_precedence(&floor) != Ordering::Greater
            }
            Operator::LessOrEqual => below(self.partial.end()),
            Operator::Tilde => at_least_floor && below(self.partial.tilde_end()),
            Operator::Caret => at_least_floor && below(self.partial.caret_end()),
        }
    }
}

impl Partial {
    fn is_whole(&self) -> bool {
        self.patch.is_some()
    }

    /// The lowest version it stands for.
    fn floor(&self) -> Version {
        Version {
            major: self.major.unwrap_or(0),
            minor: self.minor.unwrap_or(0),
            patch: self.patch.unwrap_or(0),
            pre: self.pre.clone(),
            build: BuildMetadata::EMPTY,
        }
    }

    /// The first version above everything it stands for; none when it stands for everything.
    fn end(&self) -> Option<Version> {
        let major = self.major?;
        Some(match (self.minor, self.patch) {
            (None, _) => Version::new(major.saturating_add(1), 0, 0),
            (Some(minor), None) => Version::new(major, minor.saturating_add(1), 0),
            (Some(minor), Some(patch)) if self.pre.is_empty() => {
                Version::new(major, minor, patch.saturating_add(1))
            }
            // The one version right after a pre-release is that pre-release with `.0` behind it.
            (Some(minor), Some(patch)) => Version {
                pre: Prerelease::new(&format!("{}.0", self.pre)).unwrap_or_default(),
                ..Version::new(major, minor, patch)
            },
        })
    }

    fn tilde_end(&self) -> Option<Version> {
        let major = self.major?;
        Some(match self.minor {
            None => Version::new(major.saturating_add(1), 0, 0),
            Some(minor) => Version::new(major, minor.saturating_add(1), 0),
        })
    }

    fn caret_end(&self) -> Option<Version> {
        let major = self.major?;
        Some(match (major, self.minor, self.patch) {
            (0, Some(0), Some(patch)) => Version::new(0, 0, patch.saturating_add(1)),
            (0, Some(minor), _) => Version::new(0, minor.saturating_add(1), 0),
            (major, _, _) => Version::new(major.saturating_add(1), 0, 0),
        })
    }
}

impl FromStr for Range {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<Self, SourceError> {
        let refused = |reason| SourceError::ParseRange {
            range: text.to_owned(),
            reason,
        };
        let sets = text
            .split("||")
            .map(|set| comparisons(set).map_err(&refused));
        sets.collect::<Result<_, _>>().map(Self)
    }
}

fn comparisons(set: &str) -> Result<Vec<Comparison>, String> {
    if let Some((low, high)) = set.split_once(" - ") {
        return Ok(vec![
            Comparison {
                operator: Operator::GreaterOrEqual,
                partial: partial(low.trim())?,
            },
            Comparison {
                operator: Operator::LessOrEqual,
                partial: partial(high.trim())?,
            },
        ]);
    }
    let mut found = Vec::new();
    let mut rest = set.trim();
    while !rest.is_empty() {
        let (operator, after) = operator(rest)?;
        let after = after.trim_start();
        let (version, tail) = after.split_once([' ', ',', '\t']).unwrap_or((after, ""));
        found.push(Comparison {
            operator,
            partial: partial(version)?,
        });
        rest = tail.trim_start_matches([' ', ',', '\t']);
    }
    if found.is_empty() {
        Err("it is empty".to_owned())
    } else {
        Ok(found)
    }
}

fn operator(text: &str) -> Result<(Operator, &str), String> {
    let end = text
        .find(|c: char| !matches!(c, '=' | '!' | '<' | '>' | '~' | '^'))
        .unwrap_or(text.len());
    let (symbol, rest) = text.split_at(end);
    let operator = match symbol {
        "" | "=" => Operator::Equal,
        "!=" => Operator::NotEqual,
        ">" => Operator::Greater,
        ">=" | "=>" => Operator::GreaterOrEqual,
        "<" => Operator::Less,
        "<=" | "=<" => Operator::LessOrEqual,
        "~" | "~>" => Operator::Tilde,
        "^" => Operator::Caret,
        other => return Err(format!("{other:?} is no operator")),
    };
    Ok((operator, rest))
}

fn partial(text: &str) -> Result<Partial, String> {
    let refused = || format!("{text:?} is no version");
    let version = text.strip_prefix('v').unwrap_or(text);
    let version = version
        .split_once('+')
        .map_or(version, |(version, _)| version);
    let (numbers, pre) = version.split_once('-').unwrap_or((version, ""));
    let mut parts = numbers.split('.').map(|part| match part {
        "x" | "X" | "*" => Ok(None),
        digits => digits.parse::<u64>().map(Some).map_err(|_| refused()),
    });
    let major = parts.next().ok_or_else(refused)??;
    let minor = parts
        .next()
        .transpose()?
        .flatten()
        .filter(|_| major.is_some());
    let patch = parts
        .next()
        .transpose()?
        .flatten()
        .filter(|_| minor.is_some());
    if parts.next().is_some() {
        return Err(refused());
    }
    Ok(Partial {
        major,
        minor,
        patch,
        pre: Prerelease::new(pre).map_err(|_| refused())?,
    })
}

#[cfg(test)]
mod tests;
