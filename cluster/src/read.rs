//! Reading objects; the values of Secrets are concealed on arrival.

use http::{Request, header};
use manifests::{GroupKind, Manifest, ObjectId};
use pipeline::redact::strip_last_applied;
use serde_json::Value;

use crate::clusters::Cluster;
use crate::error::ApiError;
use crate::resources::Kind;

impl Cluster {
    /// Returns one object, or `None` when it is not there.
    ///
    /// # Errors
    ///
    /// When the API server refuses or cannot be reached.
    pub async fn read(&self, kind: &Kind, id: &ObjectId) -> Result<Option<Value>, ApiError> {
        let mut found = self.find(kind, id).await?;
        if let Some(object) = &mut found {
            self.concealer.conceal(object);
        }
        Ok(found)
    }

    /// Returns one object with the plaintext of a Secret held beside it, or `None` when it is not
    /// there: for whoever shows or compares values to somebody who may read them.
    ///
    /// # Errors
    ///
    /// As [`Cluster::read`].
    pub async fn read_manifest(
        &self,
        kind: &Kind,
        id: &ObjectId,
    ) -> Result<Option<Manifest>, ApiError> {
        Ok(self.find(kind, id).await?.and_then(held))
    }

    async fn find(&self, kind: &Kind, id: &ObjectId) -> Result<Option<Value>, ApiError> {
        let path = match kind.path(id) {
            // What cannot be the name of an object is the name of none.
            Err(ApiError::NoName { .. }) => return Ok(None),
            path => path?,
        };
        match self.fetch(id, path).await {
            Ok(object) => Ok(Some(object)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Returns the objects of a kind that carry a label selector, in one namespace or in all.
    ///
    /// `like` names the kind and the namespace and stands for the list in errors.
    ///
    /// # Errors
    ///
    /// When the API server refuses or cannot be reached.
    pub async fn list(
        &self,
        kind: &Kind,
        like: &ObjectId,
        label_selector: &str,
    ) -> Result<Vec<Value>, ApiError> {
        let collection = if like.namespace.is_some() {
            kind.collection(like)?
        } else {
            <kube::core::DynamicObject as kube::Resource>::url_path(&kind.resource, None)
        };
        let selector: String = form_urlencoded::Serializer::new(String::new())
            .append_pair("labelSelector", label_selector)
            .finish();
        let mut list = self.fetch(like, format!("{collection}?{selector}")).await?;
        let Some(Value::Array(mut items)) = list.get_mut("items").map(Value::take) else {
            return Ok(Vec::new());
        };
        for item in &mut items {
            if let Value::Object(fields) = item {
                // Items of a list come without these two.
                fields.insert(
                    "apiVersion".to_owned(),
                    kind.resource.api_version.clone().into(),
                );
                fields.insert("kind".to_owned(), kind.resource.kind.clone().into());
            }
            self.concealer.conceal(item);
        }
        Ok(items)
    }

    /// Returns how many objects of a kind there are, in all namespaces.
    ///
    /// # Errors
    ///
    /// When the API server refuses or cannot be reached.
    pub async fn count(&self, kind: &Kind) -> Result<u64, ApiError> {
        let group_kind = GroupKind::new(&kind.resource.group, &kind.resource.kind);
        let collection =
            <kube::core::DynamicObject as kube::Resource>::url_path(&kind.resource, None);
        let any = ObjectId::new(group_kind, None, "");
        let list = self.fetch(&any, format!("{collection}?limit=1")).await?;
        let first = list["items"].as_array().map_or(0, Vec::len);
        let others = list["metadata"]["remainingItemCount"].as_u64();
        Ok(u64::try_from(first)
            .unwrap_or(u64::MAX)
            .saturating_add(others.unwrap_or_default()))
    }

    async fn fetch(&self, id: &ObjectId, path: String) -> Result<Value, ApiError> {
        let request = Request::get(path)
            .header(header::ACCEPT, "application/json")
            .body(Vec::new())
            .map_err(|source| ApiError::of(id, kube::Error::HttpError(source)))?;
        self.ask(id, request).await
    }
}

/// Takes an answer whole, the values of a Secret out of the object and wiped there.
pub(crate) fn held(mut answer: Value) -> Option<Manifest> {
    strip_last_applied(&mut answer);
    let mut manifest = Manifest::new(answer, None)?;
    manifest.conceal_secret_data();
    Some(manifest)
}

#[cfg(test)]
mod tests;
