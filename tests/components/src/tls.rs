//! A certificate authority of one run, and the certificates it issues.

use std::net::IpAddr;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, SanType,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use crate::start_error::StartError;

/// A certificate and its key, both PEM.
#[derive(Clone)]
pub struct Identity {
    /// The certificate.
    pub certificate_pem: String,
    /// The private key (PKCS #8). It is made for one run and worth nothing elsewhere.
    pub key_pem: String,
}

/// A certificate authority that lives in memory for one run.
pub struct Authority {
    certificate_pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// Returns a new authority.
    ///
    /// # Errors
    /// When the key or certificate cannot be made.
    pub fn new(name: &str) -> Result<Self, StartError> {
        let error = certificate_error(name);
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name = distinguished_name(name, None);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().map_err(&error)?;
        let certificate = parameters.self_signed(&key).map_err(&error)?;
        Ok(Self {
            certificate_pem: certificate.pem(),
            issuer: Issuer::new(parameters, key),
        })
    }

    /// Returns the authority's own certificate.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// Returns a certificate for a server reached under `names` (DNS names or addresses).
    ///
    /// # Errors
    /// When a name is not valid.
    pub fn server(&self, names: &[&str]) -> Result<Identity, StartError> {
        let common_name = names.first().copied().unwrap_or("server");
        let error = certificate_error(common_name);
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name = distinguished_name(common_name, None);
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        for name in names {
            parameters
                .subject_alt_names
                .push(match name.parse::<IpAddr>() {
                    Ok(address) => SanType::IpAddress(address),
                    Err(_) => SanType::DnsName((*name).try_into().map_err(&error)?),
                });
        }
        self.issue(common_name, &parameters)
    }

    /// Returns a client certificate: Kubernetes reads the user from `user` and the group from `group`.
    ///
    /// # Errors
    /// When the certificate cannot be made.
    pub fn client(&self, user: &str, group: Option<&str>) -> Result<Identity, StartError> {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name = distinguished_name(user, group);
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.issue(user, &parameters)
    }

    fn issue(&self, name: &str, parameters: &CertificateParams) -> Result<Identity, StartError> {
        let error = certificate_error(name);
        let key = KeyPair::generate().map_err(&error)?;
        let certificate = parameters.signed_by(&key, &self.issuer).map_err(&error)?;
        Ok(Identity {
            certificate_pem: certificate.pem(),
            key_pem: key.serialize_pem(),
        })
    }
}

/// Returns the settings of a client that trusts `ca_pem` alone and may show a certificate of its own.
pub(crate) fn client_config(
    ca_pem: &str,
    identity: Option<&Identity>,
) -> Result<Arc<ClientConfig>, StartError> {
    let tls = |source| StartError::Tls { source };
    let mut roots = RootCertStore::empty();
    for certificate in certificates(ca_pem)? {
        roots.add(certificate).map_err(tls)?;
    }
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(tls)?
        .with_root_certificates(roots);
    let config = match identity {
        None => builder.with_no_client_auth(),
        Some(identity) => builder
            .with_client_auth_cert(certificates(&identity.certificate_pem)?, key(identity)?)
            .map_err(tls)?,
    };
    Ok(Arc::new(config))
}

/// Returns the settings of a server that shows `identity`.
pub(crate) fn server_config(identity: &Identity) -> Result<Arc<ServerConfig>, StartError> {
    let tls = |source| StartError::Tls { source };
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(tls)?
        .with_no_client_auth()
        .with_single_cert(certificates(&identity.certificate_pem)?, key(identity)?)
        .map_err(tls)?;
    Ok(Arc::new(config))
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, StartError> {
    CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| StartError::Tls {
            source: rustls::Error::General(error.to_string()),
        })
}

fn key(identity: &Identity) -> Result<PrivateKeyDer<'static>, StartError> {
    PrivateKeyDer::from_pem_slice(identity.key_pem.as_bytes()).map_err(|error| StartError::Tls {
        source: rustls::Error::General(error.to_string()),
    })
}

fn distinguished_name(common_name: &str, organization: Option<&str>) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    if let Some(organization) = organization {
        name.push(DnType::OrganizationName, organization);
    }
    name
}

fn certificate_error(name: &str) -> impl Fn(rcgen::Error) -> StartError + use<> {
    let name = name.to_owned();
    move |source| StartError::Certificate {
        name: name.clone(),
        source,
    }
}
