//! `KEY=value` lines, and metadata flattened into such keys.

use crate::scalar::{Scalar, float_with_exponent};
use crate::tree::{Comment, Element, Entry, Leaf, Node};
use secret_bytes::SecretBytes;

/// Metadata keys start with this.
pub(crate) const PREFIX: &str = "sops_";

const MAP: &str = "__map_";
const LIST: &str = "__list_";

/// A dotenv file that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DotenvError {
    /// A line has no `=`.
    #[error("line {line}: invalid dotenv input line")]
    Line {
        /// Line, from 1.
        line: usize,
    },
    /// The text is not UTF-8.
    #[error("the file is not UTF-8")]
    Encoding,
}

/// Reads the lines of a file; metadata lines are lines like others here.
pub(crate) fn read(bytes: &[u8]) -> Result<Vec<Entry>, DotenvError> {
    let text = std::str::from_utf8(bytes).map_err(|_| DotenvError::Encoding)?;
    let mut entries = Vec::new();
    for (index, line) in text.split('\n').enumerate() {
        if line.is_empty() {
            continue;
        }
        if let Some(comment) = line.strip_prefix('#') {
            entries.push(Entry::Comment(Comment {
                text: SecretBytes::from(comment.to_owned()),
                inline: false,
                site: None,
                changed: false,
                from_item: false,
            }));
            continue;
        }
        let (key, value) = line
            .split_once('=')
            .ok_or(DotenvError::Line { line: index + 1 })?;
        entries.push(Entry::pair(key, Node::text(value.replace("\\n", "\n"))));
    }
    Ok(entries)
}

/// Writes the lines. Returns the key whose value is a collection as an error.
pub(crate) fn write(entries: &[Entry]) -> Result<String, String> {
    let mut out = String::new();
    for entry in entries {
        match entry {
            Entry::Comment(comment) => {
                out.push('#');
                // EXPOSE: into the file that was asked for.
                let text = comment.text.expose_str().unwrap_or_default();
                out.push_str(&text.replace('\n', "\\n"));
            }
            Entry::Pair { key, value } => {
                out.push_str(&key.text);
                out.push('=');
                let Node::Leaf(leaf) = value.resolved() else {
                    return Err(key.text.clone());
                };
                out.push_str(&value_text(&leaf.value).replace('\n', "\\n"));
            }
        }
        out.push('\n');
    }
    Ok(out)
}

fn value_text(value: &Scalar) -> String {
    match value {
        Scalar::Null => "<nil>".into(),
        // EXPOSE: into the file that was asked for.
        Scalar::Text(text) => String::from_utf8_lossy(text.expose()).into_owned(),
        Scalar::Int(number) => number.to_string(),
        Scalar::Unsigned(number) => number.to_string(),
        Scalar::Bool(flag) => flag.to_string(),
        Scalar::Time(text) => {
            crate::scalar::time::normalise_rfc3339_seconds(text).unwrap_or_else(|| text.clone())
        }
        Scalar::Float(number) if !number.is_finite() => crate::scalar::float_bytes(*number),
        Scalar::Float(number) => {
            let text = float_with_exponent(*number, -4, 6, 2).replace('e', "E");
            if text.contains(['.', 'E']) {
                text
            } else {
                format!("{text}.0")
            }
        }
    }
}

/// Takes the metadata lines out of the entries and gives them their structure back; `None` when
/// there are none or they contradict each other.
pub(crate) fn take_metadata(entries: &mut Vec<Entry>) -> Option<Node> {
    let mut flat = Vec::new();
    entries.retain(|entry| match entry {
        Entry::Pair { key, value } => {
            let Some(name) = key.text.strip_prefix(PREFIX) else {
                return true;
            };
            if let Node::Leaf(leaf) = value {
                flat.push((name.to_owned(), leaf.value.duplicate()));
            }
            false
        }
        Entry::Comment(_) => true,
    });
    if flat.is_empty() {
        return None;
    }
    unflatten(flat)
}

fn unflatten(flat: Vec<(String, Scalar)>) -> Option<Node> {
    let mut root = Partial::Mapping(Vec::new());
    for (name, value) in flat {
        root.insert(&steps(&name), value)?;
    }
    root.finish()
}

enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

