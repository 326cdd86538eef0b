//! Who makes a Secret, as the maker itself tells.

use std::fmt;

use api::names::{external_secrets, sealed_secrets};
use manifests::{GroupKind, ObjectId};
use serde_json::Value;

use super::SecretName;

/// What a maker has not said anything about yet.
const UNRECONCILED: &str = "not reconciled yet";

/// A SealedSecret or an ExternalSecret, the Secret it makes, and what it says about it.
///
/// Displayed as a condition says it: `ExternalSecret prod/db: SecretSyncedError`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Maker {
    id: ObjectId,
    secret: SecretName,
    makes: Makes,
    is_done: bool,
    says: String,
}

/// What a maker does to its Secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Makes {
    /// It creates the Secret.
    Whole,
    /// It adds keys to a Secret that somebody else creates.
    Keys,
}

impl Maker {
    /// Reads a SealedSecret or ExternalSecret, wanted or live; `None` for everything else, and for
    /// one that writes no Secret.
    pub fn read(object: &Value) -> Option<Self> {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
        let api_version = text("/apiVersion")?;
        let group = api_version
            .split_once('/')
            .map_or("", |(group, _version)| group);
        let kind = text("/kind")?;
        let namespace = text("/metadata/namespace")?;
        let name = text("/metadata/name")?;
        let (secret, makes, said) = match (group, kind) {
            ("bitnami.com", "SealedSecret") => (name, Makes::Whole, sealed(object)),
            ("external-secrets.io", "ExternalSecret") => {
                let secret = text("/spec/target/name").unwrap_or(name);
                (secret, external_makes(object)?, external(object))
            }
            _ => return None,
        };
        Some(Self {
            id: ObjectId::new(GroupKind::new(group, kind), Some(namespace), name),
            secret: SecretName::new(namespace, secret),
            makes,
            is_done: said.is_done,
            says: said.text,
        })
    }

    /// Returns which object it is.
    pub fn id(&self) -> &ObjectId {
        &self.id
    }

    /// Returns the Secret it makes.
    pub fn secret(&self) -> &SecretName {
        &self.secret
    }

    /// Whether it says that the Secret is as its newest specification wants it.
    pub fn is_done(&self) -> bool {
        self.is_done
    }

    /// Whether it creates the Secret, and does not only add keys.
    pub(super) fn creates(&self) -> bool {
        self.makes == Makes::Whole
    }

    /// Returns the same maker with nothing said: it has just been written.
    pub(super) fn unreconciled(self) -> Self {
        let Said { is_done, text } = Said::nothing();
        Self {
            is_done,
            says: text,
            ..self
        }
    }
}

impl fmt::Display for Maker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let namespace = &self.secret.namespace;
        write!(
            formatter,
            "{} {namespace}/{}: {}",
            self.id.group_kind.kind, self.id.name, self.says
        )
    }
}

/// What a maker's condition says.
struct Said {
    is_done: bool,
    text: String,
}

impl Said {
    fn nothing() -> Self {
        Self {
            is_done: false,
            text: UNRECONCILED.to_owned(),
        }
    }

    /// A success counts for the generation it was said about, a failure in any case.
    fn of(object: &Value, condition: &str, is_current: bool) -> Self {
        let conditions = object
            .pointer("/status/conditions")
            .and_then(Value::as_array);
        let found = conditions
            .into_iter()
            .flatten()
            .find(|found| found["type"] == condition);
        let Some(found) = found else {
            return Self::nothing();
        };
        let is_true = found["status"] == "True";
        if is_true && !is_current {
            return Self::nothing();
        }
        // Whoever gives no reason gives a message, or has nothing to complain about.
        let text = ["reason", "message"]
            .iter()
            .filter_map(|field| found.get(*field)?.as_str())
            .find(|text| !text.is_empty())
            .unwrap_or(if is_true { condition } else { UNRECONCILED });
        Self {
            is_done: is_true,
            text: text.to_owned(),
        }
    }
}

fn sealed(object: &Value) -> Said {
    let observed = object.pointer("/status/observedGeneration");
    let is_current = observed == object.pointer("/metadata/generation");
    Said::of(object, sealed_secrets::SYNCED, is_current)
}

fn external(object: &Value) -> Said {
    let synced = object
        .pointer("/status/syncedResourceVersion")
        .and_then(Value::as_str)
        .and_then(|version| version.split_once('-')?.0.parse::<i64>().ok());
    let generation = object
        .pointer("/metadata/generation")
        .and_then(Value::as_i64);
    let is_current = synced == generation || is_fetched_once(object);
    Said::of(object, external_secrets::READY, is_current)
}

/// Whether an edit makes it fetch nothing, so that what it said is all it will ever say.
fn is_fetched_once(object: &Value) -> bool {
    let spec = |field: &str| object.get("spec")?.get(field)?.as_str();
    let interval = spec("refreshInterval").unwrap_or("1h");
    let has_interval = interval.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
    spec("refreshPolicy") == Some("CreatedOnce") || !has_interval
}

fn external_makes(object: &Value) -> Option<Makes> {
    let target = object.get("spec").and_then(|spec| spec.get("target"));
    if target.is_some_and(|target| target.get("manifest").is_some()) {
        return None;
    }
    match target.and_then(|target| target.get("creationPolicy")?.as_str()) {
        Some("None") => None,
        Some("Merge") => Some(Makes::Keys),
        _ => Some(Makes::Whole),
    }
}
