//! A YAML stream: bounded, with duplicate keys refused and aliases paid for.

use std::collections::HashMap;

use granit_parser::{ErrorKind, Event, Marker, Parser, ScalarStyle, ScanError, Span};
use serde_json::{Map, Value};

use super::scalar::{self, Tag};
use super::{Dialect, Document, Failure, Limits, Problem};

const YAML_NAMESPACE: &str = "tag:yaml.org,2002:";

/// Reads every document of the stream; documents without content are left out.
pub(super) fn documents(
    bytes: &[u8],
    dialect: Dialect,
    limits: &Limits,
) -> Result<Vec<Document>, Failure> {
    let fail = |problem, position| Failure {
        document: 0,
        position,
        problem,
    };
    if bytes.len() > limits.bytes {
        return Err(fail(
            Problem::TooLarge {
                limit: limits.bytes,
            },
            None,
        ));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        // INVARIANT: `valid_up_to` is within the slice.
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = before.split(|byte| *byte == b'\n').count();
        let column = before
            .iter()
            .rev()
            .take_while(|byte| **byte != b'\n')
            .count()
            + 1;
        fail(Problem::Encoding, Some((line, column)))
    })?;
    let mut options = granit_parser::options! {
        flow_nesting_limit: limits.depth,
        block_nesting_limit: limits.depth,
    };
    options.set_emit_comments(false);
    let mut builder = Builder::new(text, dialect, limits);
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.map_err(|error| builder.malformed(&error))?;
        builder
            .event(event, span)
            .map_err(|problem| builder.failure(problem, span.start))?;
    }
    Ok(builder.documents)
}

/// A collection that is still open.
enum Open {
    Sequence(Vec<Value>),
    Mapping {
        entries: Map<String, Value>,
        key: Option<Key>,
        merges: Vec<Value>,
    },
}

enum Key {
    Text(String),
    Merge,
}

struct Frame {
    open: Open,
    anchor: usize,
    /// The stream's cost when the collection began, to price its aliases.
    before: Cost,
}

/// What reading cost so far; an alias costs what its node did.
#[derive(Clone, Copy, Default)]
struct Cost {
    nodes: usize,
    bytes: usize,
}

struct Anchored {
    value: Value,
    cost: Cost,
    /// Levels below the node itself.
    height: usize,
}

struct Builder<'a> {
    text: &'a str,
    dialect: Dialect,
    limits: &'a Limits,
    documents: Vec<Document>,
    index: usize,
    started: Option<Marker>,
    root: Option<Value>,
    stack: Vec<Frame>,
    anchors: HashMap<usize, Anchored>,
    cost: Cost,
}

