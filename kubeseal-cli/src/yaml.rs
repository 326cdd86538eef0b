//! Writing YAML as the libraries of the Kubernetes tools do: sorted keys, sequences not indented, folding past
//! column 80, and quotes where YAML 1.1 would read something else.

mod order;
mod scalar;
mod scalar_meaning;

use serde_json::{Map, Value};

use scalar::Place;

/// Returns one document, without a separator.
pub(crate) fn document(value: &Value) -> String {
    let mut writer = Writer {
        text: String::new(),
    };
    match value {
        Value::Object(map) if !map.is_empty() => writer.mapping(map, 0),
        Value::Array(items) if !items.is_empty() => writer.sequence(items, 0),
        _ => {
            writer.scalar(value, 0, Place::Value);
            writer.text.push('\n');
        }
    }
    writer.text
}

struct Writer {
    text: String,
}

impl Writer {
    fn mapping(&mut self, map: &Map<String, Value>, indent: usize) {
        for (index, (key, value)) in order::sorted(map).into_iter().enumerate() {
            if index > 0 || !self.at_sequence_item() {
                self.indent(indent);
            }
            self.key(key, indent);
            self.child(value, indent);
        }
    }

    fn sequence(&mut self, items: &[Value], indent: usize) {
        for (index, item) in items.iter().enumerate() {
            if index > 0 || !self.at_sequence_item() {
                self.indent(indent);
            }
            self.text.push_str("- ");
            match item {
                Value::Object(map) if !map.is_empty() => self.mapping(map, indent + 2),
                Value::Array(items) if !items.is_empty() => self.sequence(items, indent + 2),
                _ => {
                    self.scalar(item, indent, Place::Value);
                    self.text.push('\n');
                }
            }
        }
    }

    /// Writes the key with its colon. One too long for a line of its own is marked as such.
    fn key(&mut self, key: &str, indent: usize) {
        const LONGEST_SIMPLE_KEY: usize = 128;
        if key.len() > LONGEST_SIMPLE_KEY || key.contains('\n') {
            self.text.push_str("? ");
            self.text
                .push_str(&scalar::text(key, self.column(), indent + 2, Place::Value));
            self.new_line();
            self.indent(indent);
        } else {
            self.text
                .push_str(&scalar::text(key, self.column(), indent + 2, Place::Key));
        }
        self.text.push(':');
    }

    fn child(&mut self, value: &Value, indent: usize) {
        match value {
            Value::Object(map) if !map.is_empty() => {
                self.text.push('\n');
                self.mapping(map, indent + 2);
            }
            Value::Array(items) if !items.is_empty() => {
                self.text.push('\n');
                self.sequence(items, indent);
            }
            _ => {
                self.text.push(' ');
                self.scalar(value, indent, Place::Value);
                self.new_line();
            }
        }
    }

    fn scalar(&mut self, value: &Value, indent: usize, place: Place) {
        let text = match value {
            Value::Null => "null".to_owned(),
            Value::Bool(flag) => flag.to_string(),
            Value::Number(number) => number.to_string(),
            Value::String(text) => scalar::text(text, self.column(), indent + 2, place),
            Value::Array(_) => "[]".to_owned(),
            Value::Object(_) => "{}".to_owned(),
        };
        self.text.push_str(&text);
    }

    /// A block scalar may have ended its last line already.
    fn new_line(&mut self) {
        if !self.text.ends_with('\n') {
            self.text.push('\n');
        }
    }

    fn indent(&mut self, indent: usize) {
        self.text.extend(std::iter::repeat_n(' ', indent));
    }

    fn at_sequence_item(&self) -> bool {
        self.text.ends_with("- ")
    }

    fn column(&self) -> usize {
        self.text
            .chars()
            .rev()
            .take_while(|character| *character != '\n')
            .count()
    }
}

#[cfg(test)]
mod tests;
