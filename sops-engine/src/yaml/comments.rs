//! Which collection owns a comment.
//!
//! An encrypted comment is authenticated with the path of its collection, so that ownership must
//! be what other readers of the format compute. Comments on a line of their own are cut into
//! chunks by blank lines and by columns; each chunk belongs to what stands above it (a foot), to a
//! collection that closes there, or to what follows (a head).

use super::document::{Kind, NONE, NodeId, Style, YamlStream};
use super::lexer::{Token, TokenKind, tokens};

/// Where a comment belongs in the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner {
    /// The collection.
    pub(crate) container: NodeId,
    /// The item or key before which it stands; `NONE` at the end.
    pub(crate) before: NodeId,
    /// Whether it shares the line with the value after it.
    pub(crate) inline: bool,
}

/// Returns the owner of each comment of the stream; `None` for those outside any collection.
pub(crate) fn owners(stream: &YamlStream<'_>) -> Vec<Option<Owner>> {
    if stream.comments.is_empty() {
        return Vec::new();
    }
    let tokens = tokens(stream);
    let attachment = Attachment {
        stream,
        columns: collection_columns(stream, &tokens),
    };
    let mut owners = Vec::with_capacity(stream.comments.len());
    let mut next_token = 0;
    while owners.len() < stream.comments.len() {
        let first = owners.len();
        let at = stream.comments[first].span.start;
        while tokens
            .get(next_token)
            .is_some_and(|token| token.start <= at)
        {
            next_token += 1;
        }
        let (Some(before), after) = (
            next_token
                .checked_sub(1)
                .and_then(|index| tokens.get(index)),
            tokens.get(next_token),
        ) else {
            owners.push(None);
            continue;
        };
        let gap_end = after.map_or(usize::MAX, |token| token.start);
        let count = stream.comments[first..]
            .iter()
            .take_while(|comment| comment.span.start < gap_end)
            .count()
            .max(1);
        attachment.gap(first..first + count, before, after, &mut owners);
    }
    owners
}

/// Column of the first key or dash of each block collection.
fn collection_columns(stream: &YamlStream<'_>, tokens: &[Token]) -> Vec<u32> {
    let mut columns = vec![u32::MAX; stream.nodes.len()];
    for token in tokens {
        let in_block = matches!(token.kind, TokenKind::Content | TokenKind::Dash);
        if !in_block || token.node == NONE {
            continue;
        }
        let parent = stream.node(token.node).parent;
        let first_of_parent = parent != NONE
            && stream.node(parent).style == Style::Block
            && columns[parent as usize] == u32::MAX
            && (token.kind == TokenKind::Dash || stream.node(token.node).is_key);
        if first_of_parent {
            columns[parent as usize] =
                u32::try_from(column(stream.text, token.start)).unwrap_or(u32::MAX);
        }
    }
    columns
}

/// Column of a byte, in characters.
pub(crate) fn column(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or_default();
    let start = before.rfind(['\n', '\r']).map_or(0, |newline| newline + 1);
    before
        .get(start..)
        .unwrap_or_default()
        .chars()
        .filter(|character| *character != '\u{feff}')
        .count()
}

struct Attachment<'a> {
    stream: &'a YamlStream<'a>,
    columns: Vec<u32>,
}

/// Comments of one gap that go to the same place.
struct Chunk {
    comments: std::ops::Range<usize>,
    column: usize,
    start: usize,
    end: ChunkEnd,
    right_below: bool,
}

/// What the token before a comment on the same line says.
enum SameLine {
    Owner(Option<Owner>),
    /// What follows decides.
    LikeOwnLine,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ChunkEnd {
    /// At a blank line or the end of the text.
    Blank,
    /// At a line further left.
    Dedent,
    /// Not before what follows.
    Open,
}

impl Attachment<'_> {
    /// Finds the owners of the comments between two tokens.
    fn gap(
        &self,
        mut range: std::ops::Range<usize>,
        before: &Token,
        after: Option<&Token>,
        owners: &mut Vec<Option<Owner>>,
    ) {
        let first = &self.stream.comments[range.start];
        let between = self
            .stream
            .text
            .get(before.end..first.span.start)
            .unwrap_or_default();
        if before.kind == TokenKind::Content && first.span.start < before.end {
            // The header line of a block scalar.
            owners.push(self.inline(before.node));
            range.start += 1;
        } else if !between.contains(['\n', '\r'])
            && let SameLine::Owner(owner) = self.same_line(before, between)
        {
            owners.push(owner);
            range.start += 1;
        }
        if range.is_empty() {
            return;
        }
        if let Some(flow) = self.open_flow(before) {
            for _ in range {
                owners.push(Some(self.in_flow(flow, after)));
            }
            return;
        }
        match before.kind {
            TokenKind::Content | TokenKind::FlowClose => {
                let chunks = self.chunks(range, before, after);
                let marks: Vec<(usize, usize)> = chunks
                    .iter()
                    .map(|chunk| (chunk.start, chunk.column))
                    .collect();
                for chunk in chunks {
                    let owner = self.chunk_owner(&chunk, &marks, before, after);
                    owners.extend(chunk.comments.map(|_| owner));
                }
            }
            TokenKind::FlowOpen
            | TokenKind::Dash
            | TokenKind::Properties
            | TokenKind::DocumentStart
            | TokenKind::DocumentEnd => {
                let owner = self.head(before, after);
                owners.extend(range.map(|_| owner));
            }
        }
    }

