//! What the object asks for.

use std::collections::BTreeMap;

use api::bitnami::{SealedItem, SealedSecret, SecretTemplate};
use kube::ResourceExt;
use sealing::{Label, Scope};

use crate::error::{Category, Error};

/// Reason of every failure to open an item.
pub(super) const UNSEAL_FAILED: &str = "ErrUnsealFailed";

/// A SealedSecret that can be tried.
pub(crate) struct Wanted {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) uid: String,
    /// What the items are bound to.
    pub(crate) label: Label,
    /// Sealed items by key, in Base64.
    pub(crate) items: BTreeMap<String, String>,
    pub(super) template: SecretTemplate,
}

/// Checks the object.
///
/// Templates of values are refused until they work: rendering a part of them would make a Secret
/// that is not what was sealed.
pub(crate) fn parse(object: &SealedSecret) -> Result<Wanted, Error> {
    let namespace = object.namespace().unwrap_or_default();
    let name = object.name_any();
    let template = object.spec.template.clone().unwrap_or_default();
    let refuse = |text: &str| Err(Error::new(Category::Invalid, UNSEAL_FAILED, text));
    if template.data.as_ref().is_some_and(|data| !data.is_empty()) {
        return refuse("spec.template.data is not supported yet; seal the finished values instead");
    }
    if object
        .spec
        .data
        .as_ref()
        .is_some_and(|data| !data.is_empty())
        && object.spec.encrypted_data.0.is_empty()
    {
        return refuse(
            "spec.data holds the oldest sealed form, which is not supported yet; re-encrypt it with kubeseal",
        );
    }
    let scope = Scope::from_annotations(object.annotations());
    let items = object.spec.encrypted_data.0.iter().map(|(key, item)| {
        let text = match item {
            SealedItem::Text(text) => text.clone(),
            // Opened like any other damaged item, and reported with its key.
            _ => String::new(),
        };
        (key.clone(), text)
    });
    Ok(Wanted {
        label: scope.label(&namespace, &name),
        items: items.collect(),
        template,
        uid: object.uid().unwrap_or_default(),
        namespace,
        name,
    })
}

#[cfg(test)]
mod tests;
