//! Encrypts plain files.

mod yaml_file;

use rand::CryptoRng;

use crate::cipher::{Cipher, DataKeyLength};
use crate::crypt::{Pass, SealError, Sealer};
use crate::encrypted_file::ReadError;
use crate::json::{self, JsonIndent};
use crate::mac::{MacHasher, MacScope};
use crate::metadata::{self, FORMAT_VERSION, KeyGroup, Metadata};
use crate::scalar::{Scalar, ValueType};
use crate::selection::SelectionRule;
use crate::tree::{self, Entry, Leaf, Node, Tree};
use crate::verified::{EmitError, Indents};
use crate::walk::walk;
use crate::yaml::emit;
use crate::{DataKey, Format, dotenv};

/// How a file is encrypted.
#[derive(Debug, Clone)]
pub struct Encryption {
    /// Which leaves are encrypted.
    pub rule: SelectionRule,
    /// What the MAC covers.
    pub mac_scope: MacScope,
    /// How many groups must be opened; 0 stands for all.
    pub shamir_threshold: usize,
    /// The wrapped data key.
    pub groups: Vec<KeyGroup>,
    /// The current time, RFC 3339 in whole seconds.
    pub last_modified: String,
    /// Indentation where there is no original.
    pub indents: Indents,
}

/// Why a file cannot be encrypted. Names a place, never a value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncryptError {
    /// The plain file cannot be read.
    #[error("Error unmarshalling file")]
    Read(#[source] ReadError),
    /// There is nothing in it.
    #[error("the file holds no document")]
    Empty,
    /// It is encrypted already, or uses the name that metadata needs.
    #[error(
        "the file has a top-level entry called 'sops', or starting with 'sops_', which is reserved \
         for metadata; it may be encrypted already: hint: decrypt it first"
    )]
    Reserved,
    /// A later document uses the name that metadata needs.
    #[error("document {document} has a top-level entry called 'sops', which is reserved")]
    ReservedLater {
        /// Which document, from 1.
        document: usize,
    },
    /// The data key cannot be used.
    #[error("the data key cannot be used")]
    DataKey(#[source] DataKeyLength),
    /// A value cannot be encrypted.
    #[error("Error encrypting tree")]
    Seal(#[source] SealError),
    /// The result cannot be written.
    #[error("Could not marshal tree")]
    Emit(#[source] EmitError),
    /// The result does not decrypt to what was read, so it is not handed out.
    #[error("the encrypted file does not read back; please report this file's layout")]
    SelfCheck,
}

impl Encryption {
    fn metadata(&self, mac: String) -> Metadata {
        Metadata {
            groups: self.groups.clone(),
            shamir_threshold: self.shamir_threshold,
            last_modified: self.last_modified.clone(),
            mac,
            mac_scope: self.mac_scope,
            rule: self.rule.clone(),
            version: FORMAT_VERSION.into(),
        }
    }
}

/// Encrypts a plain file. A YAML file that stays YAML keeps its bytes but for the values.
///
/// # Errors
///
/// When it cannot be read, uses the reserved name, or holds what cannot be encrypted.
pub fn encrypt(
    plain: &[u8],
    input: Format,
    output: Format,
    encryption: &Encryption,
    data_key: &DataKey,
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, EncryptError> {
    let cipher = Cipher::new(data_key).map_err(EncryptError::DataKey)?;
    if input == Format::Yaml && output == Format::Yaml {
        return yaml_file::encrypt(plain, encryption, data_key, &cipher, rng);
    }
    let mut tree = read_plain(plain, input)?;
    refuse_reserved(&tree, output)?;
    if output == Format::Binary {
        return encrypt_binary(&mut tree, encryption, &cipher, rng);
    }
    let mac = seal_tree(&mut tree, encryption, &cipher, Pass::Everything, rng)?;
    let metadata = encryption.metadata(mac).write();
    emit_encrypted(tree, metadata, output, encryption.indents)
}

/// Checks that a plain file can be read and leaves room for metadata, before any key is asked.
///
/// # Errors
///
/// As [`encrypt`], for what shows without a data key.
pub fn check_plain(plain: &[u8], input: Format, output: Format) -> Result<(), EncryptError> {
    refuse_reserved(&read_plain(plain, input)?, output)
}

/// Reads a plain file into a tree.
fn read_plain(plain: &[u8], input: Format) -> Result<Tree, EncryptError> {
    let unreadable = EncryptError::Read;
    let documents = match input {
        Format::Yaml => {
            let (text, _) = crate::encrypted_file::yaml_text(plain).map_err(unreadable)?;
            let read = crate::yaml::to_tree::read(&text)
                .map_err(|error| unreadable(ReadError::Yaml(error)))?;
            read.tree.documents
        }
        Format::Json => {
            vec![json::read(plain).map_err(|error| unreadable(ReadError::Json(error)))?]
        }
        Format::Dotenv => {
            vec![dotenv::read(plain).map_err(|error| unreadable(ReadError::Dotenv(error)))?]
        }
        Format::Binary => {
            let data = Scalar::Text(plain.to_vec().into());
            vec![vec![Entry::pair("data", Node::Leaf(Leaf::new(data)))]]
        }
        Format::Ini => {
            return Err(unreadable(ReadError::UnsupportedFormat { format: input }));
        }
    };
    if documents.is_empty() {
        return Err(EncryptError::Empty);
    }
    Ok(Tree { documents })
}

/// The output decides which names are reserved.
fn refuse_reserved(tree: &Tree, output: Format) -> Result<(), EncryptError> {
    for (index, document) in tree.documents.iter().enumerate() {
        let reserved = match output {
            Format::Dotenv => document.iter().any(
                |entry| matches!(entry, Entry::Pair { key, .. } if key.text.starts_with(dotenv::PREFIX)),
            ),
            Format::Yaml | Format::Json | Format::Ini | Format::Binary => {
                tree::has(document, metadata::ENTRY)
            }
        };
        match (reserved, index) {
            (false, _) => {}
            (true, 0) => return Err(EncryptError::Reserved),
            (true, _) => {
                return Err(EncryptError::ReservedLater {
                    document: index + 1,
                });
            }
        }
    }
    Ok(())
}

/// Encrypts all leaves and returns the encrypted MAC.
fn seal_tree(
    tree: &mut Tree,
    encryption: &Encryption,
    cipher: &Cipher,
    pass: Pass,
    rng: &mut impl CryptoRng,
) -> Result<String, EncryptError> {
    let mut sealer = Sealer {
        cipher,
        rng,
        rule: &encryption.rule,
        mac: MacHasher::new(encryption.mac_scope),
        pass,
    };
    walk(tree, &encryption.rule, &mut sealer).map_err(EncryptError::Seal)?;
    let mac = std::mem::replace(&mut sealer.mac, MacHasher::new(encryption.mac_scope)).finish();
    Ok(sealer.seal(mac.as_bytes(), ValueType::Str, &encryption.last_modified))
}

/// Selection rules do not apply to a file that is one value, and none is stored.
fn encrypt_binary(
    tree: &mut Tree,
    encryption: &Encryption,
    cipher: &Cipher,
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, EncryptError> {
    let everything = Encryption {
        rule: SelectionRule::default(),
        mac_scope: MacScope::AllValues,
        ..encryption.clone()
    };
    let mac = seal_tree(tree, &everything, cipher, Pass::Everything, rng)?;
    let mut entries = tree.documents.pop().unwrap_or_default();
    let mut block = everything.metadata(mac).write();
    tree::take(&mut block, SelectionRule::default().kind().name());
    entries.push(Entry::pair(metadata::ENTRY, Node::Mapping(block)));
    let text = json::write(&entries, encryption.indents.json)
        .map_err(|_| EncryptError::Emit(EmitError::NotFinite))?;
    Ok((text + "\n").into_bytes())
}

fn emit_encrypted(
    mut tree: Tree,
    block: Vec<Entry>,
    output: Format,
    indents: Indents,
) -> Result<Vec<u8>, EncryptError> {
    let text = match output {
        Format::Yaml => {
            // No other format has several documents.
            if let Some(document) = tree.documents.last_mut() {
                document.push(Entry::pair(metadata::ENTRY, Node::Mapping(block)));
            }
            emit::tree(&tree, indents.yaml)
        }
        Format::Json => {
            let mut entries = first_document(tree);
            entries.push(Entry::pair(metadata::ENTRY, Node::Mapping(block)));
            let text = json::write(&entries, indents.json)
                .map_err(|_| EncryptError::Emit(EmitError::NotFinite))?;
            text + "\n"
        }
        Format::Dotenv => {
            let mut entries = first_document(tree);
            entries.extend(dotenv::flatten(&block));
            dotenv::write(&entries)
                .map_err(|key| EncryptError::Emit(EmitError::Collection { key }))?
        }
        Format::Ini | Format::Binary => {
            return Err(EncryptError::Emit(EmitError::UnsupportedFormat {
                format: output,
            }));
        }
    };
    Ok(text.into_bytes())
}

fn first_document(tree: Tree) -> Vec<Entry> {
    tree.documents.into_iter().next().unwrap_or_default()
}

/// Writes the block inside a flow mapping.
fn flow_block(block: Vec<Entry>) -> Result<String, EncryptError> {
    json::write_node(&Node::Mapping(block), JsonIndent::OneLine)
        .map_err(|_| EncryptError::Emit(EmitError::NotFinite))
}

#[cfg(test)]
mod tests;
