//! Server-side apply, for real and as a dry run.

use http::Request;
use http::request::Builder;
use manifests::Manifest;
use serde_json::Value;

use crate::clusters::Cluster;
use crate::error::ApiError;
use crate::read::held;

const CONTENT_TYPE: &str = "application/apply-patch+yaml";

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
        let request = self.apply_request(manifest, options).await?;
        self.send(request, CONTENT_TYPE, manifest).await
    }

    /// Returns what applying an object would make of it, the plaintext of a Secret held beside it:
    /// a dry run, for whoever shows or compares values to somebody who may read them.
    ///
    /// # Errors
    ///
    /// As [`Cluster::apply`].
    pub async fn predict(
        &self,
        manifest: &Manifest,
        field_manager: &str,
        conflicts: Conflicts,
    ) -> Result<Manifest, ApiError> {
        let options = ApplyOptions {
            field_manager: field_manager.to_owned(),
            dry_run: DryRun::Only,
            conflicts,
        };
        let request = self.apply_request(manifest, &options).await?;
        let answer = self.deliver(request, CONTENT_TYPE, manifest).await?;
        held(answer).ok_or_else(|| ApiError::NoName {
            object: manifest.id(),
        })
    }

    async fn apply_request(
        &self,
        manifest: &Manifest,
        options: &ApplyOptions,
    ) -> Result<Builder, ApiError> {
        let kind = self.kind_of(manifest).await?;
        let path = kind.path(&manifest.id())?;
        Ok(Request::patch(format!("{path}?{}", options.query())))
    }
}
