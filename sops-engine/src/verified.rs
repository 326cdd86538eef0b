//! A decrypted file, and the forms it is handed out in.

use std::sync::Arc;

use secret_bytes::SecretBytes;
use serde_json::{Map, Number, Value};
use zeroize::Zeroizing;

use crate::Format;
use crate::dotenv;
use crate::json::{self, JsonIndent};
use crate::scalar::Scalar;
use crate::tree::{Comment, Element, Entry, Node, Tree};
use crate::yaml::edit::{Edit, splice};
use crate::yaml::site::{CommentSite, Layout, Site};
use crate::yaml::{emit, replace};

/// A decrypted file.
#[derive(Debug)]
pub struct Verified {
    tree: Tree,
    source: Source,
    plaintexts: Vec<Arc<SecretBytes>>,
    warnings: Vec<String>,
}

/// What a file was read from.
#[derive(Debug)]
pub(crate) enum Source {
    /// The tree is all there is.
    Tree,
    Yaml {
        text: String,
        byte_order_mark: bool,
        sites: Vec<Site>,
        comment_sites: Vec<CommentSite>,
        layout: Layout,
    },
}

/// Indentation of what is written without an original.
#[derive(Debug, Clone, Copy, Default)]
pub struct Indents {
    /// Blanks per level of YAML; 0 stands for the default of 4.
    pub yaml: usize,
    /// Indentation of JSON.
    pub json: JsonIndent,
}

/// A file that has no form in the wanted format. Names the place, never the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EmitError {
    /// JSON has no such number.
    #[error("a number that is not finite cannot be written as JSON")]
    NotFinite,
    /// A dotenv file holds no collections.
    #[error("cannot use complex value in dotenv file; offending key {key:?}")]
    Collection {
        /// The key.
        key: String,
    },
    /// There is no entry that could be the content of a file.
    #[error("error emitting binary store: no binary data found in tree; hint: check --output-type")]
    NoData,
    /// The path names nothing.
    #[error("error truncating tree: component {component} not found")]
    NotFound {
        /// The component of the path, as `['key']` or `[0]`.
        component: String,
    },
    /// The format is not supported yet.
    #[error("{format} files are not supported", format = format.name())]
    UnsupportedFormat {
        /// The format.
        format: Format,
    },
    /// The text could not be changed in place.
    #[error("the file's layout cannot be kept")]
    Layout,
}

/// An object with plaintext inside, and where that is.
#[derive(Debug)]
pub struct PlainObject {
    /// The object without `sops`. Conceal the leaves before it is kept or printed.
    pub object: Value,
    /// The values that were encrypted.
    pub leaves: Vec<PlainLeaf>,
}

/// A value that was encrypted.
#[derive(Debug, Clone)]
pub struct PlainLeaf {
    /// Where it stands, as a JSON pointer.
    pub pointer: String,
    /// Its byte form: of text the text, else the number, boolean or time as text.
    pub value: Arc<SecretBytes>,
}

/// A component of a path into a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathComponent {
    /// A key of a mapping.
    Key(String),
    /// An index into a sequence.
    Index(usize),
}

impl Verified {
    pub(crate) fn new(
        tree: Tree,
        source: Source,
        plaintexts: Vec<Arc<SecretBytes>>,
        warnings: Vec<String>,
    ) -> Self {
        Self {
            tree,
            source,
            plaintexts,
            warnings,
        }
    }

    /// Returns every value that was encrypted, in its byte form.
    pub fn plaintexts(&self) -> &[Arc<SecretBytes>] {
        &self.plaintexts
    }

    /// Returns what a user should hear, without any value.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Returns the plain file. A YAML file that stays YAML keeps its bytes but for the values.
    ///
    /// # Errors
    ///
    /// When the content has no form in that format.
    pub fn to_bytes(&self, format: Format) -> Result<SecretBytes, EmitError> {
        self.to_bytes_with(format, Indents::default())
    }

    /// Like [`Self::to_bytes`], with these indentations where there is no original.
    ///
    /// # Errors
    ///
    /// When the content has no form in that format.
    pub fn to_bytes_with(
        &self,
        format: Format,
        indents: Indents,
    ) -> Result<SecretBytes, EmitError> {
        match (format, &self.source) {
            (Format::Yaml, Source::Yaml { .. }) => self.splice(),
            (Format::Yaml, Source::Tree) => Ok(emit::tree(&self.tree, indents.yaml).into()),
            (Format::Json, _) => {
                let mut text =
                    json::write(self.first(), indents.json).map_err(|_| EmitError::NotFinite)?;
                text.push('\n');
                Ok(text.into())
            }
            (Format::Dotenv, _) => dotenv::write(self.first())
                .map(SecretBytes::from)
                .map_err(|key| EmitError::Collection { key }),
            (Format::Binary, _) => self.data(),
            (Format::Ini, _) => Err(EmitError::UnsupportedFormat { format }),
        }
    }

