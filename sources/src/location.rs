//! The URL of a Git repository, which never shows the credentials in it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use secret_bytes::SecretBytes;
use url::Url;

use crate::{SourceError, address};

/// The URL of a Git repository: `http`, `https` or `ssh`.
///
/// User name and password are taken out when it is read, so that no text made of it shows them.
/// The user of an `ssh` URL is no secret and stays.
///
/// ```
/// let url: sources::GitUrl = "https://user:secret@git.example.com/team/repo.git".parse().unwrap();
/// assert_eq!(url.to_string(), "https://git.example.com/team/repo.git");
/// ```
#[derive(Clone)]
pub struct GitUrl {
    url: Url,
    user: Option<String>,
    password: Option<Arc<SecretBytes>>,
}

/// How a repository is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Ssh,
}

impl GitUrl {
    pub(crate) fn scheme(&self) -> Scheme {
        if self.url.scheme() == "ssh" {
            Scheme::Ssh
        } else {
            Scheme::Http
        }
    }

    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    pub(crate) fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Returns the path as the other end of an SSH connection wants it.
    pub(crate) fn remote_path(&self) -> String {
        let path = decoded(self.url.path());
        // A path below a home folder begins with the tilde there.
        path.strip_prefix('/')
            .filter(|rest| rest.starts_with('~'))
            .map_or(path.clone(), str::to_owned)
    }

    pub(crate) fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    pub(crate) fn password(&self) -> Option<&Arc<SecretBytes>> {
        self.password.as_ref()
    }
}

impl FromStr for GitUrl {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<Self, SourceError> {
        let refused = |reason: &str| SourceError::ParseUrl {
            url: without_user(text),
            reason: reason.to_owned(),
        };
        if !text.contains("://") {
            return Err(refused(
                "it has no scheme (hint: write user@host:path as ssh://user@host/path)",
            ));
        }
        let mut url = Url::parse(text).map_err(|error| refused(&error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https" | "ssh") {
            return Err(refused("its scheme is none of http, https and ssh"));
        }
        let user = Some(url.username())
            .filter(|user| !user.is_empty())
            .map(decoded);
        let password = url
            .password()
            .map(|text| Arc::new(SecretBytes::from(decoded(text))));
        if url
            .host_str()
            .is_none_or(|host| host.is_empty() || host.starts_with('-'))
        {
            return Err(refused("it has no usable host"));
        }
        address::check(&url).map_err(|error| refused(&error.to_string()))?;
        if user.as_deref().is_some_and(|user| user.starts_with('-')) {
            return Err(refused("its user name starts with a dash"));
        }
        if url.path().len() <= 1 {
            return Err(refused("it has no path"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refused("it has a query or a fragment"));
        }
        let is_stripped = url.set_password(None).is_ok()
            && (url.scheme() == "ssh" || url.set_username("").is_ok());
        if !is_stripped {
            return Err(refused("its user information cannot be read"));
        }
        Ok(Self {
            url,
            user,
            password,
        })
    }
}

/// Returns a text that may be a URL without anything up to its last `@`.
pub(crate) fn without_user(text: &str) -> String {
    match (text.split_once("://"), text.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, rest))) => format!("{scheme}://{rest}"),
        (None, Some((_, rest))) => format!("…@{rest}"),
        (_, None) => text.to_owned(),
    }
}

fn decoded(text: &str) -> String {
    // `form_urlencoded` would turn `+` into a blank, which user information does not.
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = match tail {
            [high, low, ..] if *first == b'%' => hex_digit(*high).zip(hex_digit(*low)),
            _ => None,
        };
        if let Some((high, low)) = escaped {
            bytes.push(high << 4 | low);
            rest = tail.get(2..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

impl fmt::Display for GitUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.url.as_str())
    }
}

impl fmt::Debug for GitUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "GitUrl({})", self.url)
    }
}

#[cfg(test)]
mod tests;
