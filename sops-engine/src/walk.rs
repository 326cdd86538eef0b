//! Visits every leaf and comment in tree order, with its path and whether the selection rule
//! selects it.
//!
//! The path is what values are authenticated with: the keys from the root, each followed by a
//! colon, without indices; a comment has the path of its container, and `:` at the top.

use crate::scalar::Scalar;
use crate::selection::{RuleKind, SelectionRule};
use crate::tree::{Comment, Element, Entry, Leaf, Node, Tree};

/// Containers nested deeper than this are refused, in every format.
pub(crate) const MAX_DEPTH: usize = 500;

/// What is done with each leaf and comment.
pub(crate) trait Visitor {
    type Error;

    fn leaf(&mut self, leaf: &mut Leaf, place: Place<'_>) -> Result<Turned, Self::Error>;

    fn comment(&mut self, comment: &mut Comment, place: Place<'_>) -> Result<(), Self::Error>;

    fn key_is_not_text(&mut self, path: &str) -> Self::Error;
}

/// Where a leaf or comment stands.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    /// The additional data of its encryption.
    pub(crate) path: &'a str,
    /// Whether the rule selects it for encryption.
    pub(crate) selected: bool,
}

/// What a leaf is after the visit.
pub(crate) enum Turned {
    Value,
    /// A text element of a sequence that holds an encrypted comment is a comment again.
    IntoComment(Comment),
}

/// Visits a whole tree.
pub(crate) fn walk<V: Visitor>(
    tree: &mut Tree,
    rule: &SelectionRule,
    visitor: &mut V,
) -> Result<(), V::Error> {
    let mut walker = Walker {
        rule,
        visitor,
        path: String::new(),
        matched_keys: 0,
        comments: Vec::new(),
    };
    for document in &mut tree.documents {
        walker.mapping(document)?;
    }
    Ok(())
}

struct Walker<'a, V> {
    rule: &'a SelectionRule,
    visitor: &'a mut V,
    path: String,
    /// How many components of the path match the rule.
    matched_keys: usize,
    /// For each container from the root: whether each active comment matches the rule.
    comments: Vec<Vec<bool>>,
}

impl<V: Visitor> Walker<'_, V> {
    fn mapping(&mut self, entries: &mut [Entry]) -> Result<(), V::Error> {
        self.comments.push(Vec::new());
        for entry in entries {
            match entry {
                Entry::Comment(comment) => self.comment(comment)?,
                Entry::Pair { key, value } => {
                    let length = self.path.len();
                    self.path.push_str(&key.text);
                    if !key.textual {
                        return Err(self.visitor.key_is_not_text(&self.path));
                    }
                    let matched = usize::from(self.rule.matches_key(&key.text));
                    self.path.push(':');
                    self.matched_keys += matched;
                    self.node(value)?;
                    self.matched_keys -= matched;
                    self.path.truncate(length);
                    self.clear_comments();
                }
            }
        }
        self.comments.pop();
        Ok(())
    }

    fn sequence(&mut self, elements: &mut [Element]) -> Result<(), V::Error> {
        self.comments.push(Vec::new());
        for element in elements {
            match element {
                Element::Comment(comment) => self.comment(comment)?,
                Element::Node(Node::Leaf(leaf)) => {
                    let comment_text = encrypted_comment_text(leaf);
                    if let Some(matches) = comment_text.map(|text| self.rule.matches_comment(text))
                    {
                        self.activate(matches);
                        let selected = self.selects_comment();
                        let path = container_path(&self.path);
                        let place = Place { path, selected };
                        if let Turned::IntoComment(comment) = self.visitor.leaf(leaf, place)? {
                            *element = Element::Comment(comment);
                        }
                    } else {
                        self.leaf(leaf)?;
                        self.clear_comments();
                    }
                }
                Element::Node(node) => {
                    self.node(node)?;
                    self.clear_comments();
                }
            }
        }
        self.comments.pop();
        Ok(())
    }

    fn node(&mut self, node: &mut Node) -> Result<(), V::Error> {
        match node {
            Node::Mapping(entries) => self.mapping(entries),
            Node::Sequence(elements) => self.sequence(elements),
            Node::Leaf(leaf) => self.leaf(leaf),
            Node::Alias { copy, .. } => self.node(copy),
        }
    }

    fn leaf(&mut self, leaf: &mut Leaf) -> Result<(), V::Error> {
        let selected = match self.rule.kind() {
            RuleKind::UnencryptedCommentRegex | RuleKind::EncryptedCommentRegex => {
                self.active_match() == self.rule.match_selects()
            }
            RuleKind::UnencryptedSuffix
            | RuleKind::EncryptedSuffix
            | RuleKind::UnencryptedRegex
            | RuleKind::EncryptedRegex => (self.matched_keys > 0) == self.rule.match_selects(),
        };
        let path = &self.path;
        self.visitor.leaf(leaf, Place { path, selected })?;
        Ok(())
    }

    fn comment(&mut self, comment: &mut Comment) -> Result<(), V::Error> {
        // EXPOSE: to judge by the comment rule.
        let text = comment.text.expose_str().unwrap_or_default();
        let matches = self.rule.matches_comment(text);
        self.activate(matches);
        let selected = self.selects_comment();
        let path = container_path(&self.path);
        self.visitor.comment(comment, Place { path, selected })
    }

    /// Judges the comment that was activated last.
    fn selects_comment(&mut self) -> bool {
        match self.rule.kind() {
            RuleKind::UnencryptedCommentRegex => !self.active_match(),
            RuleKind::EncryptedCommentRegex => {
                // The comment that selects others stays readable itself.
                let own = self.comments.last_mut().and_then(Vec::pop);
                let selected = self.active_match();
                if let Some(own) = own {
                    self.activate(own);
                }
                selected
            }
            RuleKind::UnencryptedSuffix
            | RuleKind::EncryptedSuffix
            | RuleKind::UnencryptedRegex
            | RuleKind::EncryptedRegex => (self.matched_keys > 0) == self.rule.match_selects(),
        }
    }

    fn activate(&mut self, matches: bool) {
        if let Some(top) = self.comments.last_mut() {
            top.push(matches);
        }
    }

    fn active_match(&self) -> bool {
        self.comments.iter().flatten().any(|matches| *matches)
    }

    fn clear_comments(&mut self) {
        if let Some(top) = self.comments.last_mut() {
            top.clear();
        }
    }
}

fn container_path(path: &str) -> &str {
    if path.is_empty() { ":" } else { path }
}

/// Returns the text of a sequence element that stands for a comment.
fn encrypted_comment_text(leaf: &Leaf) -> Option<&str> {
    let Scalar::Text(text) = &leaf.value else {
        return None;
    };
    // EXPOSE: to see whether it is an encrypted comment.
    let text = text.expose_str().ok()?;
    (crate::cipher::looks_encrypted(text.as_bytes()) && text.ends_with(",type:comment]"))
        .then_some(text)
}