    /// Returns one value of the first document: text as it is, anything else as the format writes
    /// it.
    ///
    /// # Errors
    ///
    /// When the path names nothing or the value has no form in that format.
    pub fn extract(
        &self,
        path: &[PathComponent],
        format: Format,
        indents: Indents,
    ) -> Result<SecretBytes, EmitError> {
        let Some((first, rest)) = path.split_first() else {
            return self.to_bytes_with(format, indents);
        };
        let not_found = |component: &PathComponent| EmitError::NotFound {
            component: match component {
                PathComponent::Key(key) => format!("['{key}']"),
                PathComponent::Index(index) => format!("[{index}]"),
            },
        };
        let PathComponent::Key(key) = first else {
            return Err(not_found(first));
        };
        let mut node = entry(self.first(), key).ok_or_else(|| not_found(first))?;
        for component in rest {
            let inner = match (node.resolved(), component) {
                (Node::Mapping(entries), PathComponent::Key(key)) => entry(entries, key),
                (Node::Sequence(elements), PathComponent::Index(index)) => elements
                    .iter()
                    .filter_map(|element| match element {
                        Element::Node(node) => Some(node),
                        Element::Comment(_) => None,
                    })
                    .nth(*index),
                _ => None,
            };
            node = inner.ok_or_else(|| not_found(component))?;
        }
        let node = node.resolved();
        if let Node::Leaf(leaf) = node
            && let Scalar::Text(text) = &leaf.value
        {
            return Ok(text.duplicate());
        }
        match (format, node) {
            (Format::Yaml, node) => Ok(emit::value(node, indents.yaml).into()),
            (Format::Json, node) => {
                let mut text =
                    json::write_node(node, indents.json).map_err(|_| EmitError::NotFinite)?;
                if matches!(node, Node::Mapping(_)) {
                    text.push('\n');
                }
                Ok(text.into())
            }
            (Format::Dotenv, Node::Mapping(entries)) => dotenv::write(entries)
                .map(SecretBytes::from)
                .map_err(|key| EmitError::Collection { key }),
            (Format::Binary, _) => Err(EmitError::NoData),
            (Format::Dotenv | Format::Ini, _) => Err(EmitError::UnsupportedFormat { format }),
        }
    }

    /// Returns each document as an object, with the places of what was encrypted.
    ///
    /// # Errors
    ///
    /// When a number has no form in JSON.
    pub fn into_objects(self) -> Result<Vec<PlainObject>, EmitError> {
        self.tree
            .documents
            .iter()
            .map(|document| object(document))
            .collect()
    }

    fn first(&self) -> &[Entry] {
        self.tree.documents.first().map_or(&[], Vec::as_slice)
    }

    fn data(&self) -> Result<SecretBytes, EmitError> {
        match entry(self.first(), "data").map(Node::resolved) {
            Some(Node::Leaf(leaf)) => match &leaf.value {
                Scalar::Text(data) => Ok(data.duplicate()),
                _ => Err(EmitError::NoData),
            },
            _ => Err(EmitError::NoData),
        }
    }

    /// Puts the plaintext into the text the file was read from.
    fn splice(&self) -> Result<SecretBytes, EmitError> {
        let Source::Yaml {
            text,
            byte_order_mark,
            sites,
            comment_sites,
            layout,
        } = &self.source
        else {
            return Err(EmitError::Layout);
        };
        let mut edits = Edits {
            text,
            sites,
            comment_sites,
            layout,
            collected: Vec::new(),
        };
        for document in &self.tree.documents {
            edits.mapping(document);
        }
        for root in &layout.roots {
            if let Some(metadata) = &root.metadata {
                let mut range = metadata.clone();
                if range.end == text.len() && !text.ends_with('\n') {
                    // The file ended without a line break before it was encrypted.
                    let before = text.get(..range.start).unwrap_or_default();
                    let before = before.strip_suffix('\n').unwrap_or(before);
                    range.start = before.strip_suffix('\r').unwrap_or(before).len();
                }
                edits.collected.push(Edit::new(range, ""));
            }
        }
        let spliced = splice(text, edits.collected).map_err(|_| EmitError::Layout)?;
        if spliced.iter().all(u8::is_ascii_whitespace) {
            return Ok(emit::tree(&self.tree, 0).into());
        }
        if *byte_order_mark {
            let mut marked = Zeroizing::new(Vec::with_capacity(spliced.len() + 3));
            marked.extend_from_slice("\u{feff}".as_bytes());
            marked.extend_from_slice(&spliced);
            return Ok(SecretBytes::from(marked));
        }
        Ok(SecretBytes::from(spliced))
    }
}

fn entry<'a>(entries: &'a [Entry], name: &str) -> Option<&'a Node> {
    entries.iter().find_map(|entry| match entry {
        Entry::Pair { key, value } if key.text == name => Some(value),
        Entry::Pair { .. } | Entry::Comment(_) => None,
    })
}

