//! Turns the arena into the tree of all formats, with aliases expanded and comments attached.

use std::collections::HashMap;

use secret_bytes::SecretBytes;

use super::comments::{self, Owner};
use super::document::{Kind, NONE, NodeId, Style, YamlError, YamlStream};
use super::lexer::{Token, TokenKind, tokens};
use super::resolve;
use super::site::{CommentSite, Layout, RootSite, Site};
use crate::metadata;
use crate::scalar::Scalar;
use crate::tree::{Comment, Element, Entry, Key, Leaf, Node, Tree};
use crate::walk::MAX_DEPTH;

/// Values that aliases may add to a file.
const ALIAS_BUDGET: usize = 1_000_000;

/// A YAML text as a tree, with the places of its values.
#[derive(Debug)]
pub(crate) struct YamlTree {
    pub(crate) tree: Tree,
    pub(crate) sites: Vec<Site>,
    pub(crate) comment_sites: Vec<CommentSite>,
    pub(crate) layout: Layout,
}

/// Reads a text.
pub(crate) fn read(text: &str) -> Result<YamlTree, YamlError> {
    let stream = YamlStream::parse(text)?;
    let tokens = tokens(&stream);
    let owners = comments::owners(&stream);
    let mut attached: HashMap<(NodeId, NodeId), Vec<(usize, Owner)>> = HashMap::new();
    for (index, owner) in owners.iter().enumerate() {
        if let Some(owner) = owner {
            attached
                .entry((owner.container, owner.before))
                .or_default()
                .push((index, *owner));
        }
    }
    let mut converter = Converter {
        spans: block_scalar_spans(&stream, &tokens),
        dashes: dash_columns(&stream, &tokens),
        stream: &stream,
        attached,
        sites: Vec::new(),
        budget: ALIAS_BUDGET,
        depth: 0,
    };
    let mut tree = Tree::default();
    let mut roots = Vec::new();
    for index in 0..stream.documents.len() {
        tree.documents.push(converter.document(index)?);
        roots.push(converter.root_site(index, &tokens));
    }
    let comment_sites = stream
        .comments
        .iter()
        .zip(&owners)
        .map(|(comment, owner)| CommentSite {
            span: comment.span.clone(),
            at_dashes: owner.is_some_and(|owner| {
                converter.dashes.get(&owner.container) == Some(&comment.column)
                    && stream.node(owner.container).style == Style::Block
                    && stands_alone(text, comment.span.start)
                    && !follows_dash(&tokens, comment.span.start)
            }),
        })
        .collect();
    let layout = Layout {
        step: step(&stream),
        line_break: if text.contains("\r\n") { "\r\n" } else { "\n" },
        roots,
    };
    Ok(YamlTree {
        tree,
        sites: converter.sites,
        comment_sites,
        layout,
    })
}

fn stands_alone(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    line.chars().all(char::is_whitespace)
}

fn follows_dash(tokens: &[Token], at: usize) -> bool {
    let next = tokens.partition_point(|token| token.start <= at);
    next.checked_sub(1)
        .and_then(|index| tokens.get(index))
        .is_some_and(|token| token.kind == TokenKind::Dash)
}

/// Header start and end of content of each block scalar.
fn block_scalar_spans(
    stream: &YamlStream<'_>,
    tokens: &[Token],
) -> HashMap<NodeId, (usize, usize)> {
    let mut spans = HashMap::new();
    for token in tokens {
        if token.kind == TokenKind::Content
            && matches!(
                stream.node(token.node).style,
                Style::Literal | Style::Folded
            )
        {
            spans.insert(token.node, (token.start, token.end));
        }
    }
    spans
}

fn dash_columns(stream: &YamlStream<'_>, tokens: &[Token]) -> HashMap<NodeId, usize> {
    let mut columns = HashMap::new();
    for token in tokens.iter().filter(|token| token.kind == TokenKind::Dash) {
        let parent = stream.node(token.node).parent;
        columns
            .entry(parent)
            .or_insert_with(|| comments::column(stream.text, token.start));
    }
    columns
}

/// Blanks per level: the first mapping inside a mapping decides, else the first block scalar.
fn step(stream: &YamlStream<'_>) -> usize {
    let mut by_scalar = None;
    for node in &stream.nodes {
        if node.parent == NONE || node.is_key {
            continue;
        }
        let parent = stream.node(node.parent);
        if parent.kind != Kind::Mapping || parent.style != Style::Block {
            continue;
        }
        let outer = stream.node(parent.first_child).column as usize;
        if node.kind == Kind::Mapping && node.style == Style::Block && node.first_child != NONE {
            let inner = stream.node(node.first_child).column as usize;
            if inner > outer {
                return inner - outer;
            }
        }
        if node.style == Style::Literal && by_scalar.is_none() && node.column as usize > outer {
            by_scalar = Some(node.column as usize - outer);
        }
    }
    by_scalar.unwrap_or(super::emit::DEFAULT_INDENT)
}

