//! Encrypts YAML in place: values first, then the `sops` block, then comments.
//!
//! Comments come last because the block can move a comment at the end of a document to another
//! collection, and a comment is authenticated with the path of the collection it is found in.

use rand::CryptoRng;

use super::{EncryptError, Encryption, flow_block, refuse_reserved, seal_tree};
use crate::cipher::Cipher;
use crate::crypt::Pass;
use crate::encrypted_file::{EncryptedFile, ReadError, yaml_text};
use crate::metadata::{self, Metadata};
use crate::scalar::Scalar;
use crate::tree::{self, Comment, Element, Entry, Leaf, Node, Tree};
use crate::verified::EmitError;
use crate::yaml::edit::{Edit, splice};
use crate::yaml::site::{CommentSite, RootSite, Site};
use crate::yaml::to_tree::{self, YamlTree};
use crate::yaml::{emit, replace};
use crate::{DataKey, Format};

pub(super) fn encrypt(
    plain: &[u8],
    encryption: &Encryption,
    data_key: &DataKey,
    cipher: &Cipher,
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, EncryptError> {
    let (text, byte_order_mark) = yaml_text(plain).map_err(EncryptError::Read)?;
    let text = secret_bytes::SecretBytes::from(text);
    // EXPOSE: to encrypt it.
    let text = text.expose_str().unwrap_or_default();
    let mut read = read(text)?;
    if read.tree.documents.is_empty() {
        return Err(EncryptError::Empty);
    }
    refuse_reserved(&read.tree, Format::Yaml)?;
    let has_comments = !read.comment_sites.is_empty();
    let mac = seal_tree(&mut read.tree, encryption, cipher, Pass::Values, rng)?;
    let edits = value_edits(text, &read, &encryption.metadata(mac))?;
    let mut sealed = spliced(text, edits)?;
    if has_comments {
        let with_values = sealed;
        // Comments on lines of their own inside sequences are written as items; where that does
        // not read back, they stay comments.
        sealed = seal_comments(&with_values, encryption, cipher, Items::AtDashes, rng)?;
        if !reads_back(&sealed, data_key) {
            sealed = seal_comments(&with_values, encryption, cipher, Items::Never, rng)?;
        }
    }
    if !reads_back(&sealed, data_key) {
        return Err(EncryptError::SelfCheck);
    }
    let mut bytes = Vec::with_capacity(sealed.len() + 3);
    if byte_order_mark {
        bytes.extend_from_slice("\u{feff}".as_bytes());
    }
    bytes.extend_from_slice(sealed.as_bytes());
    Ok(bytes)
}

fn read(text: &str) -> Result<YamlTree, EncryptError> {
    to_tree::read(text).map_err(|error| EncryptError::Read(ReadError::Yaml(error)))
}

fn spliced(text: &str, edits: Vec<Edit>) -> Result<String, EncryptError> {
    let layout = || EncryptError::Emit(EmitError::Layout);
    let bytes = splice(text, edits).map_err(|_| layout())?;
    String::from_utf8(bytes.to_vec()).map_err(|_| layout())
}

fn reads_back(sealed: &str, data_key: &DataKey) -> bool {
    EncryptedFile::parse(Format::Yaml, sealed.as_bytes())
        .ok()
        .and_then(|file| file.decrypt(data_key).ok())
        .is_some_and(|verified| verified.warnings().is_empty())
}

/// Edits for all values, and the block of every document.
fn value_edits(
    text: &str,
    read: &YamlTree,
    metadata: &Metadata,
) -> Result<Vec<Edit>, EncryptError> {
    let mut collector = Collector {
        text,
        sites: &read.sites,
        step: read.layout.step,
        line_break: read.layout.line_break,
        edits: Vec::new(),
        changed: Vec::new(),
    };
    for document in &read.tree.documents {
        collector.mapping(document);
    }
    let Collector {
        mut edits, changed, ..
    } = collector;
    for root in &read.layout.roots {
        edits.extend(block_edits(text, root, read, metadata, &changed)?);
    }
    Ok(edits)
}

struct Collector<'a> {
    text: &'a str,
    sites: &'a [Site],
    step: usize,
    line_break: &'static str,
    edits: Vec<Edit>,
    /// Start of each encrypted block scalar's header.
    changed: Vec<usize>,
}

