//! Where a value stands in the text, in what it takes to replace it there.

use std::ops::Range;

use super::document::Style;

/// The place of one scalar or alias.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    /// The content; of a block scalar from its header to the end of its last line.
    pub(crate) span: Range<usize>,
    /// The token `|` or `>` with its digits and marks, for block scalars.
    pub(crate) header: Range<usize>,
    /// The tag, with the blanks behind it.
    pub(crate) tag: Option<Range<usize>>,
    pub(crate) style: Style,
    pub(crate) in_flow: bool,
    pub(crate) in_sequence: bool,
    /// Column of the key or dash that the value belongs to.
    pub(crate) parent_column: usize,
    pub(crate) line: usize,
}

/// The place of one comment.
#[derive(Debug, Clone)]
pub(crate) struct CommentSite {
    /// From `#` to the end of the line.
    pub(crate) span: Range<usize>,
    /// Whether it could be an item of the sequence that owns it: on its own line, at the column of
    /// the dashes.
    pub(crate) at_dashes: bool,
}

/// How a file is laid out, as far as new text should look like it.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    /// Blanks per level of mappings.
    pub(crate) step: usize,
    pub(crate) line_break: &'static str,
    /// For each document: its root.
    pub(crate) roots: Vec<RootSite>,
}

/// The root mapping of a document.
#[derive(Debug, Clone)]
pub(crate) struct RootSite {
    /// Whether it is `{…}`, and where its closing brace stands.
    pub(crate) closing_brace: Option<usize>,
    /// Whether a flow root has entries.
    pub(crate) has_entries: bool,
    /// Column of its keys.
    pub(crate) column: usize,
    /// Where the text of the document ends.
    pub(crate) end: usize,
    /// The entry named `sops`: from the start of its first line to the end of its last line with
    /// its break, or in a flow mapping from the comma before it to its end.
    pub(crate) metadata: Option<Range<usize>>,
    /// The scalar at the end of the document, when it is an open-ended block scalar.
    pub(crate) last_block_scalar: Option<Range<usize>>,
    /// An explicit null root, which the first entry replaces.
    pub(crate) null: Option<Range<usize>>,
}
