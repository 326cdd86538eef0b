//! From the path and key that users write to the path that the key-value engine knows.

use api::external_secrets::KvVersion;

use crate::SecretsError;

/// Where a store's key-value engine is mounted, and which version it has.
#[derive(Debug, Clone)]
pub(super) struct Mount {
    pub(super) path: Option<String>,
    pub(super) version: KvVersion,
}

impl Mount {
    pub(super) fn new(path: Option<&str>, version: KvVersion) -> Self {
        let path = path
            .map(|path| path.trim_matches('/').to_owned())
            .filter(|path| !path.is_empty());
        Self { path, version }
    }

    /// Returns the API path of a key's value.
    pub(super) fn data(&self, key: &str) -> Result<String, SecretsError> {
        let path = match (&self.path, self.version) {
            (Some(mount), KvVersion::V2) => format!("{mount}/data/{}", self.within(mount, key)),
            (Some(mount), KvVersion::V1) => format!("{mount}/{}", self.within(mount, key)),
            (None, KvVersion::V2) if key.contains("/data/") => key.to_owned(),
            (None, KvVersion::V2) => match key.split_once('/') {
                Some((mount, rest)) => format!("{mount}/data/{rest}"),
                None => format!("{key}/data"),
            },
            (None, KvVersion::V1) => key.to_owned(),
        };
        checked(path)
    }

    /// Returns the API path of a key's metadata.
    pub(super) fn metadata(&self, key: &str) -> Result<String, SecretsError> {
        let path = match (&self.path, self.version) {
            (Some(mount), KvVersion::V2) => format!("{mount}/metadata/{}", self.within(mount, key)),
            (_, KvVersion::V1) => {
                return Err(SecretsError::invalid(
                    "cannot perform metadata fetch operations with kv version v1",
                ));
            }
            (None, KvVersion::V2) if key.contains("/data/") => {
                key.replacen("/data/", "/metadata/", 1)
            }
            (None, KvVersion::V2) => {
                return Err(SecretsError::invalid(
                    "provided Path isn't a valid kv v2 path",
                ));
            }
        };
        checked(path)
    }

    /// Strips the parts of a key that repeat the mount.
    fn within<'a>(&self, mount: &str, key: &'a str) -> &'a str {
        let key = key
            .strip_prefix(mount)
            .and_then(|rest| rest.strip_prefix('/'))
            .unwrap_or(key);
        match self.version {
            KvVersion::V2 => key.strip_prefix("data/").unwrap_or(key),
            KvVersion::V1 => key,
        }
    }
}

/// Refuses keys that would leave the mount: `..` is resolved by URL parsers on the way.
fn checked(path: String) -> Result<String, SecretsError> {
    if path
        .split('/')
        .any(|segment| segment == "." || segment == "..")
    {
        return Err(SecretsError::invalid("key holds a relative path segment"));
    }
    Ok(path)
}

#[cfg(test)]
mod tests;
