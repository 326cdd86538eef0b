//! The tokens that the arena has no nodes for: dashes, block scalar headers, the true end of
//! block scalars.
//!
//! Between two nodes stand only blanks, comments, indicators, tags, anchors, directives and
//! document markers, so that one forward pass finds each dash and header.

use super::document::{Kind, NONE, NodeId, Style, YamlStream};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A scalar or alias; for block scalars from the header to the last line of content.
    Content,
    FlowOpen,
    FlowClose,
    /// The dash of a sequence item; the node is the item.
    Dash,
    /// Tag and anchor of a block collection; the node is the collection.
    Properties,
    /// Start of a document: everything before the first content.
    DocumentStart,
    /// End of a document.
    DocumentEnd,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) node: NodeId,
    /// First byte, tag and anchor included.
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// Returns the tokens in the order of the text. Absent values have none.
pub(crate) fn tokens(stream: &YamlStream<'_>) -> Vec<Token> {
    let mut lexer = Lexer {
        stream,
        tokens: Vec::with_capacity(stream.nodes.len() + stream.documents.len() * 2),
        cursor: 0,
        comment: 0,
    };
    let mut after_marker = true;
    for document in &stream.documents {
        let marker = document.start.saturating_sub(3);
        // Comments before the first document, or behind `...`, belong to what starts here.
        let start = if after_marker {
            lexer.cursor
        } else {
            marker.max(lexer.cursor)
        };
        let end = document.start.max(start);
        lexer.push(TokenKind::DocumentStart, document.root, start, end);
        lexer.cursor = lexer.cursor.max(document.start);
        if document.root != NONE {
            lexer.node(document.root);
        }
        let end = document.end.max(lexer.cursor);
        let rest = stream.text.get(end..).unwrap_or_default();
        after_marker = rest.starts_with("...");
        let behind = end + if after_marker { 3 } else { 0 };
        lexer.push(TokenKind::DocumentEnd, document.root, end, behind);
        lexer.cursor = behind;
    }
    lexer.tokens
}

struct Lexer<'a> {
    stream: &'a YamlStream<'a>,
    tokens: Vec<Token>,
    /// Everything before it is consumed.
    cursor: usize,
    /// The first comment that does not end before the cursor.
    comment: usize,
}

impl Lexer<'_> {
    fn push(&mut self, kind: TokenKind, node: NodeId, start: usize, end: usize) {
        self.tokens.push(Token {
            kind,
            node,
            start,
            end,
        });
    }

    /// Depth is bounded by the parser.
    fn node(&mut self, id: NodeId) {
        let node = self.stream.node(id);
        let (start, end) = (node.span.start as usize, node.span.end as usize);
        if node.style == Style::Block {
            self.collection_properties(id);
        }
        match (node.kind, node.style) {
            (Kind::Mapping | Kind::Sequence, Style::Flow) => {
                let start = self.properties(id);
                self.push(TokenKind::FlowOpen, id, start, node.span.start as usize + 1);
                self.cursor = self.cursor.max(node.span.start as usize + 1);
                for child in self.stream.children(id) {
                    self.node(child);
                }
                self.push(TokenKind::FlowClose, id, end.saturating_sub(1), end);
                self.cursor = self.cursor.max(end);
            }
            (Kind::Sequence, _) => {
                for item in self.stream.children(id) {
                    if let Some(dash) = self.find(b"-", self.stream.text.len()) {
                        self.push(TokenKind::Dash, item, dash, dash + 1);
                        self.cursor = dash + 1;
                    }
                    self.node(item);
                }
            }
            (Kind::Mapping, _) => {
                for child in self.stream.children(id) {
                    self.node(child);
                }
            }
            (Kind::Scalar, Style::Literal | Style::Folded) => {
                let properties = self.properties(id);
                let header = self.find(b"|>", self.stream.text.len()).unwrap_or(start);
                let end = self.block_end(header, end);
                self.push(TokenKind::Content, id, properties.min(header), end);
                self.cursor = self.cursor.max(end);
            }
            (Kind::Scalar | Kind::Alias(_), _) => {
                let absent = start == end && node.tag.is_none() && !node.anchored;
                if !absent {
                    let properties = self.properties(id);
                    self.push(TokenKind::Content, id, properties, end.max(start));
                    self.cursor = self.cursor.max(end);
                }
            }
        }
    }

    /// Returns the first byte of a node's tag and anchor, or of its content.
    fn properties(&mut self, id: NodeId) -> usize {
        let node = self.stream.node(id);
        let content = node.span.start as usize;
        if node.tag.is_none() && !node.anchored {
            return content;
        }
        // A block scalar's span starts behind its header, where comments may look like tags.
        self.find(b"&!", content).unwrap_or(content)
    }

    /// Consumes the tag and the anchor of a block collection.
    fn collection_properties(&mut self, id: NodeId) {
        let node = self.stream.node(id);
        let limit = self.stream.text.len();
        for _ in 0..usize::from(node.tag.is_some()) + usize::from(node.anchored) {
            let Some(start) = self.find(b"&!", limit) else {
                return;
            };
            let rest = self.stream.text.get(start..).unwrap_or_default();
            let length = rest.find(|c: char| c.is_whitespace()).unwrap_or(rest.len());
            self.push(TokenKind::Properties, id, start, start + length);
            self.cursor = start + length;
        }
    }

    /// Returns the first of the indicators before `limit`.
    fn find(&mut self, wanted: &[u8], limit: usize) -> Option<usize> {
        let bytes = self.stream.text.as_bytes();
        let mut at = self.cursor;
        while at < limit {
            let comments = &self.stream.comments;
            while comments
                .get(self.comment)
                .is_some_and(|comment| comment.span.end <= at)
            {
                self.comment += 1;
            }
            if let Some(comment) = comments.get(self.comment)
                && comment.span.start <= at
            {
                at = comment.span.end;
                continue;
            }
            let byte = *bytes.get(at)?;
            let line_start = at == 0 || bytes.get(at - 1) == Some(&b'\n');
            let rest = bytes.get(at..).unwrap_or_default();
            if line_start && (rest.starts_with(b"---") || rest.starts_with(b"...")) {
                at += 3;
                continue;
            }
            if line_start && byte == b'%' {
                at += rest
                    .iter()
                    .position(|byte| *byte == b'\n')
                    .unwrap_or(rest.len());
                continue;
            }
            if wanted.contains(&byte) {
                return Some(at);
            }
            at += match byte {
                b'&' | b'!' | b'*' => rest
                    .iter()
                    .position(u8::is_ascii_whitespace)
                    .unwrap_or(rest.len()),
                _ => 1,
            };
        }
        None
    }

    /// Returns the end of a block scalar's last line of content, without its break; of the header
    /// when there is none.
    fn block_end(&self, header: usize, span_end: usize) -> usize {
        let text = self
            .stream
            .text
            .get(header..span_end.max(header))
            .unwrap_or_default();
        let header_end = text.find(['\n', '\r']).unwrap_or(text.len());
        let body = text.get(header_end..).unwrap_or_default();
        // The span may reach into the indentation of what follows, never into its content.
        let content = body.trim_end_matches([' ', '\t', '\n', '\r']);
        let mut end = header_end + content.len();
        if !content.is_empty() {
            // Blanks at the end of the last line belong to it.
            let rest = body.get(content.len()..).unwrap_or_default();
            let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
            let at_break = rest
                .get(blanks..)
                .is_some_and(|rest| rest.starts_with(['\n', '\r']));
            if at_break || header + end + blanks == self.stream.text.len() {
                end += blanks;
            }
        }
        header + end
    }
}
