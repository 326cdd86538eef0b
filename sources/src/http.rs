//! The one HTTP client: a source's own authorities and certificate, no proxy, no hidden redirects.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use manifests::Digest;
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Identity};
use rustls::crypto::CryptoProvider;
use sha2::{Digest as _, Sha256};

use crate::address::Lookup;
use crate::credentials::ClientCertificate;
use crate::{Credentials, SourceError};

/// How long a connection stays open for the next request; shorter than servers keep theirs.
const IDLE: Duration = Duration::from_secs(10);
const USER_AGENT: &str = concat!("git/signet-", env!("CARGO_PKG_VERSION"));

/// The clients of a store, one for each set of authorities and certificate.
///
/// Reading the system's authorities costs milliseconds, and a client keeps connections open, so
/// sources that trust alike share one. What a request may see is decided by its own header.
#[derive(Debug, Default)]
pub(crate) struct Clients(Mutex<HashMap<Digest, Client>>);

const CLIENTS_AT_MOST: usize = 64;

impl Clients {
    /// Returns the client for these authorities and this certificate.
    pub(crate) fn client(&self, credentials: &Credentials) -> Result<Client, SourceError> {
        let key = trust(credentials);
        if let Some(client) = self.lock().get(&key) {
            return Ok(client.clone());
        }
        let client = client(credentials)?;
        let mut clients = self.lock();
        if clients.len() >= CLIENTS_AT_MOST {
            clients.clear();
        }
        clients.insert(key, client.clone());
        Ok(client)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Digest, Client>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns a digest of all that a client is built from.
fn trust(credentials: &Credentials) -> Digest {
    let certificate = credentials.client_certificate.as_ref();
    let parts = [
        credentials.authorities.as_ref(),
        certificate.map(|certificate| &certificate.certificate),
        certificate.map(|certificate| &certificate.key),
    ];
    let mut hash = Sha256::new();
    for part in parts {
        // EXPOSE: only the digest is kept, to tell clients apart.
        let bytes = part.map_or(&b""[..], |part| part.expose());
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    }
    Digest::from_sha256(hash.finalize().into())
}

/// Builds a client that trusts the system's authorities and the source's own.
///
/// It follows no redirect: whoever asks decides where credentials may go.
fn client(credentials: &Credentials) -> Result<Client, SourceError> {
    install_crypto_provider();
    let mut builder = Client::builder()
        .user_agent(USER_AGENT)
        .no_proxy()
        .redirect(Policy::none())
        .referer(false)
        .dns_resolver(Arc::new(Lookup))
        .pool_idle_timeout(IDLE);
    if let Some(authorities) = &credentials.authorities {
        // EXPOSE: certificates are public; they only lie in a Secret.
        let certificates = Certificate::from_pem_bundle(authorities.expose())
            .map_err(|error| refused("ca.crt", &error))?;
        if certificates.is_empty() {
            return Err(SourceError::ReadCertificates {
                detail: "ca.crt holds no certificate".to_owned(),
            });
        }
        builder = builder.tls_certs_merge(certificates);
    }
    if let Some(ClientCertificate { certificate, key }) = &credentials.client_certificate {
        // EXPOSE: the TLS client needs the certificate and its key.
        let pem =
            secret_bytes::SecretBytes::new([certificate.expose(), b"\n", key.expose()].concat());
        // EXPOSE: as above, joined because one text is what the client reads.
        let identity = Identity::from_pem(pem.expose())
            .map_err(|error| refused("tls.crt or tls.key", &error))?;
        builder = builder.identity(identity);
    }
    builder
        .build()
        .map_err(|error| refused("the client's settings", &error))
}

/// Chooses the process's crypto provider, unless the program has chosen already.
fn install_crypto_provider() {
    if CryptoProvider::get_default().is_none() {
        // Losing a race means that another thread installed the same provider.
        let _: Result<(), Arc<CryptoProvider>> =
            rustls::crypto::aws_lc_rs::default_provider().install_default();
    }
}

fn refused(what: &str, error: &reqwest::Error) -> SourceError {
    SourceError::ReadCertificates {
        detail: format!("{what} cannot be read: {}", causes(error)),
    }
}

/// Turns a failed exchange into an error that says whether the certificate was the reason.
pub(crate) fn failed(url: &str, error: reqwest::Error) -> SourceError {
    let error = error.without_url();
    let detail = causes(&error);
    if is_about_certificate(&error) {
        SourceError::VerifyCertificate {
            url: url.to_owned(),
            detail,
        }
    } else {
        SourceError::Connect {
            url: url.to_owned(),
            detail,
        }
    }
}

/// Returns the texts of an error and its causes, without those that only repeat.
pub(crate) fn causes(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text
}

fn is_about_certificate(error: &(dyn StdError + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(cause) = next {
        let is_certificate = |tls: &rustls::Error| {
            matches!(
                tls,
                rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented
            )
        };
        // An I/O error hides what it wraps from `source`.
        let wrapped = cause
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        if cause.downcast_ref().is_some_and(is_certificate)
            || wrapped
                .and_then(|inner| inner.downcast_ref())
                .is_some_and(is_certificate)
        {
            return true;
        }
        next = match wrapped {
            Some(inner) => Some(inner),
            None => cause.source(),
        };
    }
    false
}
