//! Key services of clouds and vaults: they wrap and unwrap the data keys of SOPS files.
//!
//! Each implements [`sops_engine::KeyService`] for its kind of master key and says `Unsupported`
//! to the others, so that several can stand in a row. Credentials are given by the caller: those
//! of one unit, or those of the surroundings. Nothing here reads the environment on its own, but
//! for [`AwsCredentials::Ambient`], which asks for exactly that.

mod aws_kms;
mod vault_transit;

pub use aws_kms::{AwsCredentials, AwsKmsService, ReadCredentials};
pub use vault_transit::{
    AllowedAddresses, ParseAddresses, VaultTransitOptions, VaultTransitService,
};

use sops_engine::KeyServiceError;

use crate::SecretsError;

/// Says the same in the words of the key service.
fn key_service_error(key: String, error: SecretsError) -> KeyServiceError {
    match error {
        SecretsError::Denied { .. } | SecretsError::Rejected { .. } => KeyServiceError::Denied {
            key,
            source: error.into(),
        },
        SecretsError::Unavailable { .. } => KeyServiceError::Unavailable {
            key,
            source: error.into(),
        },
        other => KeyServiceError::Malformed {
            key,
            reason: other.to_string(),
        },
    }
}