struct Converter<'a> {
    stream: &'a YamlStream<'a>,
    spans: HashMap<NodeId, (usize, usize)>,
    dashes: HashMap<NodeId, usize>,
    attached: HashMap<(NodeId, NodeId), Vec<(usize, Owner)>>,
    sites: Vec<Site>,
    budget: usize,
    depth: usize,
}

impl Converter<'_> {
    fn document(&mut self, index: usize) -> Result<Vec<Entry>, YamlError> {
        let root = self.stream.documents[index].root;
        if root == NONE {
            return Ok(Vec::new());
        }
        let node = self.stream.node(root);
        match node.kind {
            Kind::Mapping => self.mapping(root, true),
            Kind::Scalar if self.scalar(root)? == Scalar::Null => Ok(Vec::new()),
            Kind::Scalar | Kind::Sequence | Kind::Alias(_) => Err(self
                .stream
                .error(root, "the root of a document must be a mapping")),
        }
    }

    fn scalar(&self, id: NodeId) -> Result<Scalar, YamlError> {
        resolve::scalar(self.stream.node(id)).map_err(|_| {
            self.stream
                .error(id, "the value is not of the kind its tag names")
        })
    }

    /// Depth is checked, since aliases nest.
    fn node(&mut self, id: NodeId, original: bool) -> Result<Node, YamlError> {
        if self.depth >= MAX_DEPTH {
            return Err(self.stream.error(id, "collections are nested too deeply"));
        }
        if !original {
            self.budget = self
                .budget
                .checked_sub(1)
                .ok_or_else(|| self.stream.error(id, "aliases expand to too many values"))?;
        }
        self.depth += 1;
        let node = match self.stream.node(id).kind {
            Kind::Mapping => Node::Mapping(self.mapping(id, original)?),
            Kind::Sequence => Node::Sequence(self.sequence(id, original)?),
            Kind::Scalar => {
                let value = self.scalar(id)?;
                let site = original.then(|| self.site(id));
                Node::Leaf(Leaf {
                    value,
                    site,
                    changed: false,
                })
            }
            Kind::Alias(target) => {
                let site = original.then(|| self.site(id));
                let copy = Box::new(self.node(target, false)?);
                Node::Alias { copy, site }
            }
        };
        self.depth -= 1;
        Ok(node)
    }

    fn mapping(&mut self, id: NodeId, original: bool) -> Result<Vec<Entry>, YamlError> {
        let children: Vec<NodeId> = self.stream.children(id).collect();
        let mut entries = Vec::with_capacity(children.len() / 2);
        for pair in children.chunks_exact(2) {
            let (key, value) = (pair[0], pair[1]);
            for comment in self.comments(id, key, original) {
                entries.push(Entry::Comment(comment));
            }
            let key = self.key(key, original)?;
            let value = self.node(value, original)?;
            entries.push(Entry::Pair { key, value });
        }
        for comment in self.comments(id, NONE, original) {
            entries.push(Entry::Comment(comment));
        }
        Ok(entries)
    }

    fn key(&mut self, id: NodeId, original: bool) -> Result<Key, YamlError> {
        let (scalar, alias_site) = match self.stream.node(id).kind {
            Kind::Alias(target) => (target, original.then(|| self.site(id))),
            Kind::Mapping | Kind::Sequence | Kind::Scalar => (id, None),
        };
        let node = self.stream.node(scalar);
        if node.kind != Kind::Scalar {
            return Err(self
                .stream
                .error(id, "a mapping or sequence cannot be a key"));
        }
        let textual = matches!(self.scalar(scalar)?, Scalar::Text(_));
        Ok(Key {
            text: node.value.clone().into_owned(),
            textual,
            alias_site,
        })
    }

    fn sequence(&mut self, id: NodeId, original: bool) -> Result<Vec<Element>, YamlError> {
        let children: Vec<NodeId> = self.stream.children(id).collect();
        let mut elements = Vec::with_capacity(children.len());
        for item in children {
            for comment in self.comments(id, item, original) {
                elements.push(Element::Comment(comment));
            }
            elements.push(Element::Node(self.node(item, original)?));
        }
        for comment in self.comments(id, NONE, original) {
            elements.push(Element::Comment(comment));
        }
        Ok(elements)
    }

    /// The comments before an entry. Copies that an alias makes go without: a comment is no value.
    fn comments(&self, container: NodeId, before: NodeId, original: bool) -> Vec<Comment> {
        if !original {
            return Vec::new();
        }
        let Some(attached) = self.attached.get(&(container, before)) else {
            return Vec::new();
        };
        attached
            .iter()
            .map(|(index, owner)| {
                let span = &self.stream.comments[*index].span;
                let text = self
                    .stream
                    .text
                    .get(span.start + 1..span.end)
                    .unwrap_or_default();
                Comment {
                    text: SecretBytes::from(text.to_owned()),
                    inline: owner.inline,
                    site: u32::try_from(*index).ok(),
                    changed: false,
                    from_item: false,
                }
            })
            .collect()
    }

    fn site(&mut self, id: NodeId) -> u32 {
        let node = self.stream.node(id);
        let mut span = node.span.start as usize..node.span.end as usize;
        let mut header = span.start..span.start;
        if let Some((start, end)) = self.spans.get(&id) {
            let rest = self.stream.text.get(*start..*end).unwrap_or_default();
            // Tag and anchor stand before the header; its own characters are few.
            let at = start + rest.find(['|', '>']).unwrap_or_default();
            let token = self.stream.text.get(at..*end).unwrap_or_default();
            let length = token.find(char::is_whitespace).unwrap_or(token.len());
            header = at..at + length;
            span = at..*end;
        }
        let in_sequence =
            node.parent != NONE && self.stream.node(node.parent).kind == Kind::Sequence;
        let parent_column = if in_sequence {
            self.dashes.get(&node.parent).copied().unwrap_or_default()
        } else {
            // INVARIANT: a value follows its key in the arena.
            self.stream.node(id.saturating_sub(1)).column as usize
        };
        let tag = node.tag.as_ref().map(|tag| {
            let rest = self.stream.text.get(tag.1.end..).unwrap_or_default();
            let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
            tag.1.start..tag.1.end + blanks
        });
        self.sites.push(Site {
            span,
            header,
            tag,
            style: node.style,
            in_flow: node.in_flow,
            in_sequence,
            parent_column,
            line: node.line as usize,
        });
        u32::try_from(self.sites.len() - 1).unwrap_or(u32::MAX)
    }

    fn root_site(&self, index: usize, tokens: &[Token]) -> RootSite {
        let document = &self.stream.documents[index];
        let mut site = RootSite {
            closing_brace: None,
            has_entries: false,
            column: 0,
            end: document.end,
            metadata: None,
            last_block_scalar: None,
            null: None,
        };
        if document.root == NONE {
            return site;
        }
        let root = self.stream.node(document.root);
        if root.kind == Kind::Scalar {
            site.null = Some(root.span.start as usize..root.span.end as usize);
            return site;
        }
        site.has_entries = root.first_child != NONE;
        if root.style == Style::Flow {
            site.closing_brace = Some((root.span.end as usize).saturating_sub(1));
        } else if site.has_entries {
            site.column = comments::column(
                self.stream.text,
                self.stream.node(root.first_child).span.start as usize,
            );
        }
        let inside = tokens.partition_point(|token| token.start < document.end.max(1));
        let last = tokens
            .get(..inside)
            .unwrap_or_default()
            .iter()
            .rfind(|token| token.kind == TokenKind::Content);
        if let Some(last) = last
            && matches!(
                self.stream.node(last.node).style,
                Style::Literal | Style::Folded
            )
        {
            site.last_block_scalar = Some(last.start..last.end);
        }
        site.metadata = self.metadata_span(document.root, document.end, tokens);
        site
    }

    /// The bytes of the entry named `sops`.
    fn metadata_span(
        &self,
        root: NodeId,
        document_end: usize,
        tokens: &[Token],
    ) -> Option<std::ops::Range<usize>> {
        let key = self
            .stream
            .children(root)
            .step_by(2)
            .find(|key| self.stream.node(*key).value == metadata::ENTRY)?;
        let value = self.stream.node(key).next;
        let next = self.stream.node(value).next;
        let token_start = |id: NodeId| {
            tokens
                .iter()
                .find(|token| token.node == id && token.kind == TokenKind::Content)
                .map(|token| token.start)
        };
        let start = token_start(key)?;
        let text = self.stream.text;
        if self.stream.node(root).style == Style::Flow {
            let before = text.get(..start)?.trim_end();
            let start = before.strip_suffix(',').map_or(before.len(), str::len);
            return Some(start..self.stream.node(value).span.end as usize);
        }
        let line_start = text
            .get(..start)?
            .rfind('\n')
            .map_or(0, |newline| newline + 1);
        let end = if next == NONE {
            let last = tokens
                .iter()
                .filter(|token| token.start < document_end.max(1))
                .rfind(|token| matches!(token.kind, TokenKind::Content | TokenKind::FlowClose))
                .map_or(document_end, |token| token.end);
            let rest = text.get(last..)?;
            last + rest.find('\n').map_or(rest.len(), |newline| newline + 1)
        } else {
            let next_start = token_start(next)?;
            text.get(..next_start)?
                .rfind('\n')
                .map_or(0, |newline| newline + 1)
        };
        Some(line_start..end)
    }
}

#[cfg(test)]
mod tests;
