//! Deleting objects, only the very object that was looked at.

use http::{Request, header};
use manifests::ObjectId;
use serde_json::json;

use crate::clusters::Cluster;
use crate::error::ApiError;
use crate::resources::Kind;

/// What must still be true of an object for it to be deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preconditions {
    /// The UID that was looked at: an object made anew under the same name is not ours to delete.
    pub uid: Option<String>,
}

/// What becomes of the objects that an object owns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Propagation {
    /// They are deleted after it.
    #[default]
    Background,
    /// It stays until they are gone.
    Foreground,
    /// They stay.
    Orphan,
}

impl Propagation {
    fn as_str(self) -> &'static str {
        match self {
            Self::Background => "Background",
            Self::Foreground => "Foreground",
            Self::Orphan => "Orphan",
        }
    }
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
        self.delete_with(kind, id, preconditions, Propagation::Background)
            .await
    }

    /// Deletes one object and says what becomes of those it owns; one that is gone already is fine.
    ///
    /// # Errors
    ///
    /// When the API server refuses or cannot be reached.
    pub async fn delete_with(
        &self,
        kind: &Kind,
        id: &ObjectId,
        preconditions: &Preconditions,
        propagation: Propagation,
    ) -> Result<(), ApiError> {
        let path = match kind.path(id) {
            // What cannot be the name of an object is the name of none.
            Err(ApiError::NoName { .. }) => return Ok(()),
            path => path?,
        };
        let mut options = json!({
            "apiVersion": "v1", "kind": "DeleteOptions",
            "propagationPolicy": propagation.as_str(),
        });
        if let (Some(uid), Some(fields)) = (&preconditions.uid, options.as_object_mut()) {
            fields.insert("preconditions".to_owned(), json!({ "uid": uid }));
        }
        let request = Request::delete(path)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json")
            .body(options.to_string().into_bytes())
            .map_err(|source| ApiError::of(id, kube::Error::HttpError(source)))?;
        match self.ask(id, request).await {
            Ok(mut deleted) => {
                // The answer is the object as it was.
                self.concealer.conceal(&mut deleted);
                Ok(())
            }
            Err(error) if error.is_not_found() => Ok(()),
            Err(error) => Err(error),
        }
    }
}
