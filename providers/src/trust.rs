//! Which certificates a backend's certificate is checked against.

use std::sync::Arc;

use api::external_secrets::{CaProvider, CaProviderKind};
use k8s_openapi::ByteString;
use rustls::RootCertStore;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use secret_bytes::SecretBytes;

use crate::credential_resolver::KeyReference;
use crate::{ScopedResolver, SecretsError};

/// A client certificate chain and its private key.
pub(crate) struct ClientIdentity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

/// Returns the certificates that a store names, or `None` when it leaves the choice to the system.
pub(crate) async fn certificates(
    bundle: Option<&ByteString>,
    provider: Option<&CaProvider>,
    resolver: &ScopedResolver,
) -> Result<Option<Vec<CertificateDer<'static>>>, SecretsError> {
    if let Some(bundle) = bundle.filter(|bundle| !bundle.0.is_empty()) {
        return parse(&bundle.0, "caBundle").map(Some);
    }
    let Some(provider) = provider else {
        return Ok(None);
    };
    let reference = KeyReference {
        name: Some(&provider.name),
        namespace: provider.namespace.as_deref(),
        key: provider.key.as_deref(),
    };
    let pem = match provider.kind {
        CaProviderKind::Secret => {
            let pem = resolver.ca_secret_key(reference).await?;
            // EXPOSE: certificates are public; they only happen to be kept in a Secret.
            pem.expose().to_vec()
        }
        CaProviderKind::ConfigMap => resolver.ca_config_map_key(reference).await?,
    };
    parse(&pem, "caProvider").map(Some)
}

/// Returns a TLS configuration that trusts these certificates, or those of the system.
pub(crate) fn client_config(
    certificates: Option<Vec<CertificateDer<'static>>>,
    identity: Option<ClientIdentity>,
) -> Result<rustls::ClientConfig, SecretsError> {
    let mut roots = RootCertStore::empty();
    match certificates {
        Some(certificates) => {
            for certificate in certificates {
                roots
                    .add(certificate)
                    .map_err(|error| SecretsError::invalid(format!("unusable CA: {error}")))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let builder =
        rustls::ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| SecretsError::invalid(format!("unusable TLS settings: {error}")))?
            .with_root_certificates(roots);
    match identity {
        Some(identity) => builder
            .with_client_auth_cert(identity.chain, identity.key)
            .map_err(|error| {
                SecretsError::invalid(format!("unusable client certificate: {error}"))
            }),
        None => Ok(builder.with_no_client_auth()),
    }
}

impl ClientIdentity {
    /// Reads a certificate chain and a private key in PEM.
    pub(crate) fn parse(chain: &SecretBytes, key: &SecretBytes) -> Result<Self, SecretsError> {
        // EXPOSE: the TLS library needs both to prove who we are.
        let (chain, key) = (chain.expose(), key.expose());
        let key = PrivateKeyDer::from_pem_slice(key)
            .map_err(|_| SecretsError::invalid("client key is not a private key in PEM"))?;
        Ok(Self {
            chain: parse(chain, "client certificate")?,
            key,
        })
    }
}

/// Reads PEM certificates; also ones that were encoded as base64 once more than needed.
fn parse(bytes: &[u8], origin: &str) -> Result<Vec<CertificateDer<'static>>, SecretsError> {
    if let Some(certificates) = parse_pem(bytes) {
        return Ok(certificates);
    }
    // COMPAT: users encode the value of a field that is base64 already.
    decode_base64(bytes)
        .and_then(|decoded| parse_pem(&decoded))
        .ok_or_else(|| SecretsError::invalid(format!("{origin} holds no certificates in PEM")))
}

fn parse_pem(bytes: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(bytes)
        .collect::<Result<_, _>>()
        .ok()?;
    (!certificates.is_empty()).then_some(certificates)
}

fn decode_base64(bytes: &[u8]) -> Option<Vec<u8>> {
    use base64::Engine as _;

    let text: Vec<u8> = bytes
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

#[cfg(test)]
mod tests;
