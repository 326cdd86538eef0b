//! Master keys from flags and from the variables that stand for them.

use std::collections::BTreeMap;

use sops_engine::{AwsKeyOptions, KeyKind, MasterKey};

use super::error::Error;
use super::flags::Keys;
use crate::Environment;

/// Returns the options of AWS keys.
pub(super) fn aws_options(keys: &Keys) -> Result<AwsKeyOptions, Error> {
    let mut context = BTreeMap::new();
    if let Some(text) = keys
        .encryption_context
        .as_deref()
        .filter(|text| !text.is_empty())
    {
        for item in text.split(',') {
            let mut parts = item.split(':');
            let (Some(key), Some(value), None) = (parts.next(), parts.next(), parts.next()) else {
                return Err(Error::usage(
                    6,
                    "error: KMS encryption context must hold key:value pairs separated by commas",
                ));
            };
            context.insert(key.to_owned(), value.to_owned());
        }
    }
    Ok(AwsKeyOptions {
        context,
        profile: keys.aws_profile.clone(),
    })
}

/// Returns the one group of keys that is given; `None` when none is, so that the configuration
/// decides.
pub(super) fn given(
    keys: &Keys,
    environment: &Environment,
    aws: &AwsKeyOptions,
) -> Result<Option<Vec<MasterKey>>, Error> {
    let sources = [
        (KeyKind::AwsKms, &keys.kms, "SOPS_KMS_ARN"),
        (KeyKind::GcpKms, &keys.gcp_kms, "SOPS_GCP_KMS_IDS"),
        (KeyKind::HuaweiKms, &keys.hckms, "SOPS_HUAWEICLOUD_KMS_IDS"),
        (
            KeyKind::AzureKeyVault,
            &keys.azure_kv,
            "SOPS_AZURE_KEYVAULT_URLS",
        ),
        (
            KeyKind::VaultTransit,
            &keys.hc_vault_transit,
            "SOPS_VAULT_URIS",
        ),
        (KeyKind::Pgp, &keys.pgp, "SOPS_PGP_FP"),
        (KeyKind::Age, &keys.age, "SOPS_AGE_RECIPIENTS"),
    ];
    let mut group = Vec::new();
    for (kind, flag, variable) in sources {
        let text = flag.as_deref().or_else(|| environment.variable(variable));
        for item in text
            .filter(|text| !text.is_empty())
            .into_iter()
            .flat_map(|t| t.split(','))
        {
            let key = MasterKey::parse(kind, item, aws)
                .map_err(|error| Error::usage(1, error.to_string()))?;
            group.push(key);
        }
    }
    Ok((!group.is_empty()).then_some(group))
}
