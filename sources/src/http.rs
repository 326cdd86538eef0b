//! The one HTTP client: a source's own authorities and certificate, no proxy, no hidden redirects.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;

use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Identity};
use rustls::crypto::CryptoProvider;

use crate::credentials::ClientCertificate;
use crate::{Credentials, SourceError};

const USER_AGENT: &str = concat!("git/signet-", env!("CARGO_PKG_VERSION"));

/// Builds a client that trusts the system's authorities and the source's own.
///
/// It follows no redirect: whoever asks decides where credentials may go.
pub(crate) fn client(credentials: &Credentials) -> Result<Client, SourceError> {
    install_crypto_provider();
    let mut builder = Client::builder()
        .user_agent(USER_AGENT)
        .no_proxy()
        .redirect(Policy::none())
        .referer(false);
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
