//! Choosing and writing the style of one text.

use super::scalar_meaning::reads_as_text;

/// Whether the text is a key that must fit on its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Key,
    Value,
}

/// The column past which a line is folded at the next single space.
const BEST_WIDTH: usize = 80;

/// Returns the text as YAML, when `column` characters stand before it and its further lines are
/// indented by `indent`.
pub(super) fn text(text: &str, column: usize, indent: usize, place: Place) -> String {
    let traits = Traits::of(text);
    let style = if text.contains('\n') {
        Style::Literal
    } else if reads_as_text(text) {
        Style::Plain
    } else {
        Style::Double
    };
    let line = Line {
        column,
        indent,
        place,
    };
    match style {
        Style::Literal if traits.block_allowed && place == Place::Value => literal(text, indent),
        Style::Plain if traits.plain_allowed => line.folded(text, Quote::None),
        Style::Plain if traits.single_allowed => line.folded(text, Quote::Single),
        Style::Literal | Style::Plain | Style::Double => line.double_quoted(text),
    }
}

enum Style {
    Plain,
    Literal,
    Double,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Quote {
    None,
    Single,
}

/// What about a text rules styles out.
struct Traits {
    plain_allowed: bool,
    single_allowed: bool,
    block_allowed: bool,
}

impl Traits {
    fn of(text: &str) -> Self {
        if text.is_empty() {
            return Self {
                plain_allowed: false,
                single_allowed: true,
                block_allowed: false,
            };
        }
        let special = text.chars().any(|character| !is_printable(character));
        let breaks = text.contains(is_break);
        let space_before_break = text.contains(" \n");
        let break_before_space = text.contains("\n ");
        let edge = |character: char| character == ' ' || is_break(character);
        let trailing_space = text.ends_with(' ');
        Self {
            plain_allowed: !(special
                || breaks
                || has_indicator(text)
                || text.starts_with(edge)
                || text.ends_with(edge)),
            single_allowed: !(special || space_before_break || break_before_space),
            block_allowed: !(special || space_before_break || trailing_space),
        }
    }
}

/// Whether a plain text would begin something else, or end before its end.
fn has_indicator(text: &str) -> bool {
    let mut before = None;
    let mut characters = text.chars().peekable();
    let mut found = text.starts_with("---") || text.starts_with("...");
    while let Some(character) = characters.next() {
        let blank_follows = characters
            .peek()
            .is_none_or(|next| matches!(next, ' ' | '\t'));
        found |= match (before, character) {
            (None, '-' | '?' | ':') | (Some(_), ':') => blank_follows,
            (None, first) => "#,[]{}&*!|>'\"%@`".contains(first),
            (Some(before), '#') => before == ' ' || before == '\t' || is_break(before),
            (Some(_), _) => false,
        };
        before = Some(character);
    }
    found
}

fn is_break(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// COMPAT: upstream's library takes everything outside the basic plane for unprintable.
fn is_printable(character: char) -> bool {
    matches!(character, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}')
        && character != '\u{feff}'
}

fn literal(text: &str, indent: usize) -> String {
    let mut written = String::from("|");
    if text.starts_with([' ', '\n']) {
        written.push('2');
    }
    match text.strip_suffix('\n') {
        None => written.push('-'),
        Some(rest) if rest.is_empty() || rest.ends_with('\n') => written.push('+'),
        Some(_) => {}
    }
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        written.push('\n');
        if !line.is_empty() {
            written.extend(std::iter::repeat_n(' ', indent));
            written.push_str(line);
        }
    }
    if text.ends_with('\n') {
        written.push('\n');
    }
    written
}

/// Where a text begins and how it may go on.
struct Line {
    column: usize,
    indent: usize,
    place: Place,
}

impl Line {
    fn folded(mut self, text: &str, quote: Quote) -> String {
        let mut written = String::new();
        if quote == Quote::Single {
            self.put(&mut written, '\'');
        }
        let mut after_space = false;
        let mut first = true;
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            let next = characters.peek().copied();
            let inside = quote == Quote::None || (!first && next.is_some());
            if character == ' ' {
                if self.may_fold() && inside && !after_space && next != Some(' ') {
                    self.fold(&mut written);
                } else {
                    self.put(&mut written, ' ');
                }
                after_space = true;
            } else {
                if character == '\'' && quote == Quote::Single {
                    self.put(&mut written, '\'');
                }
                self.put(&mut written, character);
                after_space = false;
            }
            first = false;
        }
        if quote == Quote::Single {
            self.put(&mut written, '\'');
        }
        written
    }

    fn double_quoted(mut self, text: &str) -> String {
        let mut written = String::new();
        self.put(&mut written, '"');
        let mut after_space = false;
        let mut first = true;
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            if character == ' ' {
                let next = characters.peek();
                if self.may_fold() && !after_space && !first && next.is_some() {
                    self.fold(&mut written);
                    if next == Some(&' ') {
                        self.put(&mut written, '\\');
                    }
                } else {
                    self.put(&mut written, ' ');
                }
                after_space = true;
            } else {
                for part in escaped(character).chars() {
                    self.put(&mut written, part);
                }
                after_space = false;
            }
            first = false;
        }
        self.put(&mut written, '"');
        written
    }

    fn put(&mut self, written: &mut String, character: char) {
        written.push(character);
        self.column += 1;
    }

    fn may_fold(&self) -> bool {
        self.place == Place::Value && self.column > BEST_WIDTH
    }

    fn fold(&mut self, written: &mut String) {
        written.push('\n');
        written.extend(std::iter::repeat_n(' ', self.indent));
        self.column = self.indent;
    }
}

fn escaped(character: char) -> String {
    let short = match character {
        '\0' => "\\0",
        '\u{7}' => "\\a",
        '\u{8}' => "\\b",
        '\t' => "\\t",
        '\n' => "\\n",
        '\u{b}' => "\\v",
        '\u{c}' => "\\f",
        '\r' => "\\r",
        '\u{1b}' => "\\e",
        '"' => "\\\"",
        '\\' => "\\\\",
        '\u{85}' => "\\N",
        '\u{2028}' => "\\L",
        '\u{2029}' => "\\P",
        _ if is_printable(character) => return character.to_string(),
        _ => return numbered(u32::from(character)),
    };
    short.to_owned()
}

fn numbered(code: u32) -> String {
    match code {
        0..=0xff => format!("\\x{code:02X}"),
        0x100..=0xffff => format!("\\u{code:04X}"),
        _ => format!("\\U{code:08X}"),
    }
}
