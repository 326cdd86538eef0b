//! The configuration file `.sops.yaml`: which keys and which rule a new file gets.
//!
//! Pure: the caller finds the file and says how the new file is called relative to it. A rule is
//! only read in full when it is the one that applies, so that a mistake in another rule does not
//! stop work.

use std::collections::BTreeMap;

use regex::Regex;

use crate::json::JsonIndent;
use crate::key_text::{AwsKeyOptions, ParseKeyError};
use crate::mac::MacScope;
use crate::scalar::Scalar;
use crate::selection::{RuleKind, SelectionRule, SelectionRuleError};
use crate::tree::{Element, Entry, Node};
use crate::verified::Indents;
use crate::yaml::YamlError;
use crate::yaml::site::Site;
use crate::yaml::to_tree;
use crate::{KeyKind, MasterKey};

/// A configuration file.
#[derive(Debug)]
pub struct Config {
    rules: Option<Vec<Node>>,
    sites: Vec<Site>,
    indents: Indents,
}

/// What applies to one new file.
#[derive(Debug, Clone)]
pub struct CreationRule {
    /// The master keys, by group.
    pub groups: Vec<Vec<MasterKey>>,
    /// How many groups must be opened; 0 stands for all.
    pub shamir_threshold: usize,
    /// Which leaves are encrypted, when the rule says.
    pub rule: Option<SelectionRule>,
    /// What the MAC covers.
    pub mac_scope: MacScope,
}

/// A configuration that cannot be used. Names the field.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// It is not valid YAML.
    #[error("the configuration is not valid YAML")]
    Yaml(#[source] YamlError),
    /// A field does not hold what it should.
    #[error("{field}{line}: {reason}", line = line.map_or(String::new(), |line| format!(" (line {line})")))]
    Field {
        /// Path of the field.
        field: String,
        /// Its line, from 1, when it is known.
        line: Option<usize>,
        /// What is wrong with it.
        reason: String,
    },
    /// A key is not well formed.
    #[error("invalid {field} key configuration")]
    Key {
        /// Path of the field.
        field: String,
        /// What is wrong with the key.
        #[source]
        source: ParseKeyError,
    },
    /// The selection rule cannot be used.
    #[error("{field} has an invalid selection rule")]
    Selection {
        /// Path of the rule.
        field: String,
        /// What is wrong with it.
        #[source]
        source: SelectionRuleError,
    },
    /// No rule applies.
    #[error("error loading config: no matching creation rules found")]
    NoMatch,
}

/// The flat key fields, in the order of the keys they give, with the fields' names.
const FLAT_FIELDS: [(KeyKind, &str); 7] = [
    (KeyKind::Age, "age"),
    (KeyKind::Pgp, "pgp"),
    (KeyKind::AwsKms, "kms"),
    (KeyKind::GcpKms, "gcp_kms"),
    (KeyKind::HuaweiKms, "hckms"),
    (KeyKind::AzureKeyVault, "azure_keyvault"),
    (KeyKind::VaultTransit, "hc_vault_transit_uri"),
];

