//! A YAML stream as an arena of nodes with byte spans.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, StructureStyle, Tag};

use crate::walk::MAX_DEPTH;

/// A YAML text that cannot be read. Names a place, never content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {reason}")]
pub struct YamlError {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// What is wrong there.
    pub reason: String,
}

/// Index of a node in the arena.
pub(crate) type NodeId = u32;

/// Marks the absence of a node.
pub(crate) const NONE: NodeId = u32::MAX;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Mapping,
    Sequence,
    Scalar,
    /// The node that is referred to.
    Alias(NodeId),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    Single,
    Double,
    Literal,
    Folded,
    Block,
    Flow,
}

#[derive(Debug)]
pub(crate) struct YamlNode<'a> {
    pub(crate) kind: Kind,
    pub(crate) style: Style,
    /// The text of a scalar, unescaped.
    pub(crate) value: Cow<'a, str>,
    /// The resolved tag and the bytes of its token.
    pub(crate) tag: Option<Box<(String, Range<usize>)>>,
    pub(crate) anchored: bool,
    /// Bytes of the content, without tag and anchor.
    pub(crate) span: Range<u32>,
    pub(crate) line: u32,
    /// Column of the content in characters, from 0.
    pub(crate) column: u32,
    /// Whether it stands inside a flow collection.
    pub(crate) in_flow: bool,
    pub(crate) is_key: bool,
    pub(crate) parent: NodeId,
    /// Children in order: items, or keys and values in turn.
    pub(crate) first_child: NodeId,
    pub(crate) next: NodeId,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct YamlComment {
    /// From `#` to the end of the line, without its break.
    pub(crate) span: Range<usize>,
    pub(crate) line: usize,
    pub(crate) column: usize,
}

#[derive(Debug)]
pub(crate) struct YamlDocument {
    /// The root node; `NONE` when there is none.
    pub(crate) root: NodeId,
    /// First byte after `---`, or where an implicit document starts.
    pub(crate) start: usize,
    /// Whether `---` stands there.
    pub(crate) explicit: bool,
    /// Where `...`, the next `---` or the end of the text begins.
    pub(crate) end: usize,
}

/// A whole stream.
#[derive(Debug)]
pub(crate) struct YamlStream<'a> {
    pub(crate) text: &'a str,
    pub(crate) nodes: Vec<YamlNode<'a>>,
    pub(crate) documents: Vec<YamlDocument>,
    /// In the order of the text.
    pub(crate) comments: Vec<YamlComment>,
}

impl<'a> YamlStream<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, YamlError> {
        if u32::try_from(text.len()).is_err() {
            return Err(YamlError {
                line: 1,
                column: 1,
                reason: "the text is longer than 4 GiB".into(),
            });
        }
        check_characters(text)?;
        let options = granit_parser::options! {
            emit_anchor_events: true,
            max_buffered_comment_events: 1_000_000,
            flow_nesting_limit: MAX_DEPTH,
            block_nesting_limit: MAX_DEPTH,
        };
        let mut builder = Builder::new(text);
        for event in Parser::new_from_str_with_options(text, options) {
            let (event, span) = event.map_err(|error| scan_error(&error))?;
            builder.event(event, span)?;
        }
        let mut stream = builder.stream;
        stream.end_documents();
        stream.comments.sort_by_key(|comment| comment.span.start);
        stream.refuse_duplicate_keys()?;
        Ok(stream)
    }

    pub(crate) fn node(&self, id: NodeId) -> &YamlNode<'a> {
        &self.nodes[id as usize]
    }

    /// Returns the children of a collection in order.
    pub(crate) fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let first = self.node(id).first_child;
        std::iter::successors((first != NONE).then_some(first), |id| {
            let next = self.node(*id).next;
            (next != NONE).then_some(next)
        })
    }

    pub(crate) fn error(&self, id: NodeId, reason: &str) -> YamlError {
        let node = self.node(id);
        YamlError {
            line: node.line as usize,
            column: node.column as usize + 1,
            reason: reason.into(),
        }
    }

    /// A line that starts with `...` is always a marker, since no scalar can hold one.
    fn end_documents(&mut self) {
        for index in 0..self.documents.len() {
            let limit = match self.documents.get(index + 1) {
                Some(next) if next.explicit => next.start.saturating_sub(3),
                Some(next) => next.start,
                None => self.text.len(),
            };
            let document = &mut self.documents[index];
            let start = document.start.min(limit);
            let body = self.text.get(start..limit).unwrap_or_default();
            let mut at = start;
            document.end = limit;
            for line in body.split_inclusive('\n') {
                if line.trim_end() == "..." || line.starts_with("... ") {
                    document.end = at;
                    break;
                }
                at += line.len();
            }
        }
    }

    fn refuse_duplicate_keys(&self) -> Result<(), YamlError> {
        let mut seen = HashSet::new();
        for (id, node) in (0..).zip(&self.nodes) {
            if node.kind != Kind::Mapping {
                continue;
            }
            seen.clear();
            for key in self.children(id).step_by(2) {
                let mut named = key;
                if let Kind::Alias(target) = self.node(key).kind {
                    named = target;
                }
                let node = self.node(named);
                if node.kind == Kind::Scalar && !seen.insert(&*node.value) {
                    return Err(self.error(key, "the mapping already has this key"));
                }
            }
        }
        Ok(())
    }
}