    /// The owner of a comment on the line of the token before it.
    fn same_line(&self, before: &Token, between: &str) -> SameLine {
        match before.kind {
            TokenKind::Content if self.stream.node(before.node).is_key => {
                let owner = self.inline(before.node);
                SameLine::Owner(owner.map(|owner| Owner {
                    inline: false,
                    ..owner
                }))
            }
            TokenKind::Content => SameLine::Owner(self.inline(before.node)),
            TokenKind::FlowClose if !between.contains(',') => {
                SameLine::Owner(Some(self.at_start(before.node)))
            }
            TokenKind::Properties => SameLine::Owner(Some(self.at_start(before.node))),
            TokenKind::FlowClose
            | TokenKind::FlowOpen
            | TokenKind::Dash
            | TokenKind::DocumentStart
            | TokenKind::DocumentEnd => SameLine::LikeOwnLine,
        }
    }

    fn at_start(&self, container: NodeId) -> Owner {
        Owner {
            container,
            before: self.stream.node(container).first_child,
            inline: false,
        }
    }

    fn inline(&self, node: NodeId) -> Option<Owner> {
        let container = self.stream.node(node).parent;
        (container != NONE).then(|| Owner {
            container,
            before: self.entry(container, node),
            inline: true,
        })
    }

    /// The flow collection that is open after a token.
    fn open_flow(&self, before: &Token) -> Option<NodeId> {
        match before.kind {
            TokenKind::FlowOpen => Some(before.node),
            TokenKind::Content | TokenKind::FlowClose => {
                let node = self.stream.node(before.node);
                node.in_flow.then_some(node.parent)
            }
            TokenKind::Dash
            | TokenKind::Properties
            | TokenKind::DocumentStart
            | TokenKind::DocumentEnd => None,
        }
    }

    fn in_flow(&self, flow: NodeId, after: Option<&Token>) -> Owner {
        let next = after
            .filter(|token| !matches!(token.kind, TokenKind::DocumentEnd | TokenKind::FlowClose))
            .map_or(NONE, |token| self.entry(flow, token.node));
        Owner {
            container: flow,
            before: next,
            inline: false,
        }
    }

    /// The item, or the key of the entry, of `container` that holds `node`.
    fn entry(&self, container: NodeId, mut node: NodeId) -> NodeId {
        while node != NONE && self.stream.node(node).parent != container {
            node = self.stream.node(node).parent;
        }
        if node == NONE {
            return NONE;
        }
        let mapping = self.stream.node(container).kind == Kind::Mapping;
        if mapping && !self.stream.node(node).is_key {
            // INVARIANT: a key has no children, so its value is the next node of the arena.
            return node - 1;
        }
        node
    }

    fn entry_after(&self, container: NodeId, entry: NodeId) -> NodeId {
        let next = self.stream.node(entry).next;
        if self.stream.node(container).kind == Kind::Mapping && next != NONE {
            return self.stream.node(next).next;
        }
        next
    }

    /// The block collections around a token, innermost first.
    fn ancestors(&self, node: NodeId) -> Vec<NodeId> {
        let parent = |id: &NodeId| {
            let parent = self.stream.node(*id).parent;
            (parent != NONE).then_some(parent)
        };
        std::iter::successors(parent(&node), parent).collect()
    }

    fn indentless(&self, collection: NodeId) -> bool {
        let node = self.stream.node(collection);
        node.kind == Kind::Sequence
            && node.parent != NONE
            && self.stream.node(node.parent).kind == Kind::Mapping
            && self.columns[collection as usize] == self.columns[node.parent as usize]
    }

    fn column_of(&self, after: Option<&Token>) -> Option<usize> {
        after
            .filter(|token| token.kind != TokenKind::DocumentEnd)
            .map(|token| column(self.stream.text, token.start))
    }