impl Config {
    /// Reads a configuration.
    ///
    /// # Errors
    ///
    /// When it is not YAML, or its outline is wrong. Rules are read by [`Self::rule_for`].
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let mut read = to_tree::read(text).map_err(ConfigError::Yaml)?;
        let mut document = if read.tree.documents.is_empty() {
            Vec::new()
        } else {
            read.tree.documents.swap_remove(0)
        };
        let rules = match crate::tree::take(&mut document, "creation_rules") {
            None => None,
            Some(node) => match unaliased(node) {
                Node::Sequence(elements) => Some(
                    elements
                        .into_iter()
                        .filter_map(|element| match element {
                            Element::Node(node) => Some(unaliased(node)),
                            Element::Comment(_) => None,
                        })
                        .collect(),
                ),
                node if is_null(&node) => None,
                node => {
                    return Err(field_error(
                        "creation_rules",
                        &node,
                        &read.sites,
                        "is not a list",
                    ));
                }
            },
        };
        let stores = crate::tree::take(&mut document, "stores").map(unaliased);
        let indents = stores.map_or(Ok(Indents::default()), |stores| {
            read_indents(&stores, &read.sites)
        })?;
        Ok(Self {
            rules,
            sites: read.sites,
            indents,
        })
    }

    /// Returns the indentation of written files.
    pub fn indents(&self) -> Indents {
        self.indents
    }

    /// Returns the first rule that applies to a path relative to the configuration's folder;
    /// `None` when there are no rules at all. `aws` applies to flat AWS keys.
    ///
    /// # Errors
    ///
    /// When there are rules and none applies, or the one that does is not valid.
    pub fn rule_for(
        &self,
        path: &str,
        aws: &AwsKeyOptions,
    ) -> Result<Option<CreationRule>, ConfigError> {
        let Some(rules) = &self.rules else {
            return Ok(None);
        };
        for (index, rule) in rules.iter().enumerate() {
            let fields = Fields::new(rule, format!("creation_rules[{index}]"), &self.sites)?;
            let pattern = fields.text("path_regex")?.unwrap_or_default();
            let regex = Regex::new(&pattern).map_err(|error| {
                fields.error(
                    "path_regex",
                    format!("is not a valid regular expression: {error}"),
                )
            })?;
            if regex.is_match(path) {
                return read_rule(&fields, aws).map(Some);
            }
        }
        Err(ConfigError::NoMatch)
    }
}

fn read_rule(fields: &Fields<'_>, aws: &AwsKeyOptions) -> Result<CreationRule, ConfigError> {
    let groups = fields.list("key_groups")?;
    let groups = if groups.is_empty() {
        let mut profiled = aws.clone();
        if let Some(profile) = fields.text("aws_profile")? {
            profiled.profile = Some(profile);
        }
        let mut keys = Vec::new();
        for (kind, name) in FLAT_FIELDS {
            for text in fields.keys(name)? {
                keys.push(fields.key(kind, name, &text, &profiled)?);
            }
        }
        vec![keys]
    } else {
        groups
            .iter()
            .map(|group| read_group(group, 0))
            .collect::<Result<_, _>>()?
    };
    let mut selections = Vec::new();
    for kind in RuleKind::ALL {
        selections.push((kind, fields.text(kind.name())?.unwrap_or_default()));
    }
    let rule = SelectionRule::one_of(selections.iter().map(|(kind, text)| (*kind, text.as_str())))
        .map_err(|source| ConfigError::Selection {
            field: fields.path.clone(),
            source,
        })?;
    let shamir_threshold = match fields.text("shamir_threshold")? {
        None => 0,
        Some(text) => text
            .parse()
            .map_err(|_| fields.error("shamir_threshold", "is not a number".into()))?,
    };
    let mac_scope = match fields.text("mac_only_encrypted")?.as_deref() {
        Some("true") => MacScope::EncryptedValues,
        None | Some("false" | "") => MacScope::AllValues,
        Some(_) => return Err(fields.error("mac_only_encrypted", "is not a boolean".into())),
    };
    Ok(CreationRule {
        groups,
        shamir_threshold,
        rule,
        mac_scope,
    })
}

/// How deep groups may merge others.
const MERGE_DEPTH: usize = 50;

