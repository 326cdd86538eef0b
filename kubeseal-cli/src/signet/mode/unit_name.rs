//! `KIND/NAME`: which unit of the cluster is meant.

use std::fmt;

use crate::signet::error::Error;

/// A unit, as named on the command line; its namespace comes from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::signet) struct UnitName {
    pub(in crate::signet) kind: UnitKind,
    pub(in crate::signet) name: String,
}

/// The kinds of units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::signet) enum UnitKind {
    Application,
    Kustomization,
}

impl UnitKind {
    /// Every kind.
    pub(in crate::signet) const ALL: [Self; 2] = [Self::Application, Self::Kustomization];

    /// The words that people say for the kind, as `kubectl` takes them; `app` and `apps` are left to
    /// folders of these names.
    const WORDS: [(Self, &'static [&'static str]); 2] = [
        (
            Self::Application,
            &[
                "application",
                "applications",
                "application.argoproj.io",
                "applications.argoproj.io",
            ],
        ),
        (
            Self::Kustomization,
            &[
                "kustomization",
                "kustomizations",
                "ks",
                "kustomization.kustomize.toolkit.fluxcd.io",
                "kustomizations.kustomize.toolkit.fluxcd.io",
            ],
        ),
    ];

    fn of(word: &str) -> Option<Self> {
        let word = word.to_ascii_lowercase();
        Self::WORDS
            .iter()
            .find(|(_, words)| words.contains(&word.as_str()))
            .map(|(kind, _)| *kind)
    }
}

impl fmt::Display for UnitKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Application => "Application",
            Self::Kustomization => "Kustomization",
        })
    }
}

impl UnitName {
    /// Reads `KIND/NAME`; `None` when the text does not begin with a unit's kind.
    pub(in crate::signet) fn parse(text: &str) -> Result<Option<Self>, Error> {
        let Some((word, name)) = text.split_once('/') else {
            return Ok(None);
        };
        let Some(kind) = UnitKind::of(word) else {
            return Ok(None);
        };
        let is_name = !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
        if !is_name {
            return Err(Error::UnitName {
                text: text.to_owned(),
            });
        }
        Ok(Some(Self {
            kind,
            name: name.to_owned(),
        }))
    }
}
