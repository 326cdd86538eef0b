//! Writes YAML where there is no original text.
//!
//! Block style, no folding, comments on lines of their own or behind their value.

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::resolve;
use crate::scalar::{Scalar, float_with_exponent};
use crate::tree::{Comment, Element, Entry, Node, Tree};

/// Blanks per level when nothing says otherwise.
pub(crate) const DEFAULT_INDENT: usize = 4;

/// Keys longer than this take the explicit form.
const LONGEST_SIMPLE_KEY: usize = 128;

/// How a string is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quoting {
    Plain,
    Single,
    Double,
    Literal,
}

/// Writes all documents of a tree.
pub(crate) fn tree(tree: &Tree, indent: usize) -> String {
    let mut emitter = Emitter::new(indent, 0, "\n");
    for (index, document) in tree.documents.iter().enumerate() {
        if index > 0 {
            emitter.out.push_str("---\n");
        }
        if document.is_empty() {
            emitter.out.push_str("{}\n");
        } else {
            emitter.mapping(document, 0);
        }
    }
    emitter.out
}

/// Writes one value as a document.
pub(crate) fn value(node: &Node, indent: usize) -> String {
    let mut emitter = Emitter::new(indent, 0, "\n");
    match node.resolved() {
        Node::Mapping(entries) if !entries.is_empty() => emitter.mapping(entries, 0),
        Node::Sequence(elements) if !elements.is_empty() => emitter.sequence(elements, 0),
        node => emitter.nested(node, 0, 0, None),
    }
    emitter.out
}

/// Writes entries of a mapping whose keys stand at `column`, for a text of this layout.
pub(crate) fn entries(
    entries: &[Entry],
    column: usize,
    indent: usize,
    line_break: &'static str,
) -> String {
    let mut emitter = Emitter::new(indent, column, line_break);
    emitter.pad(column);
    emitter.mapping(entries, column);
    emitter.out
}

/// Writes a collection as the value of the key or dash at `parent_column`: what stands behind the
/// colon or the dash, without the last line break.
pub(crate) fn collection(
    node: &Node,
    parent_column: usize,
    in_sequence: bool,
    indent: usize,
    line_break: &'static str,
) -> String {
    let mut emitter = Emitter::new(indent, 0, line_break);
    let column = if in_sequence {
        parent_column + 2
    } else {
        emitter.line_break();
        let column = parent_column + emitter.indent;
        emitter.pad(column);
        column
    };
    match node.resolved() {
        Node::Mapping(entries) => emitter.mapping(entries, column),
        Node::Sequence(elements) => emitter.sequence(elements, column),
        Node::Leaf(_) | Node::Alias { .. } => {}
    }
    let length = emitter.out.trim_end_matches(['\n', '\r']).len();
    emitter.out.truncate(length);
    emitter.out
}

struct Emitter {
    out: String,
    indent: usize,
    base: usize,
    line_break: &'static str,
}

/// One line of a collection, or what begins on one.
enum Line<'a, T> {
    Comment(&'a Comment),
    Content(T),
}

impl Emitter {
    fn new(indent: usize, base: usize, line_break: &'static str) -> Self {
        // Other widths cannot be told from list indentation, or not be announced in one digit.
        let indent = match indent {
            0 => DEFAULT_INDENT,
            2..=9 => indent,
            _ => 2,
        };
        Self {
            out: String::new(),
            indent,
            base,
            line_break,
        }
    }

    fn pad(&mut self, column: usize) {
        self.out.extend(std::iter::repeat_n(' ', column));
    }

    fn line_break(&mut self) {
        self.out.push_str(self.line_break);
    }

    fn next_level(&self, column: usize) -> usize {
        let relative = column.saturating_sub(self.base);
        self.base + (relative / self.indent + 1) * self.indent
    }

    fn mapping(&mut self, entries: &[Entry], column: usize) {
        let lines = entries.iter().map(|entry| match entry {
            Entry::Comment(comment) => Line::Comment(comment),
            Entry::Pair { key, value } => Line::Content((key, value)),
        });
        self.block(lines, column, |emitter, (key, value), inline| {
            emitter.key(&key.text, column);
            let level = emitter.next_level(column);
            emitter.nested(value, column, level, inline.take());
        });
    }

