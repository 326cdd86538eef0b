//! What one repository asks for, as a model that can say at any quiet moment what is wrong in the
//! cluster.

use std::collections::BTreeMap;
use std::path::Path;

use components::{Kwok, OpenBao};
use e2e::{Dice, Seen, World};
use serde_json::{Value, json};

use crate::encrypted::{AgeKey, Sops, encrypt, secret_file};
use crate::sealed::{seal, secret, value};
use crate::tenant::config_map;

/// The unit's folder.
pub(crate) const FOLDER: &str = "apps";

/// The key under which every Secret has its value.
const KEY: &str = "password";

/// How an object comes to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    ConfigMap,
    Deployment,
    /// A Secret of the same name, from a SealedSecret.
    Sealed,
    /// A Secret of the same name, from an ExternalSecret.
    External,
    /// A Secret from an encrypted file.
    Encrypted,
}

impl Kind {
    pub(crate) const ALL: [Self; 5] = [
        Self::ConfigMap,
        Self::Deployment,
        Self::Sealed,
        Self::External,
        Self::Encrypted,
    ];

    /// Returns how names of the kind begin.
    fn prefix(self) -> &'static str {
        match self {
            Self::ConfigMap => "map-",
            Self::Deployment => "app-",
            Self::Sealed => "sealed-",
            Self::External => "external-",
            Self::Encrypted => "encrypted-",
        }
    }

    /// Returns the kinds of the objects in the cluster.
    fn objects(self) -> &'static [&'static str] {
        match self {
            Self::ConfigMap => &["ConfigMap"],
            Self::Deployment => &["Deployment"],
            Self::Sealed => &["SealedSecret", "Secret"],
            Self::External => &["ExternalSecret", "Secret"],
            Self::Encrypted => &["Secret"],
        }
    }
}

/// Who makes what the repository holds.
pub(crate) struct Makers<'a> {
    pub(crate) world: &'a World,
    pub(crate) namespace: &'a str,
    pub(crate) certificate: &'a Path,
    pub(crate) age: &'a AgeKey,
    pub(crate) vault: &'a OpenBao,
}

/// What the repository asks for: by name, the kind and the value.
#[derive(Debug, Clone, Default)]
pub(crate) struct Estate {
    pub(crate) items: BTreeMap<String, Item>,
    /// Every value that an object ever was to have.
    ever: BTreeMap<String, Vec<String>>,
    serial: u64,
}

/// One object.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) kind: Kind,
    pub(crate) value: String,
}

impl Estate {
    /// Adds an object and returns its file.
    pub(crate) fn add(&mut self, kind: Kind, makers: &Makers<'_>) -> (String, String) {
        self.serial += 1;
        let name = format!("{}{}", kind.prefix(), self.serial);
        self.set(&name, kind, makers)
    }

    /// Gives an object another value and returns its file.
    pub(crate) fn change(&mut self, name: &str, makers: &Makers<'_>) -> (String, String) {
        let kind = self.items[name].kind;
        self.set(name, kind, makers)
    }

    /// Takes an object out and returns its file's path.
    pub(crate) fn remove(&mut self, name: &str) -> String {
        self.items.remove(name);
        path(name)
    }

    /// Notes that the value of an ExternalSecret is another one at its source.
    pub(crate) fn rotate(&mut self, name: &str, vault: &OpenBao) {
        let value = self.next_value(name);
        put(vault, name, &value);
        self.note(name, Kind::External, value);
    }

    /// Returns the name of one object of a kind, when there is one.
    pub(crate) fn one_of(&self, kind: Kind, dice: &mut Dice) -> Option<String> {
        let names: Vec<&String> = self
            .items
            .iter()
            .filter(|(_, item)| item.kind == kind)
            .map(|(name, _)| name)
            .collect();
        dice.one_of(&names).map(|name| (*name).clone())
    }

    fn set(&mut self, name: &str, kind: Kind, makers: &Makers<'_>) -> (String, String) {
        let value = self.next_value(name);
        let text = text(name, kind, &value, makers);
        self.note(name, kind, value);
        (path(name), text)
    }

    fn next_value(&mut self, name: &str) -> String {
        let so_far = self.ever.get(name).map_or(0, Vec::len);
        format!("value-{so_far}-of-{name}")
    }

    fn note(&mut self, name: &str, kind: Kind, value: String) {
        let ever = self.ever.entry(name.to_owned()).or_default();
        ever.push(value.clone());
        self.items.insert(name.to_owned(), Item { kind, value });
    }

