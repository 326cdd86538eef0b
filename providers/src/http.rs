//! HTTP to backends that have no client library of their own here.

use std::time::Duration;

use reqwest::Url;
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

/// Follows a standby's pointer to the active node.
fn follow(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    if attempt.previous().len() > MAX_REDIRECTS {
        return attempt.error("too many redirects");
    }
    match attempt
        .previous()
        .last()
        .map(|from| refusal(from, attempt.url()))
    {
        Some(Some(reason)) => attempt.error(reason),
        Some(None) | None => attempt.follow(),
    }
}

/// Returns why a redirect is not followed: tokens go along, so never out of TLS, and to another
/// host with TLS only.
fn refusal(from: &Url, to: &Url) -> Option<&'static str> {
    let is_same_host = from.host_str() == to.host_str()
        && from.port_or_known_default() == to.port_or_known_default();
    match (from.scheme(), to.scheme()) {
        (_, "https") => None,
        ("https", _) => Some("redirect from https to another scheme"),
        (_, "http") if is_same_host => None,
        _ => Some("redirect to another host without TLS"),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A token goes where a server points to, but nobody on the way may point or read along.
    #[test]
    fn tokens_follow_redirects_under_tls_or_to_the_same_host_only() {
        let refused = |from: &str, to: &str| {
            refusal(&Url::parse(from).unwrap(), &Url::parse(to).unwrap()).is_some()
        };
        assert!(!refused("https://a.test/v1", "https://b.test/v1"));
        assert!(!refused("http://a.test/v1", "https://b.test/v1"));
        assert!(!refused("http://a.test/v1", "http://a.test/v2"));
        assert!(refused("https://a.test/v1", "http://a.test/v1"));
        assert!(refused("http://a.test/v1", "http://b.test/v1"));
        assert!(refused("http://a.test/v1", "http://a.test:8200/v1"));
        assert!(refused("http://a.test/v1", "ftp://a.test/v1"));
    }
}
