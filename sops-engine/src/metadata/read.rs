//! Reads the `sops` block, whatever format it stood in.
//!
//! The block is read leniently, as files of every age and hand need it: names match without
//! regard to case, unknown fields are ignored, a number may be text and the reverse, a single
//! mapping may stand for a list of one.

use std::collections::BTreeMap;

use super::{KeyGroup, Metadata};
use crate::mac::MacScope;
use crate::master_key::{
    AgeRecipient, AwsKmsKey, AzureKeyVaultKey, GcpKmsKey, HuaweiKmsKey, MasterKey, PgpKey,
    VaultTransitKey, WrappedKey,
};
use crate::scalar::{Scalar, float_bytes, time::normalise_rfc3339_seconds};
use crate::selection::{RuleKind, SelectionRule, SelectionRuleError};
use crate::tree::{Element, Entry, Node};

/// Why the `sops` block cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MetadataError {
    /// There is no `sops` block.
    #[error("sops metadata not found")]
    NotFound,
    /// `sops` is not a mapping.
    #[error("the entry named \"sops\" does not hold metadata")]
    NotMetadata,
    /// No master key is named.
    #[error("No keys found in file")]
    NoKeys,
    /// A field does not hold what it should.
    #[error("metadata field {field:?} {problem}")]
    Field {
        /// The field.
        field: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The selection rule cannot be used.
    #[error("metadata holds an invalid selection rule")]
    Rule(#[source] SelectionRuleError),
}

/// The fields of one mapping of the block, by lower-case name.
pub(crate) struct MetadataFields<'a>(BTreeMap<String, &'a Node>);

impl<'a> MetadataFields<'a> {
    pub(crate) fn of(node: &'a Node) -> Option<Self> {
        let Node::Mapping(entries) = node.resolved() else {
            return None;
        };
        let mut fields = BTreeMap::new();
        for entry in entries {
            if let Entry::Pair { key, value } = entry {
                fields.insert(key.text.to_lowercase(), value);
            }
        }
        Some(Self(fields))
    }

    /// Returns a scalar as text; an absent one and null are empty.
    pub(crate) fn text(&self, name: &str) -> Result<String, MetadataError> {
        let Some(node) = self.0.get(name) else {
            return Ok(String::new());
        };
        scalar_text(node).ok_or_else(|| MetadataError::Field {
            field: name.to_owned(),
            problem: "is not text",
        })
    }

    fn list(&self, name: &str) -> Result<Vec<MetadataFields<'a>>, MetadataError> {
        let wrong = || MetadataError::Field {
            field: name.to_owned(),
            problem: "is not a list of mappings",
        };
        match self.0.get(name).map(|node| node.resolved()) {
            None => Ok(Vec::new()),
            Some(Node::Leaf(leaf)) if leaf.value == Scalar::Null => Ok(Vec::new()),
            Some(Node::Leaf(_) | Node::Alias { .. }) => Err(wrong()),
            Some(node @ Node::Mapping(_)) => Ok(MetadataFields::of(node).into_iter().collect()),
            Some(Node::Sequence(elements)) => elements
                .iter()
                .filter_map(|element| match element {
                    Element::Node(node) => Some(node),
                    Element::Comment(_) => None,
                })
                .map(|node| MetadataFields::of(node).ok_or_else(wrong))
                .collect(),
        }
    }

    fn time(&self, name: &str) -> Result<String, MetadataError> {
        let text = self.text(name)?;
        if normalise_rfc3339_seconds(&text).is_none() {
            return Err(MetadataError::Field {
                field: name.to_owned(),
                problem: "is not a time in RFC 3339 form",
            });
        }
        Ok(text)
    }
}

impl Metadata {
    pub(crate) fn read(block: Option<&Node>) -> Result<Self, MetadataError> {
        let block = block.ok_or(MetadataError::NotFound)?;
        let fields = MetadataFields::of(block).ok_or(MetadataError::NotMetadata)?;
        let version = fields.text("version")?;
        check_version(&version)?;
        let last_modified =
            normalise_rfc3339_seconds(&fields.time("lastmodified")?).unwrap_or_default();
        let threshold = fields.text("shamir_threshold")?;
        let shamir_threshold = match &*threshold {
            "" => 0,
            text => text.parse().map_err(|_| MetadataError::Field {
                field: "shamir_threshold".into(),
                problem: "is not a number",
            })?,
        };
        let mac_scope = match &*fields.text("mac_only_encrypted")?.to_lowercase() {
            "true" | "1" => MacScope::EncryptedValues,
            "" | "false" | "0" => MacScope::AllValues,
            _ => {
                return Err(MetadataError::Field {
                    field: "mac_only_encrypted".into(),
                    problem: "is not a boolean",
                });
            }
        };
        Ok(Self {
            groups: read_groups(&fields)?,
            shamir_threshold,
            last_modified,
            mac: fields.text("mac")?,
            mac_scope,
            rule: read_rule(&fields)?,
            version,
        })
    }
}

