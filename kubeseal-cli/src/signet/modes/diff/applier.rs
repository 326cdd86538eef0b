//! As whom an object is applied in a comparison.

use api::names::flux;
use manifests::Manifest;
use serde_json::{Map, Value};

/// Annotation that Argo CD knows its objects by.
const TRACKING_ID: &str = "argocd.argoproj.io/tracking-id";

/// Marks of a unit on its objects: where, which, and whose they are.
const MARKS: [(&str, &str, &str); 3] = [
    ("labels", flux::OWNER_NAME, flux::KUSTOMIZE_FIELD_MANAGER),
    (
        "labels",
        flux::OWNER_NAMESPACE,
        flux::KUSTOMIZE_FIELD_MANAGER,
    ),
    ("annotations", TRACKING_ID, "argocd-controller"),
];

/// Who applies what nobody applied by server-side apply before.
const KUBECTL: &str = "kubectl";

/// As whom objects are applied.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Applier {
    /// As the unit does, whose marks the objects have already.
    Unit { field_manager: String },
    /// As the unit that an object belongs to in the cluster does, or by name.
    Owner { field_manager: Option<String> },
}

impl Applier {
    /// Gives an object the marks its owner put on it, and returns the field manager.
    ///
    /// A folder does not say whose it is: without the marks it would seem to take them away.
    pub(super) fn prepare(&self, wanted: &mut Manifest, live: Option<&Manifest>) -> String {
        let asked = match self {
            Self::Unit { field_manager } => return field_manager.clone(),
            Self::Owner { field_manager } => field_manager.as_ref(),
        };
        let mut manager = KUBECTL;
        for (place, key, of_owner) in MARKS {
            let mark = live.and_then(|live| live.object().get("metadata")?.get(place)?.get(key));
            let Some(mark) = mark else { continue };
            manager = of_owner;
            let marks = wanted
                .object_mut()
                .get_mut("metadata")
                .and_then(Value::as_object_mut)
                .map(|metadata| metadata.entry(place).or_insert_with(|| Map::new().into()));
            if let Some(Value::Object(marks)) = marks {
                marks.entry(key).or_insert_with(|| mark.clone());
            }
        }
        asked.cloned().unwrap_or_else(|| manager.to_owned())
    }
}

#[cfg(test)]
mod tests;
