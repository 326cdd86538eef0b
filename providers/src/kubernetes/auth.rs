//! Signing in to the cluster of a store, and staying signed in.

use std::sync::Arc;
use std::time::{Duration, Instant};

use api::external_secrets::{
    KubernetesAuth, KubernetesProvider, SecretKeySelector, ServiceAccountSelector,
};
use kube::Client;
use kube::config::{AuthInfo, Config, KubeConfigOptions, Kubeconfig};
use secret_bytes::SecretBytes;
use tokio::sync::Mutex;

use crate::credential_resolver::KeyReference;
use crate::{ScopedResolver, SecretsError, trust};

/// The life of a requested token, as existing clients ask for it.
const TOKEN_SECONDS: i64 = 3600;

/// A requested token is replaced when this much of its life is over.
const TOKEN_USE: Duration = Duration::from_mins(48);

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// A cluster and the way to sign in to it.
pub(super) struct Access {
    /// Where the API server is and what is trusted; without who we are.
    base: Config,
    method: Method,
    resolver: ScopedResolver,
    current: Mutex<Option<Current>>,
}

enum Method {
    /// Everything is in the configuration.
    Complete,
    /// A token has to be requested again and again.
    ServiceAccount(ServiceAccountSelector),
}

struct Current {
    client: Client,
    /// When its token is to be replaced.
    until: Option<Instant>,
}

impl Access {
    pub(super) async fn new(
        provider: &KubernetesProvider,
        resolver: &ScopedResolver,
    ) -> Result<Self, SecretsError> {
        let (base, method) = match (&provider.auth, &provider.auth_ref) {
            (Some(_), Some(_)) => {
                return Err(SecretsError::invalid(
                    "authRef and inline auth cannot both be set",
                ));
            }
            (None, None) => return Err(SecretsError::invalid("no auth provider given")),
            (None, Some(reference)) => (
                from_kubeconfig(reference, resolver).await?,
                Method::Complete,
            ),
            (Some(auth), None) => {
                let mut config = server(provider, resolver).await?;
                let method = sign_in(auth, &mut config.auth_info, resolver).await?;
                (config, method)
            }
        };
        Ok(Self {
            base,
            method,
            resolver: resolver.clone(),
            current: Mutex::new(None),
        })
    }

    /// Returns the client; with a fresh token when the last one is near its end.
    pub(super) async fn client(&self) -> Result<Client, SecretsError> {
        let mut current = self.current.lock().await;
        if let Some(current) = &*current
            && current.until.is_none_or(|until| Instant::now() < until)
        {
            return Ok(current.client.clone());
        }
        let mut config = self.base.clone();
        let until = match &self.method {
            Method::Complete => None,
            Method::ServiceAccount(account) => {
                let requested = Instant::now();
                let token = self
                    .resolver
                    .service_account_token(
                        &account.name,
                        account.namespace.as_deref(),
                        &account.audiences,
                        TOKEN_SECONDS,
                    )
                    .await?;
                config.auth_info.token = Some(text(&token, "service account token")?.into());
                requested.checked_add(TOKEN_USE)
            }
        };
        let client = Client::try_from(config)
            .map_err(|error| super::failure("failed to set up a Kubernetes client", error))?;
        *current = Some(Current {
            client: client.clone(),
            until,
        });
        Ok(client)
    }
}

/// Returns where the API server is and which certificates are trusted.
async fn server(
    provider: &KubernetesProvider,
    resolver: &ScopedResolver,
) -> Result<Config, SecretsError> {
    let named = provider.server.as_ref();
    let url = named.map_or("kubernetes.default", |server| server.url.as_str());
    let url = if url.contains("://") {
        url.to_owned()
    } else {
        format!("https://{url}")
    };
    let url = url
        .parse()
        .map_err(|_| SecretsError::invalid(format!("server url {url:?} is no URL")))?;
    let mut config = bounded(Config::new(url));
    if let Some(server) = named {
        let certificates = trust::certificates(
            server.ca_bundle.as_ref(),
            server.ca_provider.as_ref(),
            resolver,
        );
        config.root_cert = certificates.await?.map(|certificates| {
            certificates
                .into_iter()
                .map(|certificate| certificate.to_vec())
                .collect()
        });
    }
    Ok(config)
}

