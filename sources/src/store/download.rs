//! Artifacts that another controller packed and serves over HTTP.

use std::time::Duration;

use manifests::{Artifact, Digest, Revision};
use reqwest::{Client, Url};
use tokio::time::Instant;

use super::{Store, blocking};
use crate::location::without_user;
use crate::{Credentials, SourceError, address, archive, http};

impl Store {
    /// Fetches an archive over HTTP, unless the store has its digest already.
    ///
    /// # Errors
    ///
    /// When it cannot be fetched, does not have the digest, or holds what an artifact may not hold.
    pub async fn fetch_archive(
        &self,
        url: &str,
        digest: &Digest,
        revision: &Revision,
        timeout: Duration,
    ) -> Result<Artifact, SourceError> {
        let deadline = Instant::now() + timeout;
        if let Some(artifact) = self.load(revision, digest).await? {
            return Ok(artifact);
        }
        let _flight = self.0.flights.enter(&format!("download {digest}")).await;
        if let Some(artifact) = self.load(revision, digest).await? {
            return Ok(artifact);
        }
        let client = self.0.clients.client(&Credentials::default())?;
        let limit = self.0.limits.archive_bytes;
        let late = || SourceError::Timeout {
            url: without_user(url),
            seconds: timeout.as_secs(),
        };
        let packed = tokio::time::timeout_at(deadline, download(client, url, limit))
            .await
            .map_err(|_| late())??;
        let found = archive::digest_of(&packed);
        if found != *digest {
            return Err(SourceError::VerifyDigest {
                expected: digest.to_string(),
                found: found.to_string(),
            });
        }
        let store = self.clone();
        let tree = blocking(move || {
            let tree = archive::unpack(&packed, &store.0.limits)?;
            // Kept as it came: packing it again would give another digest.
            store.0.directory.write_archive(&found, &packed)?;
            Ok(tree)
        })
        .await?;
        Ok(Artifact {
            revision: revision.clone(),
            digest: digest.clone(),
            tree: self.0.trees.share(digest, tree),
        })
    }
}

async fn download(client: Client, text: &str, limit: u64) -> Result<Vec<u8>, SourceError> {
    let shown = without_user(text);
    let url = Url::parse(text).map_err(|error| SourceError::ParseUrl {
        url: shown.clone(),
        reason: error.to_string(),
    })?;
    address::check(&url)?;
    let mut response = client
        .get(url)
        .send()
        .await
        .map_err(|error| http::failed(&shown, error))?;
    if !response.status().is_success() {
        return Err(SourceError::Answer {
            url: shown,
            status: response.status().as_u16(),
        });
    }
    let mut packed = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| http::failed(&shown, error))?
    {
        archive::within(
            "the packed artifact",
            (packed.len() + chunk.len()) as u64,
            limit,
        )?;
        packed.extend_from_slice(&chunk);
    }
    Ok(packed)
}
