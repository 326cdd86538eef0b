//! SOPS files: formats, encrypted values, data keys, MAC, configuration.

mod data_key;
mod key_service;
mod master_key;

pub use data_key::{DATA_KEY_LENGTH, DataKey};
pub use key_service::{Cause, KeyService, KeyServiceError, KeyServices};
pub use master_key::{
    AgeRecipient, AwsKmsKey, AzureKeyVaultKey, GcpKmsKey, HuaweiKmsKey, KeyKind, MasterKey, PgpKey,
    VaultTransitKey, WrappedKey,
};