/// A version must be one that can be compared with others.
fn check_version(version: &str) -> Result<(), MetadataError> {
    let numbers = version.strip_prefix('v').unwrap_or(version);
    let core = numbers.split(['-', '+']).next().unwrap_or_default();
    let valid = core.split('.').count() == 3
        && core
            .split('.')
            .all(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()));
    if valid || version.starts_with("1.") {
        return Ok(());
    }
    Err(MetadataError::Field {
        field: "version".into(),
        problem: "is missing or not a semantic version",
    })
}

fn read_rule(fields: &MetadataFields<'_>) -> Result<SelectionRule, MetadataError> {
    let mut given = Vec::new();
    for kind in RuleKind::ALL {
        given.push((kind, fields.text(kind.name())?));
    }
    let rule = SelectionRule::one_of(given.iter().map(|(kind, text)| (*kind, text.as_str())))
        .map_err(MetadataError::Rule)?;
    Ok(rule.unwrap_or_default())
}

fn read_groups(fields: &MetadataFields<'_>) -> Result<Vec<KeyGroup>, MetadataError> {
    let only = read_group(fields)?;
    if !only.keys.is_empty() {
        return Ok(vec![only]);
    }
    let groups: Vec<KeyGroup> = fields
        .list("key_groups")?
        .iter()
        .map(read_group)
        .collect::<Result<_, _>>()?;
    if groups.iter().all(|group| group.keys.is_empty()) {
        return Err(MetadataError::NoKeys);
    }
    Ok(groups)
}

/// The order of kinds inside a group is fixed, whatever the order of the fields.
fn read_group(fields: &MetadataFields<'_>) -> Result<KeyGroup, MetadataError> {
    let mut keys = Vec::new();
    for entry in fields.list("kms")? {
        let key = AwsKmsKey {
            arn: entry.text("arn")?,
            role: Some(entry.text("role")?).filter(|role| !role.is_empty()),
            context: read_context(&entry),
            aws_profile: Some(entry.text("aws_profile")?).filter(|name| !name.is_empty()),
        };
        keys.push(read_wrapped(&entry, MasterKey::AwsKms(key))?);
    }
    for entry in fields.list("gcp_kms")? {
        let resource_id = entry.text("resource_id")?;
        keys.push(read_wrapped(
            &entry,
            MasterKey::GcpKms(GcpKmsKey { resource_id }),
        )?);
    }
    for entry in fields.list("hckms")? {
        let key_id = entry.text("key_id")?;
        if !key_id.contains(':') {
            return Err(MetadataError::Field {
                field: "key_id".into(),
                problem: "does not name a region",
            });
        }
        keys.push(read_wrapped(
            &entry,
            MasterKey::HuaweiKms(HuaweiKmsKey { key_id }),
        )?);
    }
    for entry in fields.list("azure_kv")? {
        let key = AzureKeyVaultKey {
            vault_url: entry.text("vault_url")?,
            name: entry.text("name")?,
            version: entry.text("version")?,
        };
        keys.push(read_wrapped(&entry, MasterKey::AzureKeyVault(key))?);
    }
    for entry in fields.list("hc_vault")? {
        let key = VaultTransitKey {
            vault_address: entry.text("vault_address")?,
            engine_path: entry.text("engine_path")?,
            key_name: entry.text("key_name")?,
        };
        keys.push(read_wrapped(&entry, MasterKey::VaultTransit(key))?);
    }
    for entry in fields.list("pgp")? {
        let fingerprint = entry.text("fp")?;
        keys.push(read_wrapped(
            &entry,
            MasterKey::Pgp(PgpKey { fingerprint }),
        )?);
    }
    for entry in fields.list("age")? {
        let recipient = entry.text("recipient")?;
        keys.push(WrappedKey {
            key: MasterKey::Age(AgeRecipient { recipient }),
            enc: entry.text("enc")?,
            created_at: String::new(),
        });
    }
    Ok(KeyGroup { keys })
}

fn read_wrapped(entry: &MetadataFields<'_>, key: MasterKey) -> Result<WrappedKey, MetadataError> {
    Ok(WrappedKey {
        key,
        enc: entry.text("enc")?,
        created_at: entry.time("created_at")?,
    })
}

fn read_context(entry: &MetadataFields<'_>) -> BTreeMap<String, String> {
    let Some(Node::Mapping(entries)) = entry.0.get("context").map(|node| node.resolved()) else {
        return BTreeMap::new();
    };
    entries
        .iter()
        .filter_map(|entry| match entry {
            Entry::Pair { key, value } => Some((key.text.clone(), scalar_text(value)?)),
            Entry::Comment(_) => None,
        })
        .collect()
}

fn scalar_text(node: &Node) -> Option<String> {
    let Node::Leaf(leaf) = node.resolved() else {
        return None;
    };
    Some(match &leaf.value {
        Scalar::Null => String::new(),
        // EXPOSE: metadata is not secret.
        Scalar::Text(text) => text.expose_str().ok()?.to_owned(),
        Scalar::Int(number) => number.to_string(),
        Scalar::Unsigned(number) => number.to_string(),
        Scalar::Float(number) => float_bytes(*number),
        Scalar::Bool(flag) => flag.to_string(),
        Scalar::Time(text) => text.clone(),
    })
}