impl Collector<'_> {
    fn mapping(&mut self, entries: &[Entry]) {
        for entry in entries {
            if let Entry::Pair { key, value } = entry {
                let site = key
                    .alias_site
                    .and_then(|site| self.sites.get(site as usize));
                if let Some(site) = site {
                    // The anchor it stands for may become ciphertext.
                    self.edits
                        .push(Edit::new(site.span.clone(), emit::key_text(&key.text)));
                }
                self.node(value);
            }
        }
    }

    fn node(&mut self, node: &Node) {
        match node {
            Node::Mapping(entries) => self.mapping(entries),
            Node::Sequence(elements) => {
                for element in elements {
                    if let Element::Node(node) = element {
                        self.node(node);
                    }
                }
            }
            Node::Leaf(leaf) => self.leaf(leaf),
            Node::Alias { copy, site } => {
                if let Some(site) = site.and_then(|site| self.sites.get(site as usize))
                    && any_changed(copy)
                {
                    let edit = self.expanded(copy, site);
                    self.edits.push(edit);
                }
            }
        }
    }

    fn leaf(&mut self, leaf: &Leaf) {
        let Some(site) = leaf.site.and_then(|site| self.sites.get(site as usize)) else {
            return;
        };
        if let (true, Scalar::Text(sealed)) = (leaf.changed, &leaf.value) {
            // EXPOSE: ciphertext.
            let sealed = sealed.expose_str().unwrap_or_default();
            self.edits.extend(replace::encrypt(self.text, site, sealed));
            self.changed.push(site.span.start);
        }
    }

    /// An alias of an encrypted value becomes its own encrypted copy, as every use of the value
    /// is authenticated with its own path.
    fn expanded(&self, copy: &Node, site: &Site) -> Edit {
        let text = match copy.resolved() {
            Node::Leaf(leaf) => match &leaf.value {
                // EXPOSE: ciphertext.
                Scalar::Text(sealed) => {
                    let sealed = sealed.expose_str().unwrap_or_default();
                    if site.in_flow {
                        format!("'{sealed}'")
                    } else {
                        sealed.to_owned()
                    }
                }
                value => emit::typed(value),
            },
            node if site.in_flow => {
                crate::json::write_node(node, crate::json::JsonIndent::OneLine).unwrap_or_default()
            }
            node => emit::collection(
                node,
                site.parent_column,
                site.in_sequence,
                self.step,
                self.line_break,
            ),
        };
        Edit::new(site.span.clone(), text)
    }
}

fn any_changed(node: &Node) -> bool {
    match node {
        Node::Leaf(leaf) => leaf.changed,
        Node::Alias { copy, .. } => any_changed(copy),
        Node::Mapping(entries) => entries
            .iter()
            .any(|entry| matches!(entry, Entry::Pair { value, .. } if any_changed(value))),
        Node::Sequence(elements) => elements
            .iter()
            .any(|element| matches!(element, Element::Node(node) if any_changed(node))),
    }
}