async fn sign_in(
    auth: &KubernetesAuth,
    identity: &mut AuthInfo,
    resolver: &ScopedResolver,
) -> Result<Method, SecretsError> {
    if let Some(certificate) = &auth.cert {
        let chain = value(&certificate.client_cert, resolver).await?;
        let key = value(&certificate.client_key, resolver).await?;
        // EXPOSE: the client takes both as base64 text; the key's copy is wiped by its own type.
        identity.client_certificate_data = Some(base64(chain.expose()));
        identity.client_key_data = Some(base64(key.expose()).into());
        return Ok(Method::Complete);
    }
    if let Some(token) = &auth.token {
        let token = value(&token.bearer_token, resolver).await?;
        identity.token = Some(text(&token, "bearer token")?.into());
        return Ok(Method::Complete);
    }
    if let Some(account) = &auth.service_account {
        return Ok(Method::ServiceAccount(account.clone()));
    }
    Err(SecretsError::invalid("no auth provider given"))
}

/// Reads a kubeconfig from a Secret. What would make us run programs or read our own files, on
/// behalf of who wrote that Secret, is refused.
async fn from_kubeconfig(
    reference: &SecretKeySelector,
    resolver: &ScopedResolver,
) -> Result<Config, SecretsError> {
    let yaml = value(reference, resolver).await?;
    let unusable = || SecretsError::invalid("authRef holds no usable kubeconfig");
    // EXPOSE: a kubeconfig is parsed into the client's own configuration.
    let yaml = yaml.expose_str().map_err(|_| unusable())?;
    let kubeconfig = Kubeconfig::from_yaml(yaml).map_err(|_| unusable())?;
    check(&kubeconfig)?;
    let options = KubeConfigOptions::default();
    let config = Config::from_custom_kubeconfig(kubeconfig, &options).await;
    config.map(bounded).map_err(|_| unusable())
}

fn check(kubeconfig: &Kubeconfig) -> Result<(), SecretsError> {
    let identities = kubeconfig
        .auth_infos
        .iter()
        .filter_map(|named| named.auth_info.as_ref());
    for identity in identities {
        if identity.exec.is_some() || identity.auth_provider.is_some() {
            return Err(SecretsError::invalid(
                "kubeconfig in authRef runs a program",
            ));
        }
        if identity.token_file.is_some()
            || identity.client_certificate.is_some()
            || identity.client_key.is_some()
        {
            return Err(SecretsError::invalid(
                "kubeconfig in authRef refers to a file",
            ));
        }
    }
    let clusters = kubeconfig
        .clusters
        .iter()
        .filter_map(|named| named.cluster.as_ref());
    for cluster in clusters {
        if cluster.certificate_authority.is_some() {
            return Err(SecretsError::invalid(
                "kubeconfig in authRef refers to a file",
            ));
        }
    }
    Ok(())
}

fn bounded(mut config: Config) -> Config {
    config.connect_timeout = Some(CONNECT_TIMEOUT);
    config.read_timeout = Some(READ_TIMEOUT);
    config
}

async fn value(
    selector: &SecretKeySelector,
    resolver: &ScopedResolver,
) -> Result<Arc<SecretBytes>, SecretsError> {
    Ok(resolver.secret_key(KeyReference::from(selector)).await?)
}

fn text(secret: &SecretBytes, what: &str) -> Result<String, SecretsError> {
    // EXPOSE: the client takes tokens as text, in a type that wipes them.
    secret
        .expose_str()
        .map(ToOwned::to_owned)
        .map_err(|_| SecretsError::invalid(format!("{what} is no text")))
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;

    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests;
