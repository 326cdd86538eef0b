//! The one place where requests, and among them bodies with plaintext, leave for the API server.

use std::time::Duration;

use http::request::Builder;
use http::{Request, header};
use manifests::{Manifest, ObjectId};
use serde_json::Value;

use crate::clusters::Cluster;
use crate::error::ApiError;

/// How long an answer is waited for. The API server itself gives a request up after a minute; one
/// that hangs must not be waited for longer.
const ANSWER: Duration = Duration::from_secs(65);

/// How long a request that is not answered keeps its place among those in flight.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether the texts of the answer may quote plaintext.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sent {
    Plaintext,
    Nothing,
}

impl Cluster {
    /// Sends a request that holds no plaintext, among a bounded number at once, and waits a bounded
    /// time for the answer.
    pub(crate) async fn ask(
        &self,
        id: &ObjectId,
        request: Request<Vec<u8>>,
    ) -> Result<Value, ApiError> {
        self.exchange(id, request, Sent::Nothing).await
    }

    async fn exchange(
        &self,
        id: &ObjectId,
        request: Request<Vec<u8>>,
        sent: Sent,
    ) -> Result<Value, ApiError> {
        let place = self.in_flight.enter(&self.party).await;
        let mut place = place.ok_or(ApiError::Stopping)?;
        let request = tokio::time::timeout(ANSWER, self.client().request(request));
        tokio::pin!(request);
        let answer = tokio::select! {
            answer = &mut request => answer,
            () = tokio::time::sleep(PATIENCE) => {
                place.step_aside();
                request.await
            }
        };
        let Ok(answer) = answer else {
            return Err(ApiError::NoAnswer {
                object: id.clone(),
                seconds: ANSWER.as_secs(),
            });
        };
        let failed = match answer {
            Ok(answer) => return Ok(answer),
            Err(error) if sent == Sent::Plaintext => ApiError::of_plaintext(id, error),
            Err(error) => ApiError::of(id, error),
        };
        if failed.is_unserved() {
            self.resources.forget(&id.group_kind);
        }
        Err(failed)
    }

    /// Sends a manifest and returns the answer, the values of a Secret concealed in it.
    pub(crate) async fn send(
        &self,
        request: Builder,
        content_type: &'static str,
        manifest: &Manifest,
    ) -> Result<Value, ApiError> {
        let mut answer = self.deliver(request, content_type, manifest).await?;
        self.concealer.conceal(&mut answer);
        Ok(answer)
    }

    /// Sends a manifest and returns the answer as it comes.
    pub(crate) async fn deliver(
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
        // What was decrypted may be anywhere, and an answer quotes what it refuses.
        let sent = if manifest.concealed().next().is_some() {
            Sent::Plaintext
        } else {
            Sent::Nothing
        };
        self.exchange(&id, request, sent).await
    }
}

#[cfg(test)]
mod tests;