    /// Cuts the comments of a gap into chunks.
    fn chunks(
        &self,
        range: std::ops::Range<usize>,
        before: &Token,
        after: Option<&Token>,
    ) -> Vec<Chunk> {
        let comments = &self.stream.comments;
        let indent = self.indent(before);
        let pending = self.stream.node(before.node).is_key;
        let newlines = |from: usize, to: usize| {
            let between = self.stream.text.get(from..to).unwrap_or_default();
            between.matches('\n').count()
        };
        let mut chunks: Vec<Chunk> = Vec::new();
        let mut blank_seen = range
            .clone()
            .next()
            .is_some_and(|first| newlines(before.end, comments[first].span.start) > 1);
        let mut open = false;
        for index in range.clone() {
            let comment = &comments[index];
            let dedent = comment.column < indent;
            if open
                && let Some(chunk) = chunks.last_mut()
                && dedent
                && comment.column != chunk.column
            {
                chunk.end = ChunkEnd::Dedent;
                open = false;
            }
            if open && let Some(chunk) = chunks.last_mut() {
                chunk.comments.end = index + 1;
            } else {
                chunks.push(Chunk {
                    comments: index..index + 1,
                    column: comment.column,
                    start: comment.span.start,
                    end: ChunkEnd::Open,
                    right_below: newlines(before.end, comment.span.start) == 1,
                });
                open = true;
            }
            let next_start = comments
                .get(index + 1)
                .filter(|_| index + 1 < range.end)
                .map(|next| next.span.start)
                .or_else(|| after.map(|token| token.start))
                .unwrap_or(self.stream.text.len());
            let at_end = index + 1 == range.end
                && after.is_none_or(|token| token.kind == TokenKind::DocumentEnd)
                && self.ends_text(comment.span.end);
            if !blank_seen && (at_end || newlines(comment.span.end, next_start) > 1) {
                blank_seen = true;
                if let Some(chunk) = chunks.last_mut()
                    && ((chunk.right_below && !pending) || chunk.column < indent)
                {
                    chunk.end = ChunkEnd::Blank;
                    open = false;
                }
            }
        }
        if open && let Some(chunk) = chunks.last_mut() {
            let left = self
                .column_of(after)
                .is_none_or(|column| column < indent && column != chunk.column);
            if left {
                chunk.end = ChunkEnd::Dedent;
            }
        }
        chunks
    }

    fn ends_text(&self, at: usize) -> bool {
        let rest = self.stream.text.get(at..).unwrap_or_default();
        rest.chars().all(char::is_whitespace)
    }

    /// The column of the innermost open block collection at a token.
    fn indent(&self, before: &Token) -> usize {
        for collection in self.ancestors(before.node) {
            let node = self.stream.node(collection);
            if node.style == Style::Block && !self.indentless(collection) {
                return self.columns[collection as usize] as usize;
            }
        }
        0
    }

    fn chunk_owner(
        &self,
        chunk: &Chunk,
        marks: &[(usize, usize)],
        before: &Token,
        after: Option<&Token>,
    ) -> Option<Owner> {
        let indent = self.indent(before);
        let first = marks
            .first()
            .is_some_and(|(start, _)| *start == chunk.start);
        let foot = chunk.column >= indent
            && (chunk.end == ChunkEnd::Blank || (chunk.end == ChunkEnd::Dedent && first));
        if foot {
            let container = self.stream.node(before.node).parent;
            if container == NONE {
                return None;
            }
            let entry = self.entry(container, before.node);
            return Some(Owner {
                container,
                before: self.entry_after(container, entry),
                inline: false,
            });
        }
        if chunk.end == ChunkEnd::Open {
            return self.head(before, after);
        }
        let still_open = match after {
            Some(token) if token.kind != TokenKind::DocumentEnd => self.ancestors(token.node),
            _ => Vec::new(),
        };
        let mut mark = before.end;
        for collection in self.ancestors(before.node) {
            if still_open.contains(&collection) {
                break;
            }
            if self.indentless(collection) {
                continue;
            }
            let column = self.columns[collection as usize] as usize;
            if let Some((start, _)) = marks.iter().find(|(_, chunk)| *chunk == column) {
                mark = *start;
            }
            if mark >= chunk.start && self.stream.node(collection).kind == Kind::Mapping {
                return Some(Owner {
                    container: collection,
                    before: NONE,
                    inline: false,
                });
            }
        }
        self.head(before, after)
    }

    /// The owner of comments that belong to what follows.
    fn head(&self, before: &Token, after: Option<&Token>) -> Option<Owner> {
        let after = after?;
        if matches!(after.kind, TokenKind::DocumentStart) {
            return None;
        }
        if after.kind == TokenKind::DocumentEnd {
            let root = after.node;
            return (root != NONE).then_some(Owner {
                container: root,
                before: NONE,
                inline: false,
            });
        }
        let opened = match before.kind {
            TokenKind::DocumentStart | TokenKind::Properties | TokenKind::Dash => Some(before.node),
            TokenKind::Content if self.stream.node(before.node).is_key => {
                Some(self.stream.node(before.node).next)
            }
            TokenKind::Content
            | TokenKind::FlowOpen
            | TokenKind::FlowClose
            | TokenKind::DocumentEnd => None,
        };
        if let Some(opened) = opened
            && opened != NONE
            && self.holds(opened, after.node)
        {
            if self.stream.node(opened).style == Style::Block {
                return Some(self.at_start(opened));
            }
            return self.inline(opened).map(|owner| Owner {
                inline: false,
                ..owner
            });
        }
        if before.node == NONE {
            return None;
        }
        let around = self.ancestors(before.node);
        let container = self
            .ancestors(after.node)
            .into_iter()
            .find(|collection| around.contains(collection))?;
        Some(Owner {
            container,
            before: self.entry(container, after.node),
            inline: false,
        })
    }

    fn holds(&self, outer: NodeId, node: NodeId) -> bool {
        outer == node || self.ancestors(node).contains(&outer)
    }
}