    fn sequence(&mut self, elements: &[Element], column: usize) {
        let lines = elements.iter().map(|element| match element {
            Element::Comment(comment) => Line::Comment(comment),
            Element::Node(node) => Line::Content(node),
        });
        self.block(lines, column, |emitter, node, inline| {
            emitter.out.push('-');
            match node.resolved() {
                Node::Mapping(entries) if starts_inline(entries) => {
                    emitter.out.push(' ');
                    emitter.mapping(entries, column + 2);
                }
                Node::Sequence(elements) if matches!(elements.first(), Some(Element::Node(_))) => {
                    emitter.out.push(' ');
                    emitter.sequence(elements, column + 2);
                }
                node => emitter.nested(node, column, column + 2, inline.take()),
            }
        });
    }

    /// Writes the lines of a collection, the first of them on a line that is already padded to
    /// `column`. Ends after a line break.
    ///
    /// A comment that stood behind a value comes before its content; `content` may take it.
    fn block<'a, T>(
        &mut self,
        lines: impl Iterator<Item = Line<'a, T>>,
        column: usize,
        mut content: impl FnMut(&mut Self, T, &mut Option<&'a Comment>),
    ) {
        let mut first = true;
        let mut inline = None;
        for line in lines {
            match line {
                Line::Comment(comment) if comment.inline && inline.is_none() => {
                    inline = Some(comment);
                    continue;
                }
                _ if first => first = false,
                _ => self.pad(column),
            }
            match line {
                Line::Comment(comment) => self.comment_line(comment),
                Line::Content(written) => content(self, written, &mut inline),
            }
        }
        if let Some(comment) = inline {
            if !first {
                self.pad(column);
            }
            self.comment_line(comment);
        }
    }

    /// Writes what stands behind a colon or a dash.
    fn nested(&mut self, node: &Node, parent: usize, column: usize, inline: Option<&Comment>) {
        match node.resolved() {
            Node::Mapping(entries) if has_pairs(entries) => {
                self.inline_comment(inline);
                self.line_break();
                self.pad(column);
                self.mapping(entries, column);
            }
            Node::Mapping(entries) => {
                let comments = entries.iter().filter_map(|entry| match entry {
                    Entry::Comment(comment) => Some(comment),
                    Entry::Pair { .. } => None,
                });
                self.empty(comments.collect(), "{}", column, inline);
            }
            Node::Sequence(elements) if elements.iter().any(|e| matches!(e, Element::Node(_))) => {
                self.inline_comment(inline);
                self.line_break();
                self.pad(column);
                self.sequence(elements, column);
            }
            Node::Sequence(elements) => {
                let comments = elements.iter().filter_map(|element| match element {
                    Element::Comment(comment) => Some(comment),
                    Element::Node(_) => None,
                });
                self.empty(comments.collect(), "[]", column, inline);
            }
            Node::Leaf(leaf) => {
                if !self.out.is_empty() && !self.out.ends_with([' ', '\n']) {
                    self.out.push(' ');
                }
                self.leaf(&leaf.value, parent, column, inline);
            }
            Node::Alias { .. } => {}
        }
    }

    fn empty(
        &mut self,
        comments: Vec<&Comment>,
        braces: &str,
        column: usize,
        inline: Option<&Comment>,
    ) {
        if comments.is_empty() {
            if !self.out.is_empty() && !self.out.ends_with([' ', '\n']) {
                self.out.push(' ');
            }
            self.out.push_str(braces);
            self.inline_comment(inline);
        } else {
            self.inline_comment(inline);
            self.line_break();
            for comment in comments {
                self.pad(column);
                self.comment_line(comment);
            }
            self.pad(column);
            self.out.push_str(braces);
        }
        self.line_break();
    }

