//! JSON: every entry kept in order, duplicates too.

use std::fmt::{self, Write as _};

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::scalar::{Scalar, float_with_exponent};
use crate::tree::{Element, Entry, Leaf, Node};

/// A JSON text that cannot be read. Names a place, never content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {reason}")]
pub struct JsonError {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// What is wrong there.
    pub reason: &'static str,
}

/// What cannot be written as JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotFinite;

/// Indentation of written JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum JsonIndent {
    /// One tab per level.
    #[default]
    Tab,
    /// So many blanks per level.
    Blanks(usize),
    /// Everything on one line.
    OneLine,
}

/// Reads an object. What follows its closing brace does not count.
pub(crate) fn read(bytes: &[u8]) -> Result<Vec<Entry>, JsonError> {
    let text = String::from_utf8_lossy(bytes);
    let mut deserializer = serde_json::Deserializer::from_str(&text);
    let node = Seed
        .deserialize(&mut deserializer)
        .map_err(|error| JsonError {
            line: error.line(),
            column: error.column(),
            // The reader's own text may quote what it found.
            reason: match error.classify() {
                serde_json::error::Category::Eof => "the text ends too early",
                serde_json::error::Category::Io
                | serde_json::error::Category::Syntax
                | serde_json::error::Category::Data => "this is not valid JSON",
            },
        })?;
    match node {
        Node::Mapping(entries) => Ok(entries),
        Node::Sequence(_) | Node::Leaf(_) | Node::Alias { .. } => Err(JsonError {
            line: 1,
            column: 1,
            reason: "SOPS only supports JSON files with a top-level object",
        }),
    }
}

/// Turns an object into entries; `None` when it is not an object.
pub(crate) fn from_value(value: &serde_json::Value) -> Option<Vec<Entry>> {
    match node_from_value(value) {
        Node::Mapping(entries) => Some(entries),
        Node::Sequence(_) | Node::Leaf(_) | Node::Alias { .. } => None,
    }
}

fn node_from_value(value: &serde_json::Value) -> Node {
    use serde_json::Value;
    let scalar = match value {
        Value::Null => Scalar::Null,
        Value::Bool(flag) => Scalar::Bool(*flag),
        Value::Number(number) => number.as_i64().map_or_else(
            || Scalar::Float(number.as_f64().unwrap_or_default()),
            Scalar::Int,
        ),
        Value::String(text) => Scalar::text(text.as_str()),
        Value::Array(items) => {
            let items = items
                .iter()
                .map(|item| Element::Node(node_from_value(item)));
            return Node::Sequence(items.collect());
        }
        Value::Object(map) => {
            let entries = map
                .iter()
                .map(|(key, value)| Entry::pair(key, node_from_value(value)));
            return Node::Mapping(entries.collect());
        }
    };
    Node::Leaf(Leaf::new(scalar))
}

struct Seed;

impl<'de> DeserializeSeed<'de> for Seed {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

fn leaf(value: Scalar) -> Node {
    Node::Leaf(Leaf::new(value))
}

impl<'de> Visitor<'de> for Seed {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(leaf(Scalar::Null))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Node, E> {
        Ok(leaf(Scalar::Bool(flag)))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Node, E> {
        Ok(leaf(Scalar::Int(number)))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Node, E> {
        #[expect(
            clippy::cast_precision_loss,
            reason = "larger integers are floats here"
        )]
        let value = i64::try_from(number).map_or(Scalar::Float(number as f64), Scalar::Int);
        Ok(leaf(value))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Node, E> {
        Ok(leaf(Scalar::Float(number)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(leaf(Scalar::text(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut elements = Vec::new();
        while let Some(node) = access.next_element_seed(Seed)? {
            elements.push(Element::Node(node));
        }
        Ok(Node::Sequence(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = access.next_key::<String>()? {
            let value = access.next_value_seed(Seed)?;
            entries.push(Entry::pair(&key, value));
        }
        Ok(Node::Mapping(entries))
    }
}

/// Writes a mapping, without a line break at the end. Comments are left out.
pub(crate) fn write(entries: &[Entry], indent: JsonIndent) -> Result<String, NotFinite> {
    let mut writer = Writer {
        out: String::new(),
        indent,
        level: 0,
    };
    writer.mapping(entries)?;
    Ok(writer.out)
}

/// Writes one value.
pub(crate) fn write_node(node: &Node, indent: JsonIndent) -> Result<String, NotFinite> {
    let mut writer = Writer {
        out: String::new(),
        indent,
        level: 0,
    };
    writer.node(node)?;
    Ok(writer.out)
}

struct Writer {
    out: String,
    indent: JsonIndent,
    level: usize,
}

impl Writer {
    fn line(&mut self) {
        match self.indent {
            JsonIndent::OneLine => {}
            JsonIndent::Tab => {
                self.out.push('\n');
                self.out.extend(std::iter::repeat_n('\t', self.level));
            }
            JsonIndent::Blanks(width) => {
                self.out.push('\n');
                self.out
                    .extend(std::iter::repeat_n(' ', self.level * width));
            }
        }
    }

    fn mapping(&mut self, entries: &[Entry]) -> Result<(), NotFinite> {
        self.out.push('{');
        self.level += 1;
        let mut first = true;
        for entry in entries {
            let Entry::Pair { key, value } = entry else {
                continue;
            };
            if !first {
                self.out.push(',');
            }
            first = false;
            self.line();
            self.string(&key.text);
            self.out.push_str(": ");
            self.node(value)?;
        }
        self.level -= 1;
        if !first {
            self.line();
        }
        self.out.push('}');
        Ok(())
    }

    fn node(&mut self, node: &Node) -> Result<(), NotFinite> {
        match node.resolved() {
            Node::Mapping(entries) => self.mapping(entries)?,
            Node::Sequence(elements) => {
                self.out.push('[');
                self.level += 1;
                let mut first = true;
                for element in elements {
                    let Element::Node(node) = element else {
                        continue;
                    };
                    if !first {
                        self.out.push(',');
                    }
                    first = false;
                    self.line();
                    self.node(node)?;
                }
                self.level -= 1;
                if !first {
                    self.line();
                }
                self.out.push(']');
            }
            Node::Leaf(leaf) => self.scalar(&leaf.value)?,
            Node::Alias { .. } => {}
        }
        Ok(())
    }

    fn scalar(&mut self, value: &Scalar) -> Result<(), NotFinite> {
        match value {
            Scalar::Null => self.out.push_str("null"),
            // EXPOSE: into the file that was asked for.
            Scalar::Text(text) => self.string(&String::from_utf8_lossy(text.expose())),
            Scalar::Int(number) => self.out.push_str(&number.to_string()),
            Scalar::Unsigned(number) => self.out.push_str(&number.to_string()),
            Scalar::Float(number) if !number.is_finite() => return Err(NotFinite),
            Scalar::Float(number) => {
                self.out.push_str(&float_with_exponent(*number, -6, 21, 1));
            }
            Scalar::Bool(flag) => self.out.push_str(if *flag { "true" } else { "false" }),
            Scalar::Time(text) => self.string(text),
        }
        Ok(())
    }

    fn string(&mut self, text: &str) {
        self.out.push('"');
        for character in text.chars() {
            match character {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\u{8}' => self.out.push_str("\\b"),
                '\u{c}' => self.out.push_str("\\f"),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                    let _ = write!(self.out, "\\u{:04x}", u32::from(character));
                }
                character => self.out.push(character),
            }
        }
        self.out.push('"');
    }
}

#[cfg(test)]
mod tests;
