//! Writes the `sops` block: fields sorted by name at every level, what is empty left out unless
//! the format always has it.

use super::{KeyGroup, Metadata};
use crate::mac::MacScope;
use crate::master_key::{MasterKey, WrappedKey};
use crate::scalar::Scalar;
use crate::tree::{Element, Entry, Leaf, Node};

impl Metadata {
    /// Returns the block as the entries of a mapping.
    pub(crate) fn write(&self) -> Vec<Entry> {
        let mut fields = Vec::new();
        match &*self.groups {
            [only] => fields.extend(write_group(only)),
            groups => fields.push(("key_groups", write_groups(groups))),
        }
        fields.push(("lastmodified", Node::text(&*self.last_modified)));
        fields.push(("mac", Node::text(&*self.mac)));
        if self.mac_scope == MacScope::EncryptedValues {
            fields.push((
                "mac_only_encrypted",
                Node::Leaf(Leaf::new(Scalar::Bool(true))),
            ));
        }
        if self.shamir_threshold > 0 {
            let threshold = i64::try_from(self.shamir_threshold).unwrap_or(i64::MAX);
            fields.push((
                "shamir_threshold",
                Node::Leaf(Leaf::new(Scalar::Int(threshold))),
            ));
        }
        if !self.rule.text().is_empty() {
            fields.push((self.rule.kind().name(), Node::text(self.rule.text())));
        }
        fields.push(("version", Node::text(&*self.version)));
        sorted(fields)
    }
}

fn sorted(mut fields: Vec<(&str, Node)>) -> Vec<Entry> {
    fields.sort_by_key(|(name, _)| *name);
    fields
        .into_iter()
        .map(|(name, node)| Entry::pair(name, node))
        .collect()
}

/// The non-empty lists of the only group.
fn write_group(group: &KeyGroup) -> Vec<(&'static str, Node)> {
    let mut lists: Vec<(&'static str, Vec<Element>)> = Vec::new();
    for key in &group.keys {
        let name = key.key.kind().name();
        let element = Element::Node(Node::Mapping(sorted(write_key(key))));
        match lists.iter_mut().find(|(listed, _)| *listed == name) {
            Some((_, elements)) => elements.push(element),
            None => lists.push((name, vec![element])),
        }
    }
    lists
        .into_iter()
        .map(|(name, elements)| (name, Node::Sequence(elements)))
        .collect()
}

/// Inside several groups two kinds are written even when they are empty.
fn write_groups(groups: &[KeyGroup]) -> Node {
    let write = |group| {
        let mut lists = write_group(group);
        for always in ["age", "hc_vault"] {
            if !lists.iter().any(|(name, _)| *name == always) {
                lists.push((always, Node::Sequence(Vec::new())));
            }
        }
        Element::Node(Node::Mapping(sorted(lists)))
    };
    Node::Sequence(groups.iter().map(write).collect())
}

fn write_key(wrapped: &WrappedKey) -> Vec<(&'static str, Node)> {
    let mut fields = vec![("enc", Node::text(&*wrapped.enc))];
    if !matches!(wrapped.key, MasterKey::Age(_)) {
        fields.push(("created_at", Node::text(&*wrapped.created_at)));
    }
    match &wrapped.key {
        MasterKey::Age(key) => fields.push(("recipient", Node::text(&*key.recipient))),
        MasterKey::AwsKms(key) => {
            fields.push(("arn", Node::text(&*key.arn)));
            let profile = key.aws_profile.as_deref().unwrap_or_default();
            fields.push(("aws_profile", Node::text(profile)));
            if let Some(role) = &key.role {
                fields.push(("role", Node::text(&**role)));
            }
            if !key.context.is_empty() {
                let context = key
                    .context
                    .iter()
                    .map(|(name, value)| Entry::pair(name, Node::text(&**value)));
                fields.push(("context", Node::Mapping(context.collect())));
            }
        }
        MasterKey::VaultTransit(key) => {
            fields.push(("vault_address", Node::text(&*key.vault_address)));
            fields.push(("engine_path", Node::text(&*key.engine_path)));
            fields.push(("key_name", Node::text(&*key.key_name)));
        }
        MasterKey::Pgp(key) => fields.push(("fp", Node::text(&*key.fingerprint))),
        MasterKey::GcpKms(key) => fields.push(("resource_id", Node::text(&*key.resource_id))),
        MasterKey::AzureKeyVault(key) => {
            fields.push(("vault_url", Node::text(&*key.vault_url)));
            fields.push(("name", Node::text(&*key.name)));
            fields.push(("version", Node::text(&*key.version)));
        }
        MasterKey::HuaweiKms(key) => fields.push(("key_id", Node::text(&*key.key_id))),
    }
    fields
}
