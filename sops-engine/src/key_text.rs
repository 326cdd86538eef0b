//! Master keys as people write them: in flags, variables and the configuration.

use std::collections::BTreeMap;

use crate::master_key::{
    AgeRecipient, AwsKmsKey, AzureKeyVaultKey, GcpKmsKey, HuaweiKmsKey, KeyKind, MasterKey, PgpKey,
    VaultTransitKey,
};

/// What AWS keys take besides their ARN.
#[derive(Debug, Clone, Default)]
pub struct AwsKeyOptions {
    /// The encryption context.
    pub context: BTreeMap<String, String>,
    /// The profile of the shared configuration.
    pub profile: Option<String>,
}

/// A text that is no master key of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a valid {kind} key: {reason}")]
pub struct ParseKeyError {
    /// The kind that was asked for.
    pub kind: KeyKind,
    /// The text.
    pub text: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl MasterKey {
    /// Reads one key of a kind.
    ///
    /// # Errors
    ///
    /// When the text does not have the form of such a key.
    pub fn parse(kind: KeyKind, text: &str, aws: &AwsKeyOptions) -> Result<Self, ParseKeyError> {
        let wrong = |reason| ParseKeyError {
            kind,
            text: text.to_owned(),
            reason,
        };
        let packed = || text.replace(' ', "");
        Ok(match kind {
            KeyKind::Age => {
                let recipient = text.trim().to_owned();
                if recipient.is_empty() {
                    return Err(wrong("it is empty"));
                }
                Self::Age(AgeRecipient { recipient })
            }
            KeyKind::Pgp => Self::Pgp(PgpKey {
                fingerprint: packed(),
            }),
            KeyKind::AwsKms => Self::AwsKms(aws_key(&packed(), aws)),
            KeyKind::GcpKms => Self::GcpKms(GcpKmsKey {
                resource_id: packed(),
            }),
            KeyKind::HuaweiKms => {
                let key_id = text.trim().to_owned();
                if !key_id.contains(':') {
                    return Err(wrong("it has no region"));
                }
                Self::HuaweiKms(HuaweiKmsKey { key_id })
            }
            KeyKind::AzureKeyVault => azure_key(text.trim())
                .map(Self::AzureKeyVault)
                .ok_or_else(|| wrong("it is no key URL"))?,
            KeyKind::VaultTransit => vault_key(text.trim())
                .map(Self::VaultTransit)
                .ok_or_else(|| wrong("it is not of the form <address>/v1/<engine>/keys/<name>"))?,
        })
    }
}

fn aws_key(text: &str, options: &AwsKeyOptions) -> AwsKmsKey {
    let (arn, role) = match text.find("+arn:") {
        Some(at) => (
            text.get(..at).unwrap_or_default(),
            text.get(at + 1..).map(ToOwned::to_owned),
        ),
        None => (text, None),
    };
    AwsKmsKey {
        arn: arn.to_owned(),
        role,
        context: options.context.clone(),
        aws_profile: options.profile.clone().filter(|name| !name.is_empty()),
    }
}

/// `https://<host>/keys/<name>[/<version>]`
fn azure_key(text: &str) -> Option<AzureKeyVaultKey> {
    let rest = text.strip_prefix("https://")?;
    let (host, rest) = rest.split_once("/keys/")?;
    let (name, version) = rest.split_once('/').unwrap_or((rest, ""));
    let valid =
        !host.is_empty() && !host.contains('/') && !name.is_empty() && !version.contains('/');
    valid.then(|| AzureKeyVaultKey {
        vault_url: format!("https://{host}"),
        name: name.to_owned(),
        version: version.to_owned(),
    })
}

/// `<scheme>://<host>[:port]/v1/<engine path>/keys/<name>`
fn vault_key(text: &str) -> Option<VaultTransitKey> {
    let (scheme, rest) = text.split_once("://")?;
    let (host, path) = rest.split_once('/')?;
    let (version, path) = path.split_once('/')?;
    let number = version.strip_prefix('v')?;
    let (engine_path, key_name) = path.trim_end_matches('/').rsplit_once("/keys/")?;
    let valid = !host.is_empty()
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && !engine_path.is_empty()
        && !key_name.is_empty()
        && !key_name.contains('/');
    valid.then(|| VaultTransitKey {
        vault_address: format!("{scheme}://{host}"),
        engine_path: engine_path.to_owned(),
        key_name: key_name.to_owned(),
    })
}

#[cfg(test)]
mod tests;