    fn leaf(&mut self, value: &Scalar, parent: usize, column: usize, inline: Option<&Comment>) {
        let text = match value {
            Scalar::Text(text) => text,
            Scalar::Null
            | Scalar::Int(_)
            | Scalar::Unsigned(_)
            | Scalar::Float(_)
            | Scalar::Bool(_)
            | Scalar::Time(_) => {
                self.out.push_str(&typed(value));
                self.inline_comment(inline);
                self.line_break();
                return;
            }
        };
        // EXPOSE: into the plain or encrypted file that was asked for.
        let Ok(text) = text.expose_str() else {
            self.out.push_str("!!binary ");
            // EXPOSE: as above.
            STANDARD.encode_string(text.expose(), &mut self.out);
            self.inline_comment(inline);
            self.line_break();
            return;
        };
        match quoting(text) {
            Quoting::Plain => self.out.push_str(text),
            Quoting::Single => single_quoted(text, &mut self.out),
            Quoting::Double => double_quoted(text, &mut self.out),
            Quoting::Literal => {
                let header = literal_header(text, column.saturating_sub(parent).max(1));
                self.out.push_str(&header);
                self.inline_comment(inline);
                self.line_break();
                literal_body(text, column, self.line_break, &mut self.out);
                return;
            }
        }
        self.inline_comment(inline);
        self.line_break();
    }

    fn key(&mut self, text: &str, column: usize) {
        let style = quoting(text);
        if text.len() > LONGEST_SIMPLE_KEY || style == Quoting::Literal {
            self.out.push_str("? ");
            match style {
                Quoting::Plain => self.out.push_str(text),
                Quoting::Single => single_quoted(text, &mut self.out),
                Quoting::Double | Quoting::Literal => double_quoted(text, &mut self.out),
            }
            self.line_break();
            self.pad(column);
            self.out.push(':');
            return;
        }
        self.out.push_str(&key_text(text));
        self.out.push(':');
    }

    fn comment_line(&mut self, comment: &Comment) {
        self.out.push('#');
        self.comment_text(comment);
        self.line_break();
    }

    fn inline_comment(&mut self, comment: Option<&Comment>) {
        if let Some(comment) = comment {
            self.out.push_str(" #");
            self.comment_text(comment);
        }
    }

    fn comment_text(&mut self, comment: &Comment) {
        // EXPOSE: into the plain or encrypted file that was asked for.
        let text = comment.text.expose_str().unwrap_or_default();
        self.out
            .extend(text.chars().map(|c| if c == '\n' { ' ' } else { c }));
    }
}

fn starts_inline(entries: &[Entry]) -> bool {
    matches!(entries.first(), Some(Entry::Pair { .. }))
}

fn has_pairs(entries: &[Entry]) -> bool {
    entries
        .iter()
        .any(|entry| matches!(entry, Entry::Pair { .. }))
}

/// The text of a key on one line.
pub(crate) fn key_text(text: &str) -> String {
    let mut out = String::new();
    match quoting(text) {
        _ if text == "<<" => out.push_str(text),
        Quoting::Plain => out.push_str(text),
        Quoting::Single => single_quoted(text, &mut out),
        Quoting::Double | Quoting::Literal => double_quoted(text, &mut out),
    }
    out
}

/// The text of a value that is not a string.
pub(crate) fn typed(value: &Scalar) -> String {
    match value {
        Scalar::Null | Scalar::Text(_) => "null".into(),
        Scalar::Int(number) => number.to_string(),
        Scalar::Unsigned(number) => number.to_string(),
        Scalar::Float(number) if number.is_nan() => ".nan".into(),
        Scalar::Float(number) if number.is_infinite() => {
            if *number > 0.0 { ".inf" } else { "-.inf" }.into()
        }
        Scalar::Float(number) => float_with_exponent(*number, -4, 6, 2),
        Scalar::Bool(flag) => flag.to_string(),
        Scalar::Time(text) => text.clone(),
    }
}

/// Chooses how a string is written.
pub(crate) fn quoting(text: &str) -> Quoting {
    let special = text.contains(|c| !printable(c) && c != '\t');
    if text.contains('\n') {
        let blank_before_break = text.contains(" \n") || text.contains("\t\n");
        let broken = special
            || blank_before_break
            || text.ends_with([' ', '\t'])
            || text.starts_with('\t')
            || text.trim_start_matches('\n').starts_with('\t');
        return if broken {
            Quoting::Double
        } else {
            Quoting::Literal
        };
    }
    if text.is_empty() || !resolve::plain_is_string(text) || old_word(text) || base_60(text) {
        return Quoting::Double;
    }
    let double = special || text.contains('\t');
    if plain_is_impossible(text) {
        return if double {
            Quoting::Double
        } else {
            Quoting::Single
        };
    }
    if double {
        Quoting::Double
    } else {
        Quoting::Plain
    }
}

