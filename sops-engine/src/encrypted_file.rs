//! An encrypted file: read, with its metadata, and decrypted.
//!
//! [`EncryptedFile`] holds ciphertext that nobody vouches for. [`EncryptedFile::decrypt`] turns it
//! into [`Verified`] when every value belongs to its place and the MAC holds.

use crate::cipher::{Cipher, DataKeyLength};
use crate::crypt::{LeafError, Opener};
use crate::dotenv::{self, DotenvError};
use crate::json::{self, JsonError};
use crate::metadata::{self, Metadata, MetadataError};
use crate::scalar::ValueType;
use crate::tree::{self, Entry, Node, Tree};
use crate::verified::{Source, Verified};
use crate::walk::walk;
use crate::yaml::to_tree::YamlTree;
use crate::yaml::{self, YamlError};
use crate::{DataKey, Format};

/// An encrypted file, not yet decrypted.
#[derive(Debug)]
pub struct EncryptedFile {
    tree: Tree,
    metadata: Metadata,
    source: Source,
}

/// Why a file cannot be read. Names a place, never content.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The bytes are not text.
    #[error("the file is not UTF-8 (byte {offset})")]
    Encoding {
        /// Offset of the first byte that is not.
        offset: usize,
    },
    /// The YAML is not valid.
    #[error("invalid YAML")]
    Yaml(#[source] YamlError),
    /// The JSON is not valid.
    #[error("invalid JSON")]
    Json(#[source] JsonError),
    /// The dotenv file is not valid.
    #[error("invalid dotenv file")]
    Dotenv(#[source] DotenvError),
    /// The format is not supported yet.
    #[error("{format} files are not supported", format = format.name())]
    UnsupportedFormat {
        /// The format.
        format: Format,
    },
    /// The metadata cannot be used.
    #[error(transparent)]
    Metadata(MetadataError),
}

/// Why a file cannot be decrypted, although its data key is known.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecryptError {
    /// The data key has a wrong length.
    #[error("the data key cannot be used")]
    DataKey(#[source] DataKeyLength),
    /// A value cannot be decrypted.
    #[error("a value cannot be decrypted")]
    Leaf(#[source] LeafError),
    /// The MAC does not hold.
    #[error("the file failed its integrity check")]
    Mac(#[source] MacError),
}

/// Why the MAC of a file does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MacError {
    /// There is none.
    #[error("the file has no MAC")]
    Missing,
    /// It cannot be decrypted, for example because `lastmodified` was changed.
    #[error("the MAC cannot be decrypted")]
    Unreadable,
    /// It is another one: something was added, removed or changed by hand.
    #[error("the MAC does not match the content")]
    Mismatch {
        /// What the file says. A digest of the content: show it only to who may read that.
        file: String,
        /// What the content gives.
        computed: String,
    },
}

impl EncryptedFile {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// When it is not valid in its format or holds no usable metadata.
    pub fn parse(format: Format, bytes: &[u8]) -> Result<Self, ReadError> {
        match format {
            Format::Yaml => Self::parse_yaml(bytes),
            Format::Json | Format::Binary => {
                Self::from_entries(json::read(bytes).map_err(ReadError::Json)?, Source::Tree)
            }
            Format::Dotenv => {
                let mut entries = dotenv::read(bytes).map_err(ReadError::Dotenv)?;
                let block = dotenv::take_metadata(&mut entries);
                Self::new(vec![entries], block.as_ref(), Source::Tree)
            }
            Format::Ini => Err(ReadError::UnsupportedFormat { format }),
        }
    }

    /// Takes an object that was read elsewhere, for example after a build.
    ///
    /// # Errors
    ///
    /// When it is no object or holds no usable metadata.
    pub fn from_object(object: &serde_json::Value) -> Result<Self, ReadError> {
        let entries =
            json::from_value(object).ok_or(ReadError::Metadata(MetadataError::NotFound))?;
        Self::from_entries(entries, Source::Tree)
    }

    fn parse_yaml(bytes: &[u8]) -> Result<Self, ReadError> {
        let (text, byte_order_mark) = yaml_text(bytes)?;
        let read = yaml::to_tree::read(&text).map_err(ReadError::Yaml)?;
        let YamlTree {
            mut tree,
            sites,
            comment_sites,
            layout,
        } = read;
        let mut block = None;
        for document in &mut tree.documents {
            // The first document's block counts; later ones are copies of it.
            let taken = tree::take(document, metadata::ENTRY);
            block = block.or(taken);
        }
        let source = Source::Yaml {
            text,
            byte_order_mark,
            sites,
            comment_sites,
            layout,
        };
        Self::new(tree.documents, block.as_ref(), source)
    }

    fn from_entries(mut entries: Vec<Entry>, source: Source) -> Result<Self, ReadError> {
        let block = tree::take(&mut entries, metadata::ENTRY);
        Self::new(vec![entries], block.as_ref(), source)
    }

    fn new(
        documents: Vec<Vec<Entry>>,
        block: Option<&Node>,
        source: Source,
    ) -> Result<Self, ReadError> {
        let metadata = Metadata::read(block).map_err(ReadError::Metadata)?;
        Ok(Self {
            tree: Tree { documents },
            metadata,
            source,
        })
    }

    /// Returns the metadata.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Decrypts the file and checks its MAC.
    ///
    /// # Errors
    ///
    /// When a value or the MAC does not hold. There is no partial result.
    pub fn decrypt(self, data_key: &DataKey) -> Result<Verified, DecryptError> {
        let (verified, mac) = self.decrypt_unverified(data_key)?;
        match mac {
            None => Ok(verified),
            Some(error) => Err(DecryptError::Mac(error)),
        }
    }

    /// Decrypts the file and says what is wrong with its MAC, if anything. Each value is still
    /// checked to belong to its place.
    ///
    /// For users who opted out of the check, and for objects after a build, whose MAC covered
    /// another form.
    ///
    /// # Errors
    ///
    /// When a value does not hold.
    pub fn decrypt_unverified(
        self,
        data_key: &DataKey,
    ) -> Result<(Verified, Option<MacError>), DecryptError> {
        let Self {
            mut tree,
            metadata,
            source,
        } = self;
        let cipher = Cipher::new(data_key).map_err(DecryptError::DataKey)?;
        let mut opener = Opener::new(&cipher, metadata.mac_scope);
        walk(&mut tree, &metadata.rule, &mut opener).map_err(DecryptError::Leaf)?;
        let computed = opener.mac.finish();
        let mac = check_mac(&metadata, &cipher, computed).err();
        let verified = Verified::new(tree, source, opener.plaintexts, opener.warnings);
        Ok((verified, mac))
    }
}

fn check_mac(metadata: &Metadata, cipher: &Cipher, computed: String) -> Result<(), MacError> {
    if metadata.mac.is_empty() {
        return Err(MacError::Missing);
    }
    let opened = cipher.open(&metadata.mac, metadata.last_modified.as_bytes());
    let Ok((ValueType::Str, file)) = opened else {
        return Err(MacError::Unreadable);
    };
    // EXPOSE: a digest, compared in constant time by the type and then maybe shown.
    let file = file.expose_str().map_err(|_| MacError::Unreadable)?;
    if file == computed {
        return Ok(());
    }
    Err(MacError::Mismatch {
        file: file.to_owned(),
        computed,
    })
}

/// Decodes a YAML file and takes off its byte order mark.
pub(crate) fn yaml_text(bytes: &[u8]) -> Result<(String, bool), ReadError> {
    let units = |rest: &[u8], read: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = rest
            .chunks_exact(2)
            .map(|pair| read([pair[0], pair[1]]))
            .collect();
        String::from_utf16(&units).map_err(|_| ReadError::Encoding { offset: 2 })
    };
    if let Some(rest) = bytes.strip_prefix(&[0xff, 0xfe]) {
        return units(rest, u16::from_le_bytes).map(|text| (text, false));
    }
    if let Some(rest) = bytes.strip_prefix(&[0xfe, 0xff]) {
        return units(rest, u16::from_be_bytes).map(|text| (text, false));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| ReadError::Encoding {
        offset: error.valid_up_to(),
    })?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => (rest.to_owned(), true),
        None => (text.to_owned(), false),
    })
}

#[cfg(test)]
mod tests;
