//! HTTP to backends that have no client library of their own here.

use std::time::Duration;

use reqwest::redirect::{Attempt, Policy};
use secret_bytes::SecretBytes;

use crate::SecretsError;
use crate::secrets_error::Cause;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
const MAX_REDIRECTS: usize = 3;

/// Larger answers are refused; the largest value that a Kubernetes Secret can hold is 1 MiB.
const MAX_BODY: usize = 32 << 20;

/// Returns a client with this TLS configuration.
pub(crate) fn client(tls: rustls::ClientConfig) -> Result<reqwest::Client, SecretsError> {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(REQUEST_TIMEOUT)
        .redirect(Policy::custom(follow))
        .user_agent(concat!("signet/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| SecretsError::unavailable("failed to set up an HTTP client", error))
}

/// Follows a standby's pointer to the active node, but never out of TLS.
fn follow(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    let was_secure = attempt
        .previous()
        .last()
        .is_some_and(|url| url.scheme() == "https");
    if attempt.previous().len() > MAX_REDIRECTS {
        attempt.error("too many redirects")
    } else if was_secure && attempt.url().scheme() != "https" {
        attempt.error("redirect from https to another scheme")
    } else {
        attempt.follow()
    }
}

/// Reads an answer whole, within bounds.
pub(crate) async fn body(mut response: reqwest::Response) -> Result<SecretBytes, Cause> {
    let expected = response
        .content_length()
        .and_then(|length| usize::try_from(length).ok())
        .unwrap_or_default();
    if expected > MAX_BODY {
        return Err("the answer is too large".into());
    }
    let mut body = zeroize::Zeroizing::new(Vec::with_capacity(expected));
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > MAX_BODY {
            return Err("the answer is too large".into());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(SecretBytes::from(body))
}