impl<'a> Builder<'a> {
    fn new(text: &'a str, dialect: Dialect, limits: &'a Limits) -> Self {
        Self {
            text,
            dialect,
            limits,
            documents: Vec::new(),
            index: 0,
            started: None,
            root: None,
            stack: Vec::new(),
            anchors: HashMap::new(),
            cost: Cost::default(),
        }
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Problem> {
        match event {
            Event::DocumentEnd => return self.finish_document(),
            Event::Alias(id) => return self.alias(id),
            Event::Scalar(text, style, anchor, tag) => {
                self.started.get_or_insert(span.start);
                let before = self.cost;
                self.pay(Cost {
                    nodes: 1,
                    bytes: text.len(),
                })?;
                let text = self.exact(&text, style, span);
                let tag = tag.as_deref().map_or(Tag::None, kind_of_tag);
                let plain = style == ScalarStyle::Plain;
                if plain && text == "<<" && matches!(tag, Tag::None) && self.take_merge_key() {
                    return Ok(());
                }
                let value = scalar::resolve(text, plain, &tag, self.dialect)?;
                return self.node(value, anchor, before);
            }
            Event::SequenceStart(_, anchor, _) => {
                self.open(Open::Sequence(Vec::new()), anchor, span)?;
            }
            Event::MappingStart(_, anchor, _) => {
                let open = Open::Mapping {
                    entries: Map::new(),
                    key: None,
                    merges: Vec::new(),
                };
                self.open(open, anchor, span)?;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(Frame {
                    open,
                    anchor,
                    before,
                }) = self.stack.pop()
                {
                    let value = match open {
                        Open::Sequence(items) => Value::Array(items),
                        Open::Mapping {
                            mut entries,
                            merges,
                            ..
                        } => {
                            merge(&mut entries, merges)?;
                            Value::Object(entries)
                        }
                    };
                    return self.node(value, anchor, before);
                }
            }
            // The rest carries no values.
            _ => {}
        }
        Ok(())
    }

    fn open(&mut self, open: Open, anchor: usize, span: Span) -> Result<(), Problem> {
        self.started.get_or_insert(span.start);
        if self.stack.len() >= self.limits.depth {
            return Err(Problem::TooDeep {
                limit: self.limits.depth,
            });
        }
        let before = self.cost;
        self.pay(Cost { nodes: 1, bytes: 0 })?;
        self.stack.push(Frame {
            open,
            anchor,
            before,
        });
        Ok(())
    }

    fn pay(&mut self, cost: Cost) -> Result<(), Problem> {
        self.cost.nodes = self.cost.nodes.saturating_add(cost.nodes);
        self.cost.bytes = self.cost.bytes.saturating_add(cost.bytes);
        if self.cost.nodes > self.limits.nodes {
            return Err(Problem::TooManyValues {
                limit: self.limits.nodes,
            });
        }
        if self.cost.bytes > self.limits.bytes {
            return Err(Problem::TooLarge {
                limit: self.limits.bytes,
            });
        }
        Ok(())
    }

    fn alias(&mut self, id: usize) -> Result<(), Problem> {
        if self.stack.iter().any(|frame| frame.anchor == id) {
            return Err(Problem::RecursiveAlias);
        }
        let Some(Anchored { cost, height, .. }) = self.anchors.get(&id) else {
            return Err(Problem::Syntax {
                reason: "an unknown anchor".to_owned(),
            });
        };
        let (cost, height) = (*cost, *height);
        if self.stack.len() + height > self.limits.depth {
            return Err(Problem::TooDeep {
                limit: self.limits.depth,
            });
        }
        let before = self.cost;
        // Paid before the copy is made: a bomb stops at the limit, not after it.
        self.pay(cost)?;
        match self.anchors.get(&id).map(|anchored| anchored.value.clone()) {
            Some(value) => self.node(value, 0, before),
            None => Ok(()),
        }
    }

    /// Puts a finished value where it belongs.
    fn node(&mut self, value: Value, anchor: usize, before: Cost) -> Result<(), Problem> {
        if anchor != 0 {
            let cost = Cost {
                nodes: self.cost.nodes - before.nodes,
                bytes: self.cost.bytes - before.bytes,
            };
            let height = height(&value);
            self.anchors.insert(
                anchor,
                Anchored {
                    value: value.clone(),
                    cost,
                    height,
                },
            );
            // The copy kept for aliases counts too.
            self.pay(cost)?;
        }
        let dialect = self.dialect;
        match self.stack.last_mut().map(|frame| &mut frame.open) {
            None => self.root = Some(value),
            Some(Open::Sequence(items)) => items.push(value),
            Some(Open::Mapping {
                entries,
                key,
                merges,
            }) => match key.take() {
                None => {
                    let text = scalar::key(value, dialect).ok_or(Problem::Key)?;
                    if entries.contains_key(&text) {
                        return Err(Problem::DuplicateKey { key: text });
                    }
                    *key = Some(Key::Text(text));
                }
                Some(Key::Text(text)) => {
                    entries.insert(text, value);
                }
                Some(Key::Merge) => match value {
                    Value::Array(items) => merges.extend(items),
                    value => merges.push(value),
                },
            },
        }
        Ok(())
    }

    /// Whether the innermost open mapping waits for a key; if so, `<<` is taken as one.
    fn take_merge_key(&mut self) -> bool {
        match self.stack.last_mut().map(|frame| &mut frame.open) {
            Some(Open::Mapping {
                key: key @ None, ..
            }) => {
                *key = Some(Key::Merge);
                true
            }
            _ => false,
        }
    }

    fn finish_document(&mut self) -> Result<(), Problem> {
        self.anchors.clear();
        if self.index >= self.limits.documents {
            return Err(Problem::TooManyDocuments {
                limit: self.limits.documents,
            });
        }
        let position = self.started.take().map(place);
        if let Some(value) = self.root.take() {
            self.documents.push(Document {
                index: self.index,
                position,
                value,
            });
        }
        self.index += 1;
        Ok(())
    }

    /// Takes off the line break that the parser adds to a block scalar the file ends in.
    fn exact<'t>(&self, text: &'t str, style: ScalarStyle, span: Span) -> &'t str {
        let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        let at_end = span
            .end
            .byte_offset()
            .is_none_or(|end| end >= self.text.len());
        if is_block && at_end && !self.text.ends_with(['\n', '\r']) {
            return text.strip_suffix('\n').unwrap_or(text);
        }
        text
    }

    fn failure(&self, problem: Problem, at: Marker) -> Failure {
        Failure {
            document: self.index,
            position: Some(place(at)),
            problem,
        }
    }

    fn malformed(&self, error: &ScanError) -> Failure {
        let problem = match error.kind() {
            ErrorKind::RecursionLimitExceeded => Problem::TooDeep {
                limit: self.limits.depth,
            },
            // The character could be one of a value.
            ErrorKind::UnexpectedCharacter { .. } => Problem::Syntax {
                reason: "an unexpected character".to_owned(),
            },
            kind => Problem::Syntax {
                reason: kind.to_string(),
            },
        };
        self.failure(problem, *error.marker())
    }
}

/// Adds what `<<` brought; a mapping's own keys win, then the earlier of several mappings.
fn merge(entries: &mut Map<String, Value>, merges: Vec<Value>) -> Result<(), Problem> {
    for source in merges {
        let Value::Object(source) = source else {
            return Err(Problem::Merge);
        };
        for (key, value) in source {
            entries.entry(key).or_insert(value);
        }
    }
    Ok(())
}

fn place(marker: Marker) -> (usize, usize) {
    (marker.line(), marker.col() + 1)
}

fn kind_of_tag(tag: &granit_parser::Tag) -> Tag {
    if let Some(name) = tag.suffix_in_namespace(YAML_NAMESPACE) {
        return Tag::Yaml(name.into_owned());
    }
    match tag.parts() {
        ("", "!") | ("!", "") => Tag::NonSpecific,
        _ => Tag::Other,
    }
}

fn height(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(height).max().unwrap_or_default(),
        Value::Object(entries) => 1 + entries.values().map(height).max().unwrap_or_default(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}
