//! Encrypts and decrypts the leaves of a tree and computes the MAC on the way.

use std::sync::Arc;

use rand::CryptoRng;
use secret_bytes::SecretBytes;

use crate::cipher::{Cipher, NONCE_LENGTH, OpenValue};
use crate::mac::{MacHasher, MacScope};
use crate::scalar::{Scalar, ValueType};
use crate::selection::{RuleKind, SelectionRule};
use crate::tree::{Comment, Leaf};
use crate::walk::{Place, Turned, Visitor};

/// A value of an encrypted file that cannot be decrypted. Names the place, never the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LeafError {
    /// A value that should be encrypted is not even text.
    #[error("{path:?}: Expected encrypted value as string")]
    NotText {
        /// The keys from the root.
        path: String,
    },
    /// The value cannot be decrypted.
    #[error("{path:?}: {cause}")]
    Open {
        /// The keys from the root.
        path: String,
        /// What is wrong with it.
        cause: OpenValue,
    },
    /// A key is not text.
    #[error("{path:?}: keys must be text")]
    Key {
        /// The keys from the root.
        path: String,
    },
}

/// Decrypts.
pub(crate) struct Opener<'a> {
    pub(crate) cipher: &'a Cipher,
    pub(crate) mac: MacHasher,
    pub(crate) warnings: Vec<String>,
    /// Every value that was encrypted.
    pub(crate) plaintexts: Vec<Arc<SecretBytes>>,
}

impl<'a> Opener<'a> {
    pub(crate) fn new(cipher: &'a Cipher, scope: MacScope) -> Self {
        Self {
            cipher,
            mac: MacHasher::new(scope),
            warnings: Vec::new(),
            plaintexts: Vec::new(),
        }
    }
}

impl Visitor for Opener<'_> {
    type Error = LeafError;

    fn leaf(&mut self, leaf: &mut Leaf, place: Place<'_>) -> Result<Turned, LeafError> {
        if !place.selected {
            if let Some(bytes) = leaf.value.bytes() {
                // EXPOSE: to authenticate it.
                self.mac.add(bytes.expose(), false);
            }
            return Ok(Turned::Value);
        }
        let path = || place.path.trim_end_matches(':').to_owned();
        let sealed = match &leaf.value {
            Scalar::Null => return Ok(Turned::Value),
            Scalar::Text(sealed) if sealed.is_empty() => return Ok(Turned::Value),
            Scalar::Text(sealed) => sealed,
            Scalar::Int(_)
            | Scalar::Unsigned(_)
            | Scalar::Float(_)
            | Scalar::Bool(_)
            | Scalar::Time(_) => return Err(LeafError::NotText { path: path() }),
        };
        // EXPOSE: ciphertext, or what stands in its place.
        let opened = sealed
            .expose_str()
            .map_err(|_| OpenValue::Form)
            .and_then(|sealed| self.cipher.open(sealed, place.path.as_bytes()));
        let (value_type, bytes) = opened.map_err(|cause| LeafError::Open {
            path: path(),
            cause,
        })?;
        if value_type == ValueType::Comment {
            return Ok(Turned::IntoComment(Comment {
                text: bytes,
                inline: false,
                site: leaf.site,
                changed: true,
                from_item: true,
            }));
        }
        self.plaintexts.push(Arc::new(bytes.duplicate()));
        let value = Scalar::from_plaintext(value_type, bytes).ok_or_else(|| LeafError::Open {
            path: path(),
            cause: OpenValue::Type,
        })?;
        if let Some(bytes) = value.bytes() {
            // EXPOSE: to authenticate it.
            self.mac.add(bytes.expose(), true);
        }
        leaf.value = value;
        leaf.changed = true;
        Ok(Turned::Value)
    }

    /// A comment that cannot be decrypted stays: files from before comments were encrypted have
    /// such, and a comment is no value.
    fn comment(&mut self, comment: &mut Comment, place: Place<'_>) -> Result<(), LeafError> {
        if !place.selected || comment.text.is_empty() {
            return Ok(());
        }
        // EXPOSE: ciphertext, or a comment that was never encrypted.
        let sealed = comment.text.expose_str().unwrap_or_default();
        // Comments may have moved to another collection around the same place.
        for path in enclosing_paths(place.path) {
            match self.cipher.open(sealed, path.as_bytes()) {
                Ok((ValueType::Comment | ValueType::Str, text)) => {
                    comment.text = text;
                    comment.changed = true;
                    return Ok(());
                }
                Err(OpenValue::Authentication) => {}
                Ok(_) | Err(_) => break,
            }
        }
        self.warnings.push(format!(
            "a comment in {:?} could not be decrypted and was left as it is",
            place.path.trim_end_matches(':')
        ));
        Ok(())
    }

    fn key_is_not_text(&mut self, path: &str) -> LeafError {
        LeafError::Key { path: path.into() }
    }
}

