//! What a desired state makes itself, so that a dry run of what needs it cannot work yet.

use std::collections::BTreeSet;

use manifests::{GroupKind, Manifest};
use serde_json::Value;

/// Namespaces and kinds that are wanted together with objects that need them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Made {
    namespaces: BTreeSet<String>,
    kinds: BTreeSet<GroupKind>,
}

impl Made {
    /// Collects it; a namespace may be made beside the objects.
    pub(super) fn by(manifests: &[Manifest], namespace: Option<&str>) -> Self {
        let mut made = Self::default();
        made.namespaces.extend(namespace.map(str::to_owned));
        for manifest in manifests {
            match (manifest.group(), manifest.kind()) {
                ("", "Namespace") => {
                    made.namespaces.insert(manifest.name().to_owned());
                }
                ("apiextensions.k8s.io", "CustomResourceDefinition") => {
                    let text = |pointer| manifest.object().pointer(pointer).and_then(Value::as_str);
                    if let (Some(group), Some(kind)) =
                        (text("/spec/group"), text("/spec/names/kind"))
                    {
                        made.kinds.insert(GroupKind::new(group, kind));
                    }
                }
                _ => {}
            }
        }
        made
    }

    /// Whether the namespace of an object is wanted too.
    pub(super) fn namespace_of(&self, manifest: &Manifest) -> bool {
        manifest
            .namespace()
            .is_some_and(|namespace| self.namespaces.contains(namespace))
    }

    /// Whether the definition of an object's kind is wanted too.
    pub(super) fn kind_of(&self, manifest: &Manifest) -> bool {
        self.kinds.contains(&manifest.id().group_kind)
    }
}
