//! Which leaves are encrypted: the one selection rule of a file.

use regex::Regex;

/// The suffix that leaves a value plain when a file has no rule of its own.
pub const DEFAULT_UNENCRYPTED_SUFFIX: &str = "_unencrypted";

/// The kind of a selection rule, named as the field of the metadata, the flag and the
/// configuration that holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleKind {
    /// `unencrypted_suffix`
    UnencryptedSuffix,
    /// `encrypted_suffix`
    EncryptedSuffix,
    /// `unencrypted_regex`
    UnencryptedRegex,
    /// `encrypted_regex`
    EncryptedRegex,
    /// `unencrypted_comment_regex`
    UnencryptedCommentRegex,
    /// `encrypted_comment_regex`
    EncryptedCommentRegex,
}

impl RuleKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::UnencryptedSuffix,
        Self::EncryptedSuffix,
        Self::UnencryptedRegex,
        Self::EncryptedRegex,
        Self::UnencryptedCommentRegex,
        Self::EncryptedCommentRegex,
    ];

    /// Returns the field's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::UnencryptedSuffix => "unencrypted_suffix",
            Self::EncryptedSuffix => "encrypted_suffix",
            Self::UnencryptedRegex => "unencrypted_regex",
            Self::EncryptedRegex => "encrypted_regex",
            Self::UnencryptedCommentRegex => "unencrypted_comment_regex",
            Self::EncryptedCommentRegex => "encrypted_comment_regex",
        }
    }
}

/// The selection rule of a file: its kind, its text, and for the four kinds that have one, the
/// compiled expression.
#[derive(Debug, Clone)]
pub struct SelectionRule {
    kind: RuleKind,
    text: String,
    regex: Option<Regex>,
}

/// A selection rule that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SelectionRuleError {
    /// The expression does not compile. It is refused rather than taken for "matches nothing",
    /// which would leave data in plain text.
    #[error("{kind} {text:?} is not a valid regular expression", kind = kind.name())]
    Regex {
        /// The field.
        kind: RuleKind,
        /// Its text.
        text: String,
        /// What is wrong with it.
        #[source]
        source: Box<regex::Error>,
    },
    /// More than one rule is given.
    #[error("{first} and {second} cannot be used together", first = first.name(), second = second.name())]
    Several {
        /// One of them.
        first: RuleKind,
        /// Another.
        second: RuleKind,
    },
}

impl SelectionRule {
    /// Makes a rule.
    ///
    /// # Errors
    ///
    /// When the kind takes a regular expression and the text is not one.
    pub fn new(kind: RuleKind, text: impl Into<String>) -> Result<Self, SelectionRuleError> {
        let text = text.into();
        let regex = match kind {
            RuleKind::UnencryptedSuffix | RuleKind::EncryptedSuffix => None,
            RuleKind::UnencryptedRegex
            | RuleKind::EncryptedRegex
            | RuleKind::UnencryptedCommentRegex
            | RuleKind::EncryptedCommentRegex => {
                Some(
                    Regex::new(&text).map_err(|source| SelectionRuleError::Regex {
                        kind,
                        text: text.clone(),
                        source: Box::new(source),
                    })?,
                )
            }
        };
        Ok(Self { kind, text, regex })
    }

    /// Makes the one rule out of those that are given and not empty; `None` when there is none.
    ///
    /// # Errors
    ///
    /// When there are several, or the one is not valid.
    pub fn one_of<'a>(
        given: impl IntoIterator<Item = (RuleKind, &'a str)>,
    ) -> Result<Option<Self>, SelectionRuleError> {
        let mut given = given.into_iter().filter(|(_, text)| !text.is_empty());
        let Some((kind, text)) = given.next() else {
            return Ok(None);
        };
        if let Some((second, _)) = given.next() {
            return Err(SelectionRuleError::Several {
                first: kind,
                second,
            });
        }
        Self::new(kind, text).map(Some)
    }

    /// Returns the kind.
    pub fn kind(&self) -> RuleKind {
        self.kind
    }

    /// Returns the suffix or expression.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether this path component matches a suffix or key expression.
    pub(crate) fn matches_key(&self, key: &str) -> bool {
        match self.kind {
            RuleKind::UnencryptedSuffix | RuleKind::EncryptedSuffix => key.ends_with(&self.text),
            RuleKind::UnencryptedRegex | RuleKind::EncryptedRegex => {
                self.regex.as_ref().is_some_and(|regex| regex.is_match(key))
            }
            RuleKind::UnencryptedCommentRegex | RuleKind::EncryptedCommentRegex => false,
        }
    }

    /// Whether this comment matches a comment expression.
    pub(crate) fn matches_comment(&self, comment: &str) -> bool {
        match self.kind {
            RuleKind::UnencryptedCommentRegex | RuleKind::EncryptedCommentRegex => self
                .regex
                .as_ref()
                .is_some_and(|regex| regex.is_match(comment)),
            RuleKind::UnencryptedSuffix
            | RuleKind::EncryptedSuffix
            | RuleKind::UnencryptedRegex
            | RuleKind::EncryptedRegex => false,
        }
    }

    /// Whether a match selects for encryption, rather than exempts from it.
    pub(crate) fn match_selects(&self) -> bool {
        matches!(
            self.kind,
            RuleKind::EncryptedSuffix | RuleKind::EncryptedRegex | RuleKind::EncryptedCommentRegex
        )
    }
}

impl Default for SelectionRule {
    fn default() -> Self {
        Self {
            kind: RuleKind::UnencryptedSuffix,
            text: DEFAULT_UNENCRYPTED_SUFFIX.into(),
            regex: None,
        }
    }
}
