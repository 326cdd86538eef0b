//! What proves who we are to a Git server, read from the keys of a Secret (G-176).

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secret_bytes::SecretBytes;

use crate::location::Scheme;
use crate::{GitUrl, SourceError};

/// What proves who we are to a Git server, and which authority vouches for the server.
#[derive(Debug, Default)]
pub struct Credentials {
    pub(crate) authorization: Option<Authorization>,
    pub(crate) ssh: Option<SshIdentity>,
    /// PEM of the authorities to trust besides the system's.
    pub(crate) authorities: Option<Arc<SecretBytes>>,
    pub(crate) client_certificate: Option<ClientCertificate>,
}

#[derive(Debug)]
pub(crate) enum Authorization {
    Basic {
        username: String,
        password: Arc<SecretBytes>,
    },
    Bearer(Arc<SecretBytes>),
}

#[derive(Debug)]
pub(crate) struct SshIdentity {
    pub(crate) key: Arc<SecretBytes>,
    pub(crate) known_hosts: Arc<SecretBytes>,
}

/// Certificate and key in PEM.
#[derive(Debug)]
pub(crate) struct ClientCertificate {
    pub(crate) certificate: Arc<SecretBytes>,
    pub(crate) key: Arc<SecretBytes>,
}

impl Credentials {
    /// Reads the credentials for `url` from the data of a Secret.
    ///
    /// HTTP takes `username` with `password`, or `bearerToken`; `ca.crt` (or `caFile`) and `tls.crt`
    /// with `tls.key` (or `certFile` with `keyFile`). SSH takes `identity` and `known_hosts`.
    ///
    /// # Errors
    ///
    /// When a key that belongs to another is missing, or holds what cannot be used. The text names
    /// keys, never values.
    pub fn from_secret(
        url: &GitUrl,
        data: &BTreeMap<String, Arc<SecretBytes>>,
    ) -> Result<Self, SourceError> {
        if data.keys().any(|key| key.starts_with("githubApp")) {
            return Err(unusable(
                "authentication as a GitHub App is not supported (hint: use username and password)",
            ));
        }
        match url.scheme() {
            Scheme::Http => Ok(Self {
                authorization: authorization(data)?,
                ssh: None,
                authorities: either(data, "ca.crt", "caFile"),
                client_certificate: client_certificate(data)?,
            }),
            Scheme::Ssh => Ok(Self {
                ssh: Some(ssh_identity(data)?),
                ..Self::default()
            }),
        }
    }

    /// Replaces what must stay unseen in a text that a server sent.
    pub(crate) fn masked(&self, text: &str) -> String {
        let Some(
            Authorization::Basic {
                password: secret, ..
            }
            | Authorization::Bearer(secret),
        ) = &self.authorization
        else {
            return text.to_owned();
        };
        // EXPOSE: to find the value in a server's text, so that it is not passed on.
        match secret.expose_str() {
            Ok(value) if !value.is_empty() => text.replace(value, "[redacted]"),
            Ok(_) | Err(_) => text.to_owned(),
        }
    }
}

fn authorization(
    data: &BTreeMap<String, Arc<SecretBytes>>,
) -> Result<Option<Authorization>, SourceError> {
    match (
        filled(data, "username"),
        filled(data, "password"),
        filled(data, "bearerToken"),
    ) {
        (None, None, None) => Ok(None),
        (None, None, Some(token)) => Ok(Some(Authorization::Bearer(token))),
        (Some(username), Some(password), None) => {
            // EXPOSE: the user name is no secret, it only lies in a Secret.
            let username = username
                .expose_str()
                .map_err(|_| unusable("username is not UTF-8"))?
                .to_owned();
            Ok(Some(Authorization::Basic { username, password }))
        }
        (Some(_), None, None) => Err(unusable("the secret has username and lacks password")),
        (None, Some(_), None) => Err(unusable("the secret has password and lacks username")),
        (_, _, Some(_)) => Err(unusable(
            "the secret has both bearerToken and username or password",
        )),
    }
}

fn client_certificate(
    data: &BTreeMap<String, Arc<SecretBytes>>,
) -> Result<Option<ClientCertificate>, SourceError> {
    match (
        either(data, "tls.crt", "certFile"),
        either(data, "tls.key", "keyFile"),
    ) {
        (None, None) => Ok(None),
        (Some(certificate), Some(key)) => Ok(Some(ClientCertificate { certificate, key })),
        (Some(_), None) => Err(unusable("the secret has tls.crt and lacks tls.key")),
        (None, Some(_)) => Err(unusable("the secret has tls.key and lacks tls.crt")),
    }
}

fn ssh_identity(data: &BTreeMap<String, Arc<SecretBytes>>) -> Result<SshIdentity, SourceError> {
    let key = filled(data, "identity")
        .ok_or_else(|| unusable("an ssh URL needs the key identity in the secret"))?;
    let known_hosts = filled(data, "known_hosts").ok_or_else(|| {
        unusable("an ssh URL needs the key known_hosts in the secret (hint: ssh-keyscan HOST)")
    })?;
    if has_passphrase(&key) {
        return Err(unusable(
            "identity is protected by a passphrase, which is not supported (hint: ssh-keygen -p -N '')",
        ));
    }
    Ok(SshIdentity { key, known_hosts })
}

/// Whether a private key is encrypted, by the marks its formats have for it.
fn has_passphrase(key: &SecretBytes) -> bool {
    const OPENSSH: &str = "-----BEGIN OPENSSH PRIVATE KEY-----";
    // The format's magic, then a length of four bytes and the cipher's name.
    const UNENCRYPTED: &[u8] = b"openssh-key-v1\0\0\0\0\x04none";
    // EXPOSE: only the file's own marks are looked at.
    let Ok(text) = key.expose_str() else {
        return false;
    };
    let Some((_, body)) = text.split_once(OPENSSH) else {
        return text.contains("ENCRYPTED");
    };
    let head: String = body
        .chars()
        .filter(|c| !c.is_whitespace())
        .take(32)
        .collect();
    STANDARD
        .decode(head)
        .is_ok_and(|head| !head.starts_with(UNENCRYPTED))
}

fn either(
    data: &BTreeMap<String, Arc<SecretBytes>>,
    key: &str,
    legacy: &str,
) -> Option<Arc<SecretBytes>> {
    filled(data, key).or_else(|| filled(data, legacy))
}

fn filled(data: &BTreeMap<String, Arc<SecretBytes>>, key: &str) -> Option<Arc<SecretBytes>> {
    data.get(key).filter(|value| !value.is_empty()).cloned()
}

fn unusable(reason: &str) -> SourceError {
    SourceError::ReadCredentials {
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests;
