//! Master keys: what wraps the data key of a file, in every kind that a SOPS file can name.
//!
//! This module knows the kinds and how they are written down. Wrapping and unwrapping is the work
//! of a [`crate::KeyService`]; a kind that no service takes is still read and written unchanged.

use std::collections::BTreeMap;
use std::fmt;

/// One master key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MasterKey {
    /// An age recipient: X25519, SSH or a plugin's.
    Age(AgeRecipient),
    /// A key of AWS Key Management Service.
    AwsKms(AwsKmsKey),
    /// A transit key of HashiCorp Vault or OpenBao.
    VaultTransit(VaultTransitKey),
    /// An OpenPGP key.
    Pgp(PgpKey),
    /// A key of Google Cloud Key Management Service.
    GcpKms(GcpKmsKey),
    /// A key of Azure Key Vault.
    AzureKeyVault(AzureKeyVaultKey),
    /// A key of Huawei Cloud Key Management Service.
    HuaweiKms(HuaweiKmsKey),
}

/// The kind of a master key, named as SOPS names it in files and in `--decryption-order`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum KeyKind {
    /// `age`
    Age,
    /// `kms`
    AwsKms,
    /// `hc_vault`
    VaultTransit,
    /// `pgp`
    Pgp,
    /// `gcp_kms`
    GcpKms,
    /// `azure_kv`
    AzureKeyVault,
    /// `hckms`
    HuaweiKms,
}

/// An age recipient, as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgeRecipient {
    /// The recipient as it stands in the file, with an SSH key's comment if it has one.
    pub recipient: String,
}

/// A key of AWS KMS and how to reach it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AwsKmsKey {
    /// The ARN of a key or alias.
    pub arn: String,
    /// The role to assume first.
    pub role: Option<String>,
    /// The encryption context, which is authenticated with the data key.
    pub context: BTreeMap<String, String>,
    /// The profile of the shared AWS configuration; an empty one is none.
    pub aws_profile: Option<String>,
}

/// A transit key of HashiCorp Vault or OpenBao.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultTransitKey {
    /// The server, for example `https://vault.example.com:8200`.
    pub vault_address: String,
    /// The mount path of the transit engine.
    pub engine_path: String,
    /// The name of the key.
    pub key_name: String,
}

/// An OpenPGP key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PgpKey {
    /// The fingerprint.
    pub fingerprint: String,
}

/// A key of Google Cloud KMS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GcpKmsKey {
    /// `projects/…/locations/…/keyRings/…/cryptoKeys/…`
    pub resource_id: String,
}

/// A key of Azure Key Vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AzureKeyVaultKey {
    /// The vault's URL.
    pub vault_url: String,
    /// The key's name.
    pub name: String,
    /// The key's version.
    pub version: String,
}

/// A key of Huawei Cloud KMS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HuaweiKmsKey {
    /// `region:uuid`
    pub key_id: String,
}

/// A data key (or a group's share of it) wrapped by one master key, as a file holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedKey {
    /// The master key that wraps.
    pub key: MasterKey,
    /// The wrapped data key in the encoding of the kind (an age file, base64, a Vault string).
    pub enc: String,
    /// When it was wrapped, RFC 3339, as the file says; empty for age, which has no such field.
    pub created_at: String,
}

impl MasterKey {
    /// Returns the kind.
    pub fn kind(&self) -> KeyKind {
        match self {
            Self::Age(_) => KeyKind::Age,
            Self::AwsKms(_) => KeyKind::AwsKms,
            Self::VaultTransit(_) => KeyKind::VaultTransit,
            Self::Pgp(_) => KeyKind::Pgp,
            Self::GcpKms(_) => KeyKind::GcpKms,
            Self::AzureKeyVault(_) => KeyKind::AzureKeyVault,
            Self::HuaweiKms(_) => KeyKind::HuaweiKms,
        }
    }

    /// Returns the text by which messages, diffs and de-duplication know this key.
    pub fn identity(&self) -> String {
        match self {
            Self::Age(key) => key.recipient.clone(),
            Self::AwsKms(key) => key.identity(),
            Self::VaultTransit(key) => format!(
                "{}/v1/{}/keys/{}",
                key.vault_address, key.engine_path, key.key_name
            ),
            Self::Pgp(key) => key.fingerprint.clone(),
            Self::GcpKms(key) => key.resource_id.clone(),
            Self::AzureKeyVault(key) => {
                format!("{}/keys/{}/{}", key.vault_url, key.name, key.version)
            }
            Self::HuaweiKms(key) => key.key_id.clone(),
        }
    }
}

impl fmt::Display for MasterKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.identity())
    }
}

impl AwsKmsKey {
    fn identity(&self) -> String {
        let mut text = self.arn.clone();
        if let Some(role) = &self.role {
            text.push('+');
            text.push_str(role);
        }
        let profile = self.aws_profile.as_deref().unwrap_or_default();
        if !self.context.is_empty() || !profile.is_empty() {
            let pairs: Vec<String> = self
                .context
                .iter()
                .map(|(key, value)| format!("{key}:{value}"))
                .collect();
            text.push('|');
            text.push_str(&pairs.join(","));
        }
        if !profile.is_empty() {
            text.push('|');
            text.push_str(profile);
        }
        text
    }
}

impl KeyKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Age,
        Self::Pgp,
        Self::AwsKms,
        Self::GcpKms,
        Self::AzureKeyVault,
        Self::VaultTransit,
        Self::HuaweiKms,
    ];

    /// Returns the name used in files and in `--decryption-order`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Age => "age",
            Self::AwsKms => "kms",
            Self::VaultTransit => "hc_vault",
            Self::Pgp => "pgp",
            Self::GcpKms => "gcp_kms",
            Self::AzureKeyVault => "azure_kv",
            Self::HuaweiKms => "hckms",
        }
    }

    /// Returns the kind with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests;