/// Control characters stand nowhere in YAML, not even in comments.
fn check_characters(text: &str) -> Result<(), YamlError> {
    let control = |byte: &u8| matches!(byte, 0..=8 | 0x0b | 0x0c | 0x0e..=0x1f | 0x7f);
    let wrong = text.bytes().position(|byte| control(&byte));
    let mark = text
        .match_indices('\u{feff}')
        .map(|(at, _)| at)
        .find(|at| *at > 0);
    let Some(at) = wrong.into_iter().chain(mark).min() else {
        return Ok(());
    };
    let before = text.get(..at).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Err(YamlError {
        line: before.matches('\n').count() + 1,
        column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
        reason: "control characters are not allowed".into(),
    })
}

fn scan_error(error: &ScanError) -> YamlError {
    YamlError {
        line: error.marker().line(),
        column: error.marker().col() + 1,
        reason: error.info(),
    }
}

struct Builder<'a> {
    stream: YamlStream<'a>,
    /// Open collections and the last child of each.
    open: Vec<(NodeId, NodeId, usize)>,
    /// Anchor id → node.
    anchors: Vec<NodeId>,
}

impl<'a> Builder<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            stream: YamlStream {
                text,
                nodes: Vec::with_capacity(text.len() / 64),
                documents: Vec::new(),
                comments: Vec::new(),
            },
            open: Vec::new(),
            anchors: Vec::new(),
        }
    }

    fn event(&mut self, event: Event<'a>, span: Span) -> Result<(), YamlError> {
        let bytes = span.byte_range().unwrap_or_default();
        match event {
            Event::DocumentStart(explicit, _) => self.stream.documents.push(YamlDocument {
                root: NONE,
                start: if explicit {
                    bytes.start + 3
                } else {
                    bytes.start
                },
                explicit,
                end: self.stream.text.len(),
            }),
            Event::Comment(..) => self.stream.comments.push(YamlComment {
                span: bytes,
                line: span.start.line(),
                column: span.start.col(),
            }),
            Event::Scalar(value, style, anchor, tag) => {
                let style = match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::SingleQuoted => Style::Single,
                    ScalarStyle::DoubleQuoted => Style::Double,
                    ScalarStyle::Literal => Style::Literal,
                    ScalarStyle::Folded => Style::Folded,
                };
                let id = self.push(Kind::Scalar, style, span, anchor, tag.as_deref())?;
                self.stream.nodes[id as usize].value =
                    self.without_added_break(value, style, &bytes);
            }
            Event::Alias(anchor) => {
                let target = self.anchors.get(anchor).copied().unwrap_or(NONE);
                let inside = self.open.iter().any(|(open, ..)| *open == target);
                let id = self.push(Kind::Alias(target), Style::Plain, span, 0, None)?;
                if target == NONE || inside {
                    return Err(self.stream.error(id, "the anchor's value contains itself"));
                }
            }
            Event::MappingStart(style, anchor, tag) => {
                self.open(Kind::Mapping, style, span, anchor, tag.as_deref())?;
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.open(Kind::Sequence, style, span, anchor, tag.as_deref())?;
            }
            Event::MappingEnd | Event::SequenceEnd => {
                if let Some((id, ..)) = self.open.pop() {
                    let node = &mut self.stream.nodes[id as usize];
                    // INVARIANT: the text is shorter than 4 GiB.
                    node.span.end = u32::try_from(bytes.end).unwrap_or(u32::MAX);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// A block scalar whose last line ends with the text has no line break there.
    fn without_added_break(
        &self,
        value: Cow<'a, str>,
        style: Style,
        bytes: &Range<usize>,
    ) -> Cow<'a, str> {
        let text = self.stream.text;
        let last_line = text.rsplit('\n').next().unwrap_or_default();
        let added = matches!(style, Style::Literal | Style::Folded)
            && bytes.end == text.len()
            && !last_line.trim().is_empty();
        if !added {
            return value;
        }
        match value {
            Cow::Borrowed(value) => Cow::Borrowed(value.strip_suffix('\n').unwrap_or(value)),
            Cow::Owned(mut value) => {
                if value.ends_with('\n') {
                    value.pop();
                }
                Cow::Owned(value)
            }
        }
    }

    fn open(
        &mut self,
        kind: Kind,
        style: StructureStyle,
        span: Span,
        anchor: usize,
        tag: Option<&Tag>,
    ) -> Result<(), YamlError> {
        let style = match style {
            StructureStyle::Block => Style::Block,
            StructureStyle::Flow => Style::Flow,
        };
        let id = self.push(kind, style, span, anchor, tag)?;
        if self.open.len() >= MAX_DEPTH {
            return Err(self.stream.error(id, "collections are nested too deeply"));
        }
        self.open.push((id, NONE, 0));
        Ok(())
    }

    fn push(
        &mut self,
        kind: Kind,
        style: Style,
        span: Span,
        anchor: usize,
        tag: Option<&Tag>,
    ) -> Result<NodeId, YamlError> {
        let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let bytes = span.byte_range().unwrap_or_default();
        let id = small(self.stream.nodes.len());
        let tag = tag.map(|tag| {
            let (handle, suffix) = tag.parts();
            let token = span
                .tag_span()
                .and_then(|span| span.byte_range())
                .unwrap_or_default();
            Box::new((format!("{handle}{suffix}"), token))
        });
        let mut node = YamlNode {
            kind,
            style,
            value: Cow::Borrowed(""),
            tag,
            anchored: anchor > 0,
            span: small(bytes.start)..small(bytes.end),
            line: small(span.start.line()),
            column: small(span.start.col()),
            in_flow: false,
            is_key: false,
            parent: NONE,
            first_child: NONE,
            next: NONE,
        };
        let mut container_as_key = false;
        if let Some((parent, last, count)) = self.open.last_mut() {
            node.parent = *parent;
            let parent = &mut self.stream.nodes[*parent as usize];
            node.in_flow = parent.style == Style::Flow;
            node.is_key = parent.kind == Kind::Mapping && count.is_multiple_of(2);
            container_as_key = node.is_key && matches!(kind, Kind::Mapping | Kind::Sequence);
            if *last == NONE {
                parent.first_child = id;
            } else {
                self.stream.nodes[*last as usize].next = id;
            }
            *last = id;
            *count += 1;
        } else if let Some(document) = self.stream.documents.last_mut() {
            document.root = id;
        }
        self.stream.nodes.push(node);
        if container_as_key {
            return Err(self
                .stream
                .error(id, "a mapping or sequence cannot be a key"));
        }
        if anchor > 0 {
            if self.anchors.len() <= anchor {
                self.anchors.resize(anchor + 1, NONE);
            }
            self.anchors[anchor] = id;
        }
        Ok(id)
    }
}
