//! Server-side apply, for real and as a dry run.

use http::{Request, header};
use manifests::Manifest;
use serde_json::Value;

use crate::clusters::Cluster;
use crate::error::ApiError;

/// As whom and how an object is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplyOptions {
    /// The field manager that owns what is applied.
    pub field_manager: String,
    /// Whether anything is written.
    pub dry_run: DryRun,
    /// What happens to fields that another manager applied with another value.
    pub conflicts: Conflicts,
}

/// What happens to fields that another manager applied with another value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflicts {
    /// They are taken over.
    TakeOver,
    /// The API server refuses with `Conflict`.
    Respect,
}

/// Whether a request changes anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DryRun {
    /// The API server says what it would do, admission included, and writes nothing.
    Only,
    /// The object is written.
    Off,
}

impl ApplyOptions {
    fn query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("fieldManager", &self.field_manager);
        let force = self.conflicts == Conflicts::TakeOver;
        query.append_pair("force", if force { "true" } else { "false" });
        if self.dry_run == DryRun::Only {
            query.append_pair("dryRun", "All");
        }
        query.finish()
    }
}

impl Cluster {
    /// Applies one object by server-side apply and returns the object as the API server has it
    /// now, or would have it. The values of a Secret are concealed in the answer.
    ///
    /// # Errors
    ///
    /// When the kind is not served, the API server refuses or cannot be reached.
    pub async fn apply(
        &self,
        manifest: &Manifest,
        options: &ApplyOptions,
    ) -> Result<Value, ApiError> {
        let id = manifest.id();
        let kind = self.kind_of(manifest).await?;
        let path = format!("{}?{}", kind.path(&id)?, options.query());
        // EXPOSE: this is the request that brings the plaintext to the API server. The HTTP client
        // takes the copy over and drops it unwiped after sending.
        let body = manifest.to_body().expose().to_vec();
        let request = Request::patch(path)
            .header(header::CONTENT_TYPE, "application/apply-patch+yaml")
            .header(header::ACCEPT, "application/json")
            .body(body)
            .map_err(|source| ApiError::of(&id, kube::Error::HttpError(source)))?;
        let _place = self.place().await?;
        let mut answer: Value = self
            .client()
            .request(request)
            .await
            .map_err(|error| ApiError::of(&id, error))?;
        self.concealer.conceal(&mut answer);
        Ok(answer)
    }
}