/// The path and those around it, innermost first.
fn enclosing_paths(path: &str) -> impl Iterator<Item = &str> {
    fn outer<'a>(path: &&'a str) -> Option<&'a str> {
        let inner = path.strip_suffix(':')?;
        if inner.is_empty() {
            return None;
        }
        match inner.rfind(':') {
            Some(at) => path.get(..=at),
            None => Some(":"),
        }
    }
    std::iter::successors(Some(path), outer)
}

/// A tree that cannot be encrypted. Names the place, never the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// An integer is too large for the format.
    #[error("{path:?}: integers above 9223372036854775807 cannot be encrypted")]
    TooLarge {
        /// The keys from the root.
        path: String,
    },
    /// A key is not text.
    #[error("{path:?}: keys must be text")]
    Key {
        /// The keys from the root.
        path: String,
    },
    /// An encrypted comment would exempt what follows it from encryption when it is read.
    #[error("{path:?}: an encrypted comment matches unencrypted_comment_regex")]
    CommentRule {
        /// The keys from the root.
        path: String,
    },
}

/// What a pass encrypts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pass {
    Values,
    Comments,
    Everything,
}

/// Encrypts.
pub(crate) struct Sealer<'a, R> {
    pub(crate) cipher: &'a Cipher,
    pub(crate) rng: &'a mut R,
    pub(crate) rule: &'a SelectionRule,
    pub(crate) mac: MacHasher,
    pub(crate) pass: Pass,
}

impl<R: CryptoRng> Sealer<'_, R> {
    pub(crate) fn seal(&mut self, bytes: &[u8], value_type: ValueType, path: &str) -> String {
        let mut nonce = [0; NONCE_LENGTH];
        self.rng.fill_bytes(&mut nonce);
        self.cipher.seal(bytes, value_type, path.as_bytes(), &nonce)
    }
}

impl<R: CryptoRng> Visitor for Sealer<'_, R> {
    type Error = SealError;

    fn leaf(&mut self, leaf: &mut Leaf, place: Place<'_>) -> Result<Turned, SealError> {
        if self.pass == Pass::Comments {
            return Ok(Turned::Value);
        }
        if matches!(leaf.value, Scalar::Unsigned(_)) {
            return Err(SealError::TooLarge {
                path: place.path.trim_end_matches(':').to_owned(),
            });
        }
        let (Some(bytes), Some(value_type)) = (leaf.value.bytes(), leaf.value.value_type()) else {
            return Ok(Turned::Value);
        };
        // EXPOSE: to authenticate it.
        self.mac.add(bytes.expose(), place.selected);
        if place.selected && !bytes.is_empty() {
            // EXPOSE: to encrypt it.
            let sealed = self.seal(bytes.expose(), value_type, place.path);
            leaf.value = Scalar::text(sealed);
            leaf.changed = true;
        }
        Ok(Turned::Value)
    }

    fn comment(&mut self, comment: &mut Comment, place: Place<'_>) -> Result<(), SealError> {
        if self.pass == Pass::Values || !place.selected || comment.text.is_empty() {
            return Ok(());
        }
        let text = comment.text.duplicate();
        // EXPOSE: to encrypt it.
        let sealed = self.seal(text.expose(), ValueType::Comment, place.path);
        let exempts = self.rule.kind() == RuleKind::UnencryptedCommentRegex
            && self.rule.matches_comment(&sealed);
        if exempts {
            return Err(SealError::CommentRule {
                path: place.path.trim_end_matches(':').to_owned(),
            });
        }
        comment.text = SecretBytes::from(sealed);
        comment.changed = true;
        Ok(())
    }

    fn key_is_not_text(&mut self, path: &str) -> SealError {
        SealError::Key { path: path.into() }
    }
}
