//! Deleting objects, only the very object that was looked at.

use http::{Request, header};
use manifests::ObjectId;
use serde_json::{Value, json};

use crate::clusters::Cluster;
use crate::error::ApiError;
use crate::resources::Kind;

/// What must still be true of an object for it to be deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preconditions {
    /// The UID that was looked at: an object made anew under the same name is not ours to delete.
    pub uid: Option<String>,
}

impl Cluster {
    /// Deletes one object with background propagation; one that is gone already is fine.
    ///
    /// # Errors
    ///
    /// When the API server refuses or cannot be reached.
    pub async fn delete(
        &self,
        kind: &Kind,
        id: &ObjectId,
        preconditions: &Preconditions,
    ) -> Result<(), ApiError> {
        let mut options = json!({
            "apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background",
        });
        if let (Some(uid), Some(fields)) = (&preconditions.uid, options.as_object_mut()) {
            fields.insert("preconditions".to_owned(), json!({ "uid": uid }));
        }
        let request = Request::delete(kind.path(id)?)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json")
            .body(options.to_string().into_bytes())
            .map_err(|source| ApiError::of(id, kube::Error::HttpError(source)))?;
        let _place = self.place().await?;
        match self.client().request::<Value>(request).await {
            Ok(_) => Ok(()),
            Err(error) => match ApiError::of(id, error) {
                error if error.is_not_found() => Ok(()),
                error => Err(error),
            },
        }
    }
}
