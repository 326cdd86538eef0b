//! The provider `vault`: the key-value engine of HashiCorp Vault and OpenBao.
//!
//! Talks to the HTTP API by the HTTP client of this workspace; `docs/adr/` says why. The API is in
//! [`api`], signing in in [`auth`], paths in [`path`] and the engine's answers in [`kv`].

pub(crate) mod api;
mod auth;
mod kv;
mod path;

use ::api::external_secrets::VaultProvider;
use futures::future::BoxFuture;
use reqwest::StatusCode;
use secret_bytes::SecretBytes;

use self::api::{Call, Reply, VaultApi};
use self::auth::Login;
use self::path::Mount;
use crate::credential_resolver::KeyReference;
use crate::secrets_client::{
    Capabilities, Members, MetadataPolicy, Payload, RemoteItem, RemoteRef, SecretsClient,
    Validation,
};
use crate::trust::{self, ClientIdentity};
use crate::{ScopedResolver, SecretsError, http};

struct VaultStore {
    api: VaultApi,
    login: Login,
    mount: Mount,
}

/// Signs in to the server of a store.
pub(crate) async fn connect(
    provider: &VaultProvider,
    shared: &reqwest::Client,
    resolver: &ScopedResolver,
) -> Result<impl SecretsClient + use<>, SecretsError> {
    let http = http_client(provider, shared, resolver).await?;
    let mut api = VaultApi::new(http, &provider.server, provider.namespace.as_deref())?;
    for (name, value) in &provider.headers {
        api.add_header(name, value)?;
    }
    if provider.read_your_writes == Some(true) && provider.forward_inconsistent == Some(true) {
        api.add_header("X-Vault-Inconsistent", "forward-active-node")?;
    }
    let store = VaultStore {
        api,
        login: Login::new(provider.auth.as_ref(), resolver)?,
        mount: Mount::new(provider.path.as_deref(), provider.version),
    };
    store.login.session(&store.api).await?;
    Ok(store)
}

/// Returns the shared HTTP client, or one of its own for a store with its own trust or identity.
async fn http_client(
    provider: &VaultProvider,
    shared: &reqwest::Client,
    resolver: &ScopedResolver,
) -> Result<reqwest::Client, SecretsError> {
    let certificates = trust::certificates(
        provider.ca_bundle.as_ref(),
        provider.ca_provider.as_ref(),
        resolver,
    )
    .await?;
    let identity = client_identity(provider, resolver).await?;
    if certificates.is_none() && identity.is_none() {
        return Ok(shared.clone());
    }
    http::client(trust::client_config(certificates, identity)?)
}

async fn client_identity(
    provider: &VaultProvider,
    resolver: &ScopedResolver,
) -> Result<Option<ClientIdentity>, SecretsError> {
    let Some(tls) = &provider.tls else {
        return Ok(None);
    };
    let (certificate, key) = match (&tls.cert_secret_ref, &tls.key_secret_ref) {
        (None, None) => return Ok(None),
        (Some(certificate), Some(key)) => (certificate, key),
        (Some(_), None) | (None, Some(_)) => {
            return Err(SecretsError::invalid(
                "when provided, both ClientTLS.ClientCert and ClientTLS.SecretRef should be \
                 provided",
            ));
        }
    };
    let certificate = KeyReference {
        key: certificate.key.as_deref().or(Some("tls.crt")),
        ..KeyReference::from(certificate)
    };
    let key = KeyReference {
        key: key.key.as_deref().or(Some("tls.key")),
        ..KeyReference::from(key)
    };
    let certificate = resolver.secret_key(certificate).await?;
    let key = resolver.secret_key(key).await?;
    ClientIdentity::parse(&certificate, &key).map(Some)
}

impl VaultStore {
    /// Sends a read, and once more with a fresh token when the server no longer knows the old one.
    async fn read_path(&self, path: &str, version: Option<&str>) -> Result<Reply, SecretsError> {
        let session = self.login.session(&self.api).await?;
        let call = |token| Call {
            version,
            ..Call::get(path, token)
        };
        let reply = self.api.send(call(session.token())).await?;
        if reply.status != StatusCode::FORBIDDEN
            || !self.login.has_lapsed(&self.api, &session).await
        {
            return Ok(reply);
        }
        let session = self.login.session(&self.api).await?;
        self.api.send(call(session.token())).await
    }
}

impl SecretsClient for VaultStore {
    fn read<'a>(&'a self, item: &'a RemoteItem) -> BoxFuture<'a, Result<Payload, SecretsError>> {
        Box::pin(async move {
            let document = match item.metadata_policy {
                MetadataPolicy::None => {
                    let path = self.mount.data(&item.key)?;
                    let version = match self.mount.version {
                        ::api::external_secrets::KvVersion::V2 => item.version.as_deref(),
                        ::api::external_secrets::KvVersion::V1 => None,
                    };
                    let reply = self.read_path(&path, version).await?;
                    kv::value(&reply, &item.key, self.mount.version)?
                }
                MetadataPolicy::Fetch => {
                    let path = self.mount.metadata(&item.key)?;
                    let reply = self.read_path(&path, None).await?;
                    kv::metadata(&reply, &item.key)?
                }
            };
            Ok(Payload::Value(document))
        })
    }

    fn pick(&self, payload: &Payload, remote: &RemoteRef) -> Result<SecretBytes, SecretsError> {
        kv::pick(payload, remote)
    }

    fn members(&self, payload: &Payload, remote: &RemoteRef) -> Result<Members, SecretsError> {
        kv::members(payload, remote)
    }

    fn validate(&self) -> BoxFuture<'_, Result<Validation, SecretsError>> {
        Box::pin(async move {
            let session = self.login.session(&self.api).await?;
            if session.token().is_none() {
                return Ok(Validation::Unknown);
            }
            if let Err(error) = self.login.look_up(&self.api, &session).await {
                if !self.login.has_lapsed(&self.api, &session).await {
                    return Err(error);
                }
                let session = self.login.session(&self.api).await?;
                self.login.look_up(&self.api, &session).await?;
            }
            Ok(Validation::Ready)
        })
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::ReadWrite
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.login.end(&self.api))
    }
}
