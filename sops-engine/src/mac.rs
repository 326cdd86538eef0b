//! The message authentication code over the values of a file.

use aws_lc_rs::digest::{Context, SHA512};

/// Hashed first when only encrypted values are covered, so that the two modes never agree: the
/// SHA-256 of `sops`.
const ENCRYPTED_ONLY_PREFIX: [u8; 32] = [
    0x8a, 0x3f, 0xd2, 0xad, 0x54, 0xce, 0x66, 0x52, 0x7b, 0x10, 0x34, 0xf3, 0xd1, 0x47, 0xbe, 0x0b,
    0x0b, 0x97, 0x5b, 0x3b, 0xf4, 0x4f, 0x72, 0xc6, 0xfd, 0xad, 0xec, 0x81, 0x76, 0xf2, 0x7d, 0x69,
];

/// Which values the MAC covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MacScope {
    /// Every value, encrypted or not.
    #[default]
    AllValues,
    /// Only values that are selected for encryption (`mac_only_encrypted`).
    EncryptedValues,
}

/// Takes the values in tree order.
pub(crate) struct MacHasher {
    context: Context,
    scope: MacScope,
}

impl MacHasher {
    pub(crate) fn new(scope: MacScope) -> Self {
        let mut context = Context::new(&SHA512);
        if scope == MacScope::EncryptedValues {
            context.update(&ENCRYPTED_ONLY_PREFIX);
        }
        Self { context, scope }
    }

    pub(crate) fn add(&mut self, bytes: &[u8], selected: bool) {
        if selected || self.scope == MacScope::AllValues {
            self.context.update(bytes);
        }
    }

    /// Returns 128 upper-case hexadecimal digits.
    pub(crate) fn finish(self) -> String {
        self.context
            .finish()
            .as_ref()
            .iter()
            .flat_map(|byte| [byte >> 4, byte & 15])
            .filter_map(|digit| char::from_digit(u32::from(digit), 16))
            .map(|digit| digit.to_ascii_uppercase())
            .collect()
    }
}