/// Splits `a__map_b__list_0` into its steps.
fn steps(name: &str) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    let mut is_index = false;
    let mut rest = name;
    loop {
        let next = [(rest.find(MAP), MAP, false), (rest.find(LIST), LIST, true)]
            .into_iter()
            .filter_map(|(at, mark, index)| Some((at?, mark, index)))
            .min_by_key(|(at, ..)| *at);
        let (text, following) = match next {
            Some((at, mark, index)) => (
                rest.get(..at).unwrap_or_default(),
                Some((rest.get(at + mark.len()..).unwrap_or_default(), index)),
            ),
            None => (rest, None),
        };
        steps.push(match text.parse() {
            Ok(index) if is_index => Step::Index(index),
            _ => Step::Key(text),
        });
        let Some((after, index)) = following else {
            return steps;
        };
        (rest, is_index) = (after, index);
    }
}

enum Partial {
    Leaf(Scalar),
    Mapping(Vec<(String, Partial)>),
    Sequence(Vec<(usize, Partial)>),
}

impl Partial {
    fn insert(&mut self, steps: &[Step<'_>], value: Scalar) -> Option<()> {
        let (step, rest) = steps.split_first()?;
        let fresh = match rest.first() {
            None => Self::Leaf(value.duplicate()),
            Some(Step::Key(_)) => Self::Mapping(Vec::new()),
            Some(Step::Index(_)) => Self::Sequence(Vec::new()),
        };
        let child = match (self, step) {
            (Self::Mapping(entries), Step::Key(key)) => {
                let at = entries.iter().position(|(name, _)| name == key);
                let at = at.unwrap_or_else(|| {
                    entries.push(((*key).to_owned(), fresh));
                    entries.len() - 1
                });
                &mut entries.get_mut(at)?.1
            }
            (Self::Sequence(items), Step::Index(index)) => {
                let at = items.iter().position(|(name, _)| name == index);
                let at = at.unwrap_or_else(|| {
                    items.push((*index, fresh));
                    items.len() - 1
                });
                &mut items.get_mut(at)?.1
            }
            _ => return None,
        };
        if rest.is_empty() {
            return matches!(child, Self::Leaf(_)).then_some(());
        }
        child.insert(rest, value)
    }

    fn finish(self) -> Option<Node> {
        Some(match self {
            Self::Leaf(value) => Node::Leaf(Leaf::new(value)),
            Self::Mapping(entries) => Node::Mapping(
                entries
                    .into_iter()
                    .map(|(name, node)| Some(Entry::pair(&name, node.finish()?)))
                    .collect::<Option<_>>()?,
            ),
            Self::Sequence(mut items) => {
                items.sort_by_key(|(index, _)| *index);
                let gapless = items
                    .iter()
                    .enumerate()
                    .all(|(at, (index, _))| at == *index);
                if !gapless {
                    return None;
                }
                Node::Sequence(
                    items
                        .into_iter()
                        .map(|(_, node)| node.finish().map(Element::Node))
                        .collect::<Option<_>>()?,
                )
            }
        })
    }
}

/// Flattens metadata into entries with the prefix.
pub(crate) fn flatten(metadata: &[Entry]) -> Vec<Entry> {
    let mut flat = Vec::new();
    for entry in metadata {
        if let Entry::Pair { key, value } = entry {
            flatten_node(&format!("{PREFIX}{}", key.text), value, &mut flat);
        }
    }
    flat
}

fn flatten_node(name: &str, node: &Node, flat: &mut Vec<Entry>) {
    match node {
        Node::Leaf(leaf) => {
            flat.push(Entry::pair(
                name,
                Node::Leaf(Leaf::new(leaf.value.duplicate())),
            ));
        }
        Node::Mapping(entries) => {
            for entry in entries {
                if let Entry::Pair { key, value } = entry {
                    flatten_node(&format!("{name}{MAP}{}", key.text), value, flat);
                }
            }
        }
        Node::Sequence(elements) => {
            for (index, element) in elements.iter().enumerate() {
                if let Element::Node(node) = element {
                    flatten_node(&format!("{name}{LIST}{index}"), node, flat);
                }
            }
        }
        Node::Alias { copy, .. } => flatten_node(name, copy, flat),
    }
}