/// Reads a group: merged groups first, each key once.
fn read_group(fields: &Fields<'_>, depth: usize) -> Result<Vec<MasterKey>, ConfigError> {
    if depth > MERGE_DEPTH {
        return Err(fields.error("merge", "is nested too deeply".into()));
    }
    let mut keys = Vec::new();
    for merged in fields.list("merge")? {
        keys.extend(read_group(&merged, depth + 1)?);
    }
    let plain = AwsKeyOptions::default();
    for (kind, name) in [(KeyKind::Age, "age"), (KeyKind::Pgp, "pgp")] {
        for text in fields.keys(name)? {
            for item in text
                .split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty())
            {
                keys.push(fields.key(kind, name, item, &plain)?);
            }
        }
    }
    for key in fields.list("kms")? {
        let options = AwsKeyOptions {
            context: key.map("context")?,
            profile: key.text("aws_profile")?,
        };
        let mut text = key.text("arn")?.unwrap_or_default();
        if let Some(role) = key.text("role")? {
            text = format!("{text}+{role}");
        }
        keys.push(key.key(KeyKind::AwsKms, "arn", &text, &options)?);
    }
    for (kind, list, name) in [
        (KeyKind::GcpKms, "gcp_kms", "resource_id"),
        (KeyKind::HuaweiKms, "hckms", "key_id"),
    ] {
        for key in fields.list(list)? {
            let text = key.text(name)?.unwrap_or_default();
            keys.push(key.key(kind, name, &text, &plain)?);
        }
    }
    for key in fields.list("azure_keyvault")? {
        let mut text = format!(
            "{}/keys/{}",
            key.text("vaultUrl")?.unwrap_or_default(),
            key.text("key")?.unwrap_or_default()
        );
        if let Some(version) = key.text("version")? {
            text = format!("{text}/{version}");
        }
        keys.push(key.key(KeyKind::AzureKeyVault, "key", &text, &plain)?);
    }
    for text in fields.keys("hc_vault")? {
        keys.push(fields.key(KeyKind::VaultTransit, "hc_vault", &text, &plain)?);
    }
    let mut seen: Vec<(KeyKind, String)> = Vec::new();
    keys.retain(|key| {
        let identity = (key.kind(), key.identity());
        let fresh = !seen.contains(&identity);
        seen.push(identity);
        fresh
    });
    Ok(keys)
}

fn read_indents(stores: &Node, sites: &[Site]) -> Result<Indents, ConfigError> {
    let stores = Fields::new(stores, "stores".into(), sites)?;
    let indent = |store: &str| -> Result<Option<i64>, ConfigError> {
        let Some(node) = stores.find(store) else {
            return Ok(None);
        };
        if is_null(node) {
            return Ok(None);
        }
        let fields = Fields::new(node, format!("stores.{store}"), sites)?;
        match fields.text("indent")? {
            None => Ok(None),
            Some(text) => text
                .parse()
                .map(Some)
                .map_err(|_| fields.error("indent", "is not a number".into())),
        }
    };
    let mut indents = Indents::default();
    if let Some(width) = indent("yaml")? {
        indents.yaml = usize::try_from(width).map_err(|_| ConfigError::Field {
            field: "stores.yaml.indent".into(),
            line: None,
            reason: "is negative".into(),
        })?;
    }
    if let Some(width) = indent("json")? {
        indents.json = usize::try_from(width).map_or(JsonIndent::Tab, JsonIndent::Blanks);
    }
    Ok(indents)
}

fn unaliased(node: Node) -> Node {
    match node {
        Node::Alias { copy, .. } => unaliased(*copy),
        node @ (Node::Mapping(_) | Node::Sequence(_) | Node::Leaf(_)) => node,
    }
}

fn is_null(node: &Node) -> bool {
    matches!(node.resolved(), Node::Leaf(leaf) if leaf.value == Scalar::Null)
}

fn field_error(field: &str, node: &Node, sites: &[Site], reason: &str) -> ConfigError {
    ConfigError::Field {
        field: field.to_owned(),
        line: first_line(node, sites),
        reason: reason.to_owned(),
    }
}

/// The line of the first scalar of a value.
fn first_line(node: &Node, sites: &[Site]) -> Option<usize> {
    match node {
        Node::Leaf(leaf) => leaf
            .site
            .and_then(|site| sites.get(site as usize))
            .map(|site| site.line),
        Node::Alias { site, .. } => site
            .and_then(|site| sites.get(site as usize))
            .map(|site| site.line),
        Node::Mapping(entries) => entries.iter().find_map(|entry| match entry {
            Entry::Pair { value, .. } => first_line(value, sites),
            Entry::Comment(_) => None,
        }),
        Node::Sequence(elements) => elements.iter().find_map(|element| match element {
            Element::Node(node) => first_line(node, sites),
            Element::Comment(_) => None,
        }),
    }
}

/// The fields of one mapping, with the path by which errors name it.
struct Fields<'a> {
    entries: &'a [Entry],
    path: String,
    sites: &'a [Site],
}

impl<'a> Fields<'a> {
    fn new(node: &'a Node, path: String, sites: &'a [Site]) -> Result<Self, ConfigError> {
        match node.resolved() {
            Node::Mapping(entries) => Ok(Self {
                entries,
                path,
                sites,
            }),
            _ if is_null(node) => Ok(Self {
                entries: &[],
                path,
                sites,
            }),
            _ => Err(field_error(&path, node, sites, "is not a mapping")),
        }
    }

