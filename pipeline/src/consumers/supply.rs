//! What a unit itself brings: Secrets, and what makes Secrets.

use std::collections::{BTreeMap, BTreeSet};

use manifests::{Manifest, ObjectId};
use serde_json::Value;

use super::{Maker, SecretName};

/// The Secrets, and their makers, among everything a unit wants, each with the place of its stage
/// or wave in the order of writing.
#[derive(Clone, Debug, Default)]
pub struct Supply {
    secrets: BTreeMap<SecretName, (i64, Written)>,
    makers: BTreeMap<SecretName, (i64, Maker)>,
}

/// A Secret that is written as it stands in the desired state.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) id: ObjectId,
    pub(super) keys: BTreeSet<String>,
}

impl Supply {
    /// Finds them among manifests that come with the place of their stage or wave.
    pub fn of<'a>(manifests: impl IntoIterator<Item = (i64, &'a Manifest)>) -> Self {
        let mut supply = Self::default();
        for (place, manifest) in manifests {
            if manifest.is_secret() {
                if let Some(namespace) = manifest.namespace() {
                    let secret = SecretName::new(namespace, manifest.name());
                    let written = Written {
                        id: manifest.id(),
                        keys: keys(manifest.object()),
                    };
                    supply.secrets.insert(secret, (place, written));
                }
            } else if let Some(maker) = Maker::read(manifest.object()) {
                let secret = maker.secret().clone();
                supply.makers.insert(secret, (place, maker.unreconciled()));
            }
        }
        supply
    }

    pub(super) fn secret(&self, secret: &SecretName) -> Option<(i64, &Written)> {
        let (place, written) = self.secrets.get(secret)?;
        Some((*place, written))
    }

    pub(super) fn maker(&self, secret: &SecretName) -> Option<(i64, &Maker)> {
        let (place, maker) = self.makers.get(secret)?;
        Some((*place, maker))
    }

    /// Returns the SealedSecret or ExternalSecret among what the unit wants that makes a Secret.
    pub fn maker_of(&self, secret: &SecretName) -> Option<&ObjectId> {
        self.makers.get(secret).map(|(_place, maker)| maker.id())
    }
}

/// Returns the keys of a Secret, wanted or live; its values are not looked at.
pub(super) fn keys(secret: &Value) -> BTreeSet<String> {
    ["data", "stringData"]
        .iter()
        .filter_map(|field| secret.get(*field)?.as_object())
        .flat_map(|entries| entries.keys().cloned())
        .collect()
}
