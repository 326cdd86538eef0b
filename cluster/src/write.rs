//! Creating and replacing whole objects, for the kinds whose upstream roles grant no patch.

use http::Request;
use manifests::Manifest;
use serde_json::Value;

use crate::clusters::Cluster;
use crate::error::ApiError;
use crate::resources::Kind;

/// Which request makes the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Create,
    Replace,
}

impl Cluster {
    /// Creates an object; one of its name must not be there.
    ///
    /// # Errors
    ///
    /// When the API server refuses or cannot be reached.
    pub async fn create(
        &self,
        kind: &Kind,
        manifest: &Manifest,
        field_manager: &str,
    ) -> Result<Value, ApiError> {
        self.write(kind, manifest, Act::Create, field_manager).await
    }

    /// Replaces an object; the `resourceVersion` in the manifest must be the live one, so that
    /// nobody's newer write is lost.
    ///
    /// # Errors
    ///
    /// As [`Cluster::create`], a conflict included.
    pub async fn replace(
        &self,
        kind: &Kind,
        manifest: &Manifest,
        field_manager: &str,
    ) -> Result<Value, ApiError> {
        self.write(kind, manifest, Act::Replace, field_manager)
            .await
    }

    async fn write(
        &self,
        kind: &Kind,
        manifest: &Manifest,
        act: Act,
        field_manager: &str,
    ) -> Result<Value, ApiError> {
        let id = manifest.id();
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("fieldManager", field_manager)
            .finish();
        let request = match act {
            Act::Create => Request::post(format!("{}?{query}", kind.collection(&id)?)),
            Act::Replace => Request::put(format!("{}?{query}", kind.path(&id)?)),
        };
        self.send(request, "application/json", manifest).await
    }
}