    fn find(&self, name: &str) -> Option<&'a Node> {
        self.entries.iter().find_map(|entry| match entry {
            Entry::Pair { key, value } if key.text == name => Some(value),
            Entry::Pair { .. } | Entry::Comment(_) => None,
        })
    }

    fn error(&self, name: &str, reason: String) -> ConfigError {
        ConfigError::Field {
            field: format!("{}.{name}", self.path),
            line: self
                .find(name)
                .and_then(|node| first_line(node, self.sites)),
            reason,
        }
    }

    fn key(
        &self,
        kind: KeyKind,
        name: &str,
        text: &str,
        aws: &AwsKeyOptions,
    ) -> Result<MasterKey, ConfigError> {
        MasterKey::parse(kind, text, aws).map_err(|source| ConfigError::Key {
            field: format!("{}.{name}", self.path),
            source,
        })
    }

    /// Returns a scalar as text; an absent one, null and an empty one are `None`.
    fn text(&self, name: &str) -> Result<Option<String>, ConfigError> {
        let Some(node) = self.find(name) else {
            return Ok(None);
        };
        let Node::Leaf(leaf) = node.resolved() else {
            return Err(self.error(name, "is not text".into()));
        };
        let text = match &leaf.value {
            Scalar::Null => return Ok(None),
            // EXPOSE: the configuration is not secret.
            Scalar::Text(text) => text.expose_str().unwrap_or_default().to_owned(),
            Scalar::Bool(flag) => flag.to_string(),
            value => crate::yaml::emit::typed(value),
        };
        Ok(Some(text).filter(|text| !text.is_empty()))
    }

    /// Returns keys given as a comma list, or as a list whose items are taken as they are.
    fn keys(&self, name: &str) -> Result<Vec<String>, ConfigError> {
        let Some(node) = self.find(name).map(Node::resolved) else {
            return Ok(Vec::new());
        };
        let Node::Sequence(elements) = node else {
            let text = self.text(name)?.unwrap_or_default();
            let items = text
                .split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty());
            return Ok(items.map(ToOwned::to_owned).collect());
        };
        let mut keys = Vec::new();
        for element in elements {
            let Element::Node(node) = element else {
                continue;
            };
            match node.resolved() {
                Node::Leaf(leaf) if matches!(leaf.value, Scalar::Text(_)) => {
                    if let Scalar::Text(text) = &leaf.value {
                        // EXPOSE: the configuration is not secret.
                        keys.push(text.expose_str().unwrap_or_default().to_owned());
                    }
                }
                _ => {
                    return Err(self.error(
                        name,
                        format!("invalid {name} key configuration: expected text"),
                    ));
                }
            }
        }
        Ok(keys)
    }

    fn list(&self, name: &str) -> Result<Vec<Fields<'a>>, ConfigError> {
        let Some(node) = self.find(name).filter(|node| !is_null(node)) else {
            return Ok(Vec::new());
        };
        let Node::Sequence(elements) = node.resolved() else {
            return Err(self.error(name, "is not a list".into()));
        };
        elements
            .iter()
            .filter_map(|element| match element {
                Element::Node(node) => Some(node),
                Element::Comment(_) => None,
            })
            .enumerate()
            .map(|(index, node)| {
                Fields::new(node, format!("{}.{name}[{index}]", self.path), self.sites)
            })
            .collect()
    }

    fn map(&self, name: &str) -> Result<BTreeMap<String, String>, ConfigError> {
        let Some(node) = self.find(name).filter(|node| !is_null(node)) else {
            return Ok(BTreeMap::new());
        };
        let fields = Fields::new(node, format!("{}.{name}", self.path), self.sites)?;
        let mut map = BTreeMap::new();
        for entry in fields.entries {
            if let Entry::Pair { key, .. } = entry {
                let value = fields.text(&key.text)?.unwrap_or_default();
                map.insert(key.text.clone(), value);
            }
        }
        Ok(map)
    }
}

#[cfg(test)]
mod tests;