/// Collects the edits that decrypted leaves and comments need.
struct Edits<'a> {
    text: &'a str,
    sites: &'a [Site],
    comment_sites: &'a [CommentSite],
    layout: &'a Layout,
    collected: Vec<Edit>,
}

impl Edits<'_> {
    fn mapping(&mut self, entries: &[Entry]) {
        for entry in entries {
            match entry {
                Entry::Pair { value, .. } => self.node(value),
                Entry::Comment(comment) => self.comment(comment),
            }
        }
    }

    fn node(&mut self, node: &Node) {
        match node {
            Node::Mapping(entries) => self.mapping(entries),
            Node::Sequence(elements) => {
                for element in elements {
                    match element {
                        Element::Node(node) => self.node(node),
                        Element::Comment(comment) => self.element_comment(comment),
                    }
                }
            }
            Node::Leaf(leaf) => {
                let site = leaf.site.filter(|_| leaf.changed);
                if let Some(site) = site.and_then(|site| self.sites.get(site as usize)) {
                    let edits = replace::decrypt(self.text, site, &leaf.value, self.layout);
                    self.collected.extend(edits);
                }
            }
            // The copy belongs to its anchor, which is visited in its own place.
            Node::Alias { .. } => {}
        }
    }

    fn comment(&mut self, comment: &Comment) {
        let site = comment.site.filter(|_| comment.changed);
        if let Some(site) = site.and_then(|site| self.comment_sites.get(site as usize)) {
            self.collected.push(Edit {
                range: site.span.start + 1..site.span.end,
                text: comment_text(comment),
            });
        }
    }

    /// A comment of a sequence stands either as a comment or as an item in its place.
    fn element_comment(&mut self, comment: &Comment) {
        if !comment.from_item {
            self.comment(comment);
            return;
        }
        let Some(site) = comment.site.and_then(|site| self.sites.get(site as usize)) else {
            return;
        };
        let before = self.text.get(..site.span.start).unwrap_or_default();
        let Some(dash) = before.trim_end_matches([' ', '\t']).strip_suffix('-') else {
            return;
        };
        let mut text = comment_text(comment);
        text.insert(0, '#');
        self.collected.push(Edit {
            range: dash.len()..site.span.end,
            text,
        });
    }
}

fn comment_text(comment: &Comment) -> Zeroizing<String> {
    // EXPOSE: into the decrypted file.
    let text = comment.text.expose_str().unwrap_or_default();
    Zeroizing::new(text.replace(['\n', '\r'], " "))
}

fn object(entries: &[Entry]) -> Result<PlainObject, EmitError> {
    let mut leaves = Vec::new();
    let object = mapping_value(entries, &mut String::new(), &mut leaves)?;
    Ok(PlainObject { object, leaves })
}

fn mapping_value(
    entries: &[Entry],
    pointer: &mut String,
    leaves: &mut Vec<PlainLeaf>,
) -> Result<Value, EmitError> {
    let mut map = Map::new();
    for entry in entries {
        if let Entry::Pair { key, value } = entry {
            let length = pointer.len();
            pointer.push('/');
            pointer.push_str(&key.text.replace('~', "~0").replace('/', "~1"));
            let value = node_value(value, pointer, leaves)?;
            map.insert(key.text.clone(), value);
            pointer.truncate(length);
        }
    }
    Ok(Value::Object(map))
}

fn node_value(
    node: &Node,
    pointer: &mut String,
    leaves: &mut Vec<PlainLeaf>,
) -> Result<Value, EmitError> {
    let leaf = match node {
        Node::Mapping(entries) => return mapping_value(entries, pointer, leaves),
        Node::Sequence(elements) => {
            let mut values = Vec::new();
            for element in elements {
                if let Element::Node(node) = element {
                    let length = pointer.len();
                    pointer.push('/');
                    pointer.push_str(&values.len().to_string());
                    values.push(node_value(node, pointer, leaves)?);
                    pointer.truncate(length);
                }
            }
            return Ok(Value::Array(values));
        }
        Node::Alias { copy, .. } => return node_value(copy, pointer, leaves),
        Node::Leaf(leaf) => leaf,
    };
    if leaf.changed
        && let Some(bytes) = leaf.value.bytes()
    {
        leaves.push(PlainLeaf {
            pointer: pointer.clone(),
            value: Arc::new(bytes),
        });
    }
    Ok(match &leaf.value {
        Scalar::Null => Value::Null,
        // EXPOSE: into the object that was asked for.
        Scalar::Text(text) => Value::String(String::from_utf8_lossy(text.expose()).into_owned()),
        Scalar::Int(number) => Value::from(*number),
        Scalar::Unsigned(number) => Value::from(*number),
        Scalar::Float(number) => {
            Value::Number(Number::from_f64(*number).ok_or(EmitError::NotFinite)?)
        }
        Scalar::Bool(flag) => Value::Bool(*flag),
        Scalar::Time(text) => Value::String(text.clone()),
    })
}
