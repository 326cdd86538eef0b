//! SOPS files: formats, encrypted values, data keys, MAC, configuration.

mod age_keys;
mod cipher;
pub mod config;
mod crypt;
mod data_key;
mod dotenv;
mod encrypted_file;
mod encryption;
mod format;
mod json;
mod key_service;
mod key_text;
mod mac;
mod master_key;
mod metadata;
mod scalar;
mod selection;
mod shamir;
mod tree;
mod unwrap;
mod verified;
mod walk;
mod yaml;

#[cfg(test)]
mod test_support;

pub use age_keys::AgeKeyService;
pub use cipher::{DataKeyLength, OpenValue};
pub use crypt::{LeafError, SealError};
pub use data_key::{DATA_KEY_LENGTH, DataKey};
pub use dotenv::DotenvError;
pub use encrypted_file::{DecryptError, EncryptedFile, MacError, ReadError};
pub use encryption::{EncryptError, Encryption, check_plain, encrypt};
pub use format::{Format, is_encrypted, is_encrypted_object, is_encrypted_value};
pub use json::{JsonError, JsonIndent};
pub use key_service::{Cause, KeyService, KeyServiceError, KeyServices};
pub use key_text::{AwsKeyOptions, ParseKeyError};
pub use mac::MacScope;
pub use master_key::{
    AgeRecipient, AwsKmsKey, AzureKeyVaultKey, GcpKmsKey, HuaweiKmsKey, KeyKind, MasterKey, PgpKey,
    VaultTransitKey, WrappedKey,
};
pub use metadata::{DecryptionOrder, FORMAT_VERSION, KeyGroup, Metadata, MetadataError};
pub use selection::{DEFAULT_UNENCRYPTED_SUFFIX, RuleKind, SelectionRule, SelectionRuleError};
pub use shamir::ShamirError;
pub use unwrap::{
    GroupAttempt, KeyAttempt, UnwrapDataKey, WrapDataKey, unwrap_data_key, wrap_data_key,
};
pub use verified::{EmitError, Indents, PathComponent, PlainLeaf, PlainObject, Verified};
pub use yaml::YamlError;
