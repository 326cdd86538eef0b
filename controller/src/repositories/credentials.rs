//! Which Secret has the credentials for a repository, and what they are called in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt;
use pipeline::project::repository;
use secret_bytes::SecretBytes;

use crate::error::{Category, Error};
use crate::secrets::{self, Data};

/// What a Secret of ours calls a value, and what a source calls it.
const KEYS: [(&str, &str); 6] = [
    ("username", "username"),
    ("password", "password"),
    ("bearerToken", "bearerToken"),
    ("sshPrivateKey", "identity"),
    ("tlsClientCertData", "tls.crt"),
    ("tlsClientCertKey", "tls.key"),
];

/// Keys that would change how a server is spoken to, and that are not supported.
const REFUSED: [&str; 11] = [
    "githubAppPrivateKey",
    "gcpServiceAccountKey",
    "azureServicePrincipalClientSecret",
    "useAzureWorkloadIdentity",
    "insecure",
    "insecureIgnoreHostKey",
    "proxy",
    "noProxy",
    "enableLfs",
    "forceHttpBasicAuth",
    "enableOCI",
];

/// One configured repository, or all those whose URL begins so.
pub(super) struct Entry {
    pub(super) version: String,
    url: String,
    project: String,
    is_prefix: bool,
    values: Data,
}

impl Entry {
    /// Reads a Secret; one of another type than Git, or without a URL, is none.
    pub(super) fn of(secret: Secret) -> Option<Self> {
        let is_prefix =
            secret.labels().get(api::names::argo::SECRET_TYPE)? == api::names::argo::REPO_CREDS;
        let version = super::version_of(&secret);
        let values = secrets::take(secret);
        let is_git = matches!(text(&values, "type").as_str(), "" | "git");
        let url = text(&values, "url");
        (is_git && !url.is_empty()).then(|| Self {
            version,
            url: repository(&url),
            project: text(&values, "project"),
            is_prefix,
            values,
        })
    }

    /// Returns the values under the names a source knows.
    ///
    /// # Errors
    ///
    /// When the Secret asks for what is not supported.
    pub(super) fn data(
        &self,
        known_hosts: Option<&str>,
        certificate: Option<&str>,
    ) -> Result<Data, Error> {
        let refused = REFUSED
            .iter()
            .find(|key| !matches!(text(&self.values, key).as_str(), "" | "false"));
        if let Some(key) = refused {
            return Err(Error::new(
                Category::Invalid,
                "UnsupportedField",
                format!(
                    "the repository Secret {} sets {key}, which is not supported (hint: use \
                     username and password, bearerToken, sshPrivateKey or a client certificate)",
                    self.version.split('@').next().unwrap_or_default()
                ),
            ));
        }
        let mut data: Data = KEYS
            .iter()
            .filter_map(|(from, to)| Some(((*to).to_owned(), Arc::clone(self.values.get(*from)?))))
            .collect();
        for (key, value) in [("known_hosts", known_hosts), ("ca.crt", certificate)] {
            if let Some(value) = value {
                let value = Arc::new(SecretBytes::from(value.to_owned()));
                data.insert(key.to_owned(), value);
            }
        }
        Ok(data)
    }
}

/// Returns the entry for a URL: the exact one before the longest beginning, one of the project
/// before one of nobody. Those of other projects are not looked at.
pub(super) fn matching<'a>(entries: &'a [Entry], url: &str, project: &str) -> Option<&'a Entry> {
    let url = repository(url);
    let rank = |entry: &Entry| {
        let is_ours = entry.project == project;
        let fits = if entry.is_prefix {
            begins(&url, &entry.url)
        } else {
            entry.url == url
        };
        let is_permitted = is_ours || entry.project.is_empty();
        let place = (
            !entry.is_prefix,
            is_ours && !entry.project.is_empty(),
            entry.url.len(),
        );
        (fits && is_permitted).then_some(place)
    };
    entries
        .iter()
        .filter_map(|entry| Some((rank(entry)?, entry)))
        .max_by(|(left, a), (right, b)| left.cmp(right).then_with(|| b.version.cmp(&a.version)))
        .map(|(_, entry)| entry)
}

/// Whether a URL lies below another: a beginning of a path segment or of a host is none, so that
/// the credentials of `https://git.example.com` do not go to `https://git.example.com.evil.test`.
fn begins(url: &str, prefix: &str) -> bool {
    let Some(rest) = url.strip_prefix(prefix) else {
        return false;
    };
    rest.is_empty() || rest.starts_with('/') || prefix.ends_with('/')
}

/// Returns a value that is no secret, although it lies in a Secret.
fn text(values: &BTreeMap<String, Arc<SecretBytes>>, key: &str) -> String {
    let value = values.get(key);
    // EXPOSE: type, URL, project and switches say where credentials are used and are none.
    let text = value.and_then(|value| value.expose_str().ok());
    text.unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests;
