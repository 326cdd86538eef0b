//! The data key: the random key that encrypts the values of one file.

use rand::CryptoRng;
use secret_bytes::SecretBytes;

/// Length of a data key in bytes.
pub const DATA_KEY_LENGTH: usize = 32;

/// The key that encrypts the values of one file, or one group's share of it.
///
/// Wiped when dropped, never printed.
#[derive(Debug, PartialEq, Eq)]
pub struct DataKey(SecretBytes);

impl DataKey {
    /// Makes a new random data key.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut bytes = vec![0; DATA_KEY_LENGTH];
        rng.fill_bytes(&mut bytes);
        Self(SecretBytes::new(bytes))
    }

    /// Takes what a master key unwrapped. Its length is checked where it is used, since a group's
    /// share is one byte longer than a data key.
    pub fn from_unwrapped(bytes: SecretBytes) -> Self {
        Self(bytes)
    }

    /// Returns the bytes that a master key wraps. Each call carries an `// EXPOSE: why` comment.
    pub fn expose(&self) -> &[u8] {
        // EXPOSE: passed on to the caller, who says why.
        self.0.expose()
    }

    /// Returns a second copy. Named so that a copy shows in a review.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self(self.0.duplicate())
    }
}