/// Characters that need no escape. Those above U+FFFF stay as they are.
fn printable(character: char) -> bool {
    matches!(character,
        '\n' | ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}'
        | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}' | '\u{10000}'..)
}

/// Whether single quotes can hold a text on one line.
pub(crate) fn fits_single_quotes(text: &str) -> bool {
    !text.contains(|c| !printable(c) || c == '\n')
}

/// YAML 1.1 reads these as booleans.
fn old_word(text: &str) -> bool {
    matches!(
        text,
        "y" | "Y"
            | "yes"
            | "Yes"
            | "YES"
            | "on"
            | "On"
            | "ON"
            | "n"
            | "N"
            | "no"
            | "No"
            | "NO"
            | "off"
            | "Off"
            | "OFF"
    )
}

/// YAML 1.1 reads `1:30` as a number of base 60.
fn base_60(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let mut parts = text.split(':');
    let first = parts.next().unwrap_or_default();
    let leads = first.starts_with(|c: char| c.is_ascii_digit())
        && first
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'_');
    let mut rest: Vec<&str> = parts.collect();
    let Some(last) = rest.pop() else {
        return false;
    };
    let sixty = |part: &str| match part.as_bytes() {
        [digit] => digit.is_ascii_digit(),
        [tens, digit] => (b'0'..=b'5').contains(tens) && digit.is_ascii_digit(),
        _ => false,
    };
    let (whole, fraction) = last.split_once('.').unwrap_or((last, ""));
    leads
        && rest.into_iter().all(sixty)
        && sixty(whole)
        && fraction
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'_')
}

fn plain_is_impossible(text: &str) -> bool {
    let indicator_alone = |mark: char| {
        text.strip_prefix(mark)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
    };
    text.starts_with([' ', '\t'])
        || text.ends_with([' ', '\t'])
        || text.starts_with([
            '#', ',', '[', ']', '{', '}', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`',
        ])
        || ['?', ':', '-'].into_iter().any(indicator_alone)
        || text.contains(": ")
        || text.contains(":\t")
        || text.ends_with(':')
        || text.contains(" #")
        || text.contains("\t#")
        || text.starts_with("---")
        || text.starts_with("...")
}

/// Whether a plain text keeps its meaning inside a flow collection.
pub(crate) fn plain_fits_flow(text: &str) -> bool {
    !text.contains([',', '[', ']', '{', '}']) && !text.starts_with([':', '?', '-'])
}

pub(crate) fn single_quoted(text: &str, out: &mut String) {
    out.push('\'');
    for character in text.chars() {
        if character == '\'' {
            out.push('\'');
        }
        out.push(character);
    }
    out.push('\'');
}

pub(crate) fn double_quoted(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\0' => out.push_str("\\0"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            '\u{1b}' => out.push_str("\\e"),
            '\u{85}' => out.push_str("\\N"),
            '\u{2028}' => out.push_str("\\L"),
            '\u{2029}' => out.push_str("\\P"),
            character if printable(character) => out.push(character),
            character => {
                let code = u32::from(character);
                let _ = match code {
                    0..=0xff => write!(out, "\\x{code:02X}"),
                    0x100..=0xffff => write!(out, "\\u{code:04X}"),
                    _ => write!(out, "\\U{code:08X}"),
                };
            }
        }
    }
    out.push('"');
}

/// The header of a literal block whose lines stand `depth` columns right of their parent.
pub(crate) fn literal_header(text: &str, depth: usize) -> String {
    let mut header = String::from("|");
    if text.starts_with([' ', '\n']) {
        header.push_str(&depth.to_string());
    }
    if !text.ends_with('\n') {
        header.push('-');
    } else if text.ends_with("\n\n") || text == "\n" {
        header.push('+');
    }
    header
}

/// The lines of a literal block, each with its line break.
pub(crate) fn literal_body(text: &str, column: usize, line_break: &str, out: &mut String) {
    let body = text.strip_suffix('\n').unwrap_or(text);
    for line in body.split('\n') {
        if !line.is_empty() {
            out.extend(std::iter::repeat_n(' ', column));
            out.push_str(line);
        }
        out.push_str(line_break);
    }
}