    /// Says what in the namespace is not as the repository wants it.
    pub(crate) fn wrong(&self, world: &World, namespace: &str) -> Vec<String> {
        let mut wrong = Vec::new();
        let lists: BTreeMap<&str, Vec<Value>> = ["ConfigMap", "Deployment", "SealedSecret"]
            .into_iter()
            .chain(["ExternalSecret", "Secret"])
            .map(|kind| (kind, world.list(kind, namespace)))
            .collect();
        for (name, item) in &self.items {
            for kind in item.kind.objects() {
                let found = lists[kind].iter().find(|object| name_of(object) == *name);
                match found {
                    None => wrong.push(format!("{kind} {name} is missing")),
                    Some(object) => match value_of(kind, object) {
                        Some(found) if found != item.value => wrong.push(format!(
                            "{kind} {name} has {found:?} and not {:?}",
                            item.value
                        )),
                        _ => {}
                    },
                }
            }
        }
        for (kind, objects) in &lists {
            for name in objects.iter().map(name_of) {
                let is_ours = Kind::ALL
                    .into_iter()
                    .any(|kind| name.starts_with(kind.prefix()));
                if is_ours && !self.items.contains_key(name) {
                    wrong.push(format!("{kind} {name} is left over"));
                }
            }
        }
        wrong
    }

    /// Says which versions of objects should never have been seen: a Secret without its value or
    /// with one it never was to have, and the deletion of anything that is still asked for.
    ///
    /// `deleted` holds what the scenario deleted itself.
    pub(crate) fn never(&self, seen: &[Seen], deleted: &[(String, String)]) -> Vec<String> {
        let mut never = Vec::new();
        for Seen { change, object } in seen {
            let (kind, name) = (object["kind"].as_str().unwrap_or_default(), name_of(object));
            let Some(ever) = self.ever.get(name) else {
                continue;
            };
            if change == "DELETED" {
                let by_us = deleted
                    .iter()
                    .any(|(known, deleted)| known == kind && deleted == name);
                if self.items.contains_key(name) && !by_us {
                    never.push(format!("{kind} {name} was deleted"));
                }
            } else if kind == "Secret" {
                match value_of(kind, object) {
                    Some(value) if ever.contains(&value) => {}
                    value => never.push(format!("Secret {name} had {value:?}")),
                }
            }
        }
        never
    }
}

fn path(name: &str) -> String {
    format!("{FOLDER}/{name}.yaml")
}

fn name_of(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

/// Returns the value an object carries; none where the kind carries it sealed or by reference.
fn value_of(kind: &str, object: &Value) -> Option<String> {
    match kind {
        "ConfigMap" => Some(
            object["data"]["key"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        ),
        "Deployment" => {
            let value = &object["metadata"]["annotations"]["value"];
            Some(value.as_str().unwrap_or_default().to_owned())
        }
        "Secret" => Some(value(object, KEY)),
        _ => None,
    }
}

fn put(vault: &OpenBao, name: &str, value: &str) {
    vault
        .put_secret(&format!("estate/{name}"), &json!({KEY: value}))
        .expect("it is written");
}

fn text(name: &str, kind: Kind, value: &str, makers: &Makers<'_>) -> String {
    match kind {
        Kind::ConfigMap => config_map(name, value),
        Kind::Deployment => deployment(name, value).to_string(),
        Kind::Sealed => {
            let secret = secret(makers.namespace, name, &[(KEY, value)]);
            seal(makers.certificate, &secret, &[]).to_string()
        }
        Kind::External => {
            put(makers.vault, name, value);
            external_secret(name).to_string()
        }
        Kind::Encrypted => encrypt(
            makers.world,
            Sops::Ours,
            &format!("{name}.yaml"),
            &secret_file(name, KEY, value),
            &[
                "--age",
                &makers.age.recipient,
                "--encrypted-regex",
                "^(data|stringData)$",
            ],
            &[],
        ),
    }
}

fn external_secret(name: &str) -> Value {
    let reference = json!({"key": format!("estate/{name}"), "property": KEY});
    json!({
        "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret",
        "metadata": {"name": name},
        "spec": {
            "refreshInterval": "2s", "secretStoreRef": {"name": "vault"},
            "data": [{"secretKey": KEY, "remoteRef": reference}],
        },
    })
}

fn deployment(name: &str, value: &str) -> Value {
    let labels = json!({"app": name});
    let container = json!({"name": "main", "image": "example.com/main:1"});
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "annotations": {"value": value}},
        "spec": {
            "replicas": 1, "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"nodeName": Kwok::NODE, "containers": [container]},
            },
        },
    })
}
