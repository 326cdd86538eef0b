//! The one place where a request body leaves for the API server.

use http::header;
use http::request::Builder;
use manifests::Manifest;
use serde_json::Value;

use crate::clusters::Cluster;
use crate::error::ApiError;

impl Cluster {
    /// Sends a manifest and returns the answer, the values of a Secret concealed in it.
    pub(crate) async fn send(
        &self,
        request: Builder,
        content_type: &'static str,
        manifest: &Manifest,
    ) -> Result<Value, ApiError> {
        let id = manifest.id();
        // EXPOSE: this is the request that brings the plaintext to the API server. The HTTP client
        // takes the copy over and drops it unwiped after sending.
        let body = manifest.to_body().expose().to_vec();
        let request = request
            .header(header::CONTENT_TYPE, content_type)
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