/// Appends the block as the last entry of a document's root.
fn block_edits(
    text: &str,
    root: &RootSite,
    read: &YamlTree,
    metadata: &Metadata,
    changed: &[usize],
) -> Result<Vec<Edit>, EncryptError> {
    let mut edits = Vec::new();
    if let Some(brace) = root.closing_brace {
        let before = text.get(..brace).unwrap_or_default().trim_end();
        let comma = if root.has_entries && !before.ends_with(',') {
            ", "
        } else {
            ""
        };
        let block = flow_block(metadata.write())?;
        let entry = format!("{comma}\"{}\": {block}", metadata::ENTRY);
        edits.push(Edit::insert(before.len().max(1), entry));
        return Ok(edits);
    }
    if let Some(null) = root.null.as_ref().filter(|null| !null.is_empty()) {
        edits.push(Edit::new(null.clone(), ""));
    }
    let line_break = read.layout.line_break;
    let entry = [Entry::pair(
        metadata::ENTRY,
        Node::Mapping(metadata.write()),
    )];
    let mut block = emit::entries(&entry, root.column, read.layout.step, line_break);
    let before = text.get(..root.end).unwrap_or_default();
    if !before.is_empty() && !before.ends_with('\n') {
        // The file ends without a line break; so does the block.
        let length = block.trim_end_matches(['\n', '\r']).len();
        block.truncate(length);
        block.insert_str(0, line_break);
        if let Some(scalar) = &root.last_block_scalar {
            edits.extend(stripped_header(text, scalar, changed));
        }
    }
    edits.push(Edit::insert(root.end, block));
    Ok(edits)
}

/// A block scalar that ends with the file has no last line break, which appended text would add.
fn stripped_header(text: &str, scalar: &std::ops::Range<usize>, changed: &[usize]) -> Option<Edit> {
    let rest = text.get(scalar.clone())?;
    let at = scalar.start + rest.find(['|', '>'])?;
    if changed.contains(&at) {
        return None;
    }
    let token = text.get(at..scalar.end)?;
    let length = token.find(char::is_whitespace).unwrap_or(token.len());
    let header = token.get(..length)?.trim_matches(['+', '-']);
    Some(Edit::new(at..at + length, format!("{header}-")))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Items {
    /// Comments at the column of the dashes become items.
    AtDashes,
    Never,
}

fn seal_comments(
    text: &str,
    encryption: &Encryption,
    cipher: &Cipher,
    items: Items,
    rng: &mut impl CryptoRng,
) -> Result<String, EncryptError> {
    let mut read = read(text)?;
    let mut blocks = Vec::new();
    for document in &mut read.tree.documents {
        blocks.extend(tree::take(document, metadata::ENTRY));
    }
    seal_tree(&mut read.tree, encryption, cipher, Pass::Comments, rng)?;
    let mut edits = Vec::new();
    comments_of_tree(&read.tree, &mut |comment, in_sequence| {
        let site = comment.site.filter(|_| comment.changed);
        let Some(site) = site.and_then(|site| read.comment_sites.get(site as usize)) else {
            return;
        };
        edits.push(comment_edit(
            comment,
            site,
            in_sequence && items == Items::AtDashes,
        ));
    });
    spliced(text, edits)
}

fn comment_edit(comment: &Comment, site: &CommentSite, as_item: bool) -> Edit {
    // EXPOSE: ciphertext.
    let sealed = comment.text.expose_str().unwrap_or_default();
    if as_item && site.at_dashes {
        Edit::new(site.span.clone(), format!("- {sealed}"))
    } else {
        Edit::new(site.span.clone(), format!("#{sealed}"))
    }
}

fn comments_of_tree(tree: &Tree, found: &mut impl FnMut(&Comment, bool)) {
    for document in &tree.documents {
        comments_of_mapping(document, found);
    }
}

fn comments_of_mapping(entries: &[Entry], found: &mut impl FnMut(&Comment, bool)) {
    for entry in entries {
        match entry {
            Entry::Comment(comment) => found(comment, false),
            Entry::Pair { value, .. } => comments_of_node(value, found),
        }
    }
}

fn comments_of_node(node: &Node, found: &mut impl FnMut(&Comment, bool)) {
    match node {
        Node::Mapping(entries) => comments_of_mapping(entries, found),
        Node::Sequence(elements) => {
            for element in elements {
                match element {
                    Element::Comment(comment) => found(comment, true),
                    Element::Node(node) => comments_of_node(node, found),
                }
            }
        }
        Node::Leaf(_) | Node::Alias { .. } => {}
    }
}
