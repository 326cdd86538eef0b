//! The one type that may hold plaintext.
//!
//! [`SecretBytes`] cannot be printed, serialised, silently cloned, hashed or compared in variable
//! time, and it is wiped when it is dropped. Everything that comes out of a decryption or a secret
//! store travels in it until the one place that needs the bytes, where [`SecretBytes::expose`]
//! stands beside a comment that says why.
//!
//! It cannot be displayed:
//!
//! ```compile_fail
//! let secret = secret_bytes::SecretBytes::new(b"hunter2".to_vec());
//! println!("{secret}");
//! ```
//!
//! nor cloned by accident:
//!
//! ```compile_fail
//! let secret = secret_bytes::SecretBytes::new(b"hunter2".to_vec());
//! let copy: secret_bytes::SecretBytes = secret.clone();
//! ```
//!
//! nor serialised:
//!
//! ```compile_fail
//! fn serialised<T: serde::Serialize>(_: &T) {}
//! serialised(&secret_bytes::SecretBytes::new(Vec::new()));
//! ```

use std::fmt;
use std::str::Utf8Error;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Plaintext bytes: wiped on drop, never printed.
///
/// Share one by [`std::sync::Arc`]; there is no `Clone`, so that every copy is a decision.
///
/// ```
/// use secret_bytes::SecretBytes;
///
/// let secret = SecretBytes::new(b"hunter2".to_vec());
/// assert_eq!(format!("{secret:?}"), "SecretBytes([redacted])");
/// assert_eq!(secret.expose(), b"hunter2");
/// ```
pub struct SecretBytes(Zeroizing<Vec<u8>>);

impl SecretBytes {
    /// Takes ownership of plaintext. The vector's own allocation is wiped on drop.
    pub fn new(plaintext: Vec<u8>) -> Self {
        Self(Zeroizing::new(plaintext))
    }

    /// Returns the plaintext. Each call carries an `// EXPOSE: why` comment.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Returns the plaintext as text. Each call carries an `// EXPOSE: why` comment.
    ///
    /// # Errors
    ///
    /// When the bytes are not UTF-8. The error holds an offset and no content.
    pub fn expose_str(&self) -> Result<&str, Utf8Error> {
        std::str::from_utf8(&self.0)
    }

    /// Returns the length in bytes, which is not treated as secret.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no bytes at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns a second, separately wiped copy. Named so that a copy shows in a review.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self(self.0.clone())
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretBytes([redacted])")
    }
}

impl PartialEq for SecretBytes {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for SecretBytes {}

impl From<Vec<u8>> for SecretBytes {
    fn from(plaintext: Vec<u8>) -> Self {
        Self::new(plaintext)
    }
}

impl From<String> for SecretBytes {
    fn from(plaintext: String) -> Self {
        Self::new(plaintext.into_bytes())
    }
}

impl From<Zeroizing<Vec<u8>>> for SecretBytes {
    fn from(plaintext: Zeroizing<Vec<u8>>) -> Self {
        Self(plaintext)
    }
}

#[cfg(test)]
mod tests;
