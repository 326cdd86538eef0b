//! From a store's spec to a client: the one place that knows every provider.

use std::sync::Arc;

use api::external_secrets::{Provider, SecretStoreProvider, SecretStoreSpec};

use crate::aws::{self, AwsEndpoints, AwsSession};
use crate::secrets_client::SecretsClient;
use crate::{ScopedResolver, SecretsError, fake, http, kubernetes, trust, vault};

/// What clients of all stores share: HTTP connections and the surroundings' AWS settings.
///
/// Built once per process. Cheap to clone.
#[derive(Clone)]
pub struct Connector {
    http: reqwest::Client,
    aws: AwsSession,
}

impl Connector {
    /// Sets up the shared connections.
    ///
    /// # Errors
    ///
    /// When TLS cannot be set up at all.
    pub fn new(endpoints: AwsEndpoints) -> Result<Self, SecretsError> {
        Ok(Self {
            http: http::client(trust::client_config(None, None)?)?,
            aws: AwsSession::new(endpoints),
        })
    }

    /// Returns the shared AWS settings, which key services need as well.
    pub fn aws(&self) -> &AwsSession {
        &self.aws
    }

    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// Resolves a store's credentials and signs in.
    ///
    /// # Errors
    ///
    /// When the spec is not one that can be served, a credential is missing, or the backend
    /// refuses or does not answer.
    pub async fn connect(
        &self,
        spec: &SecretStoreSpec,
        resolver: &ScopedResolver,
    ) -> Result<Arc<dyn SecretsClient>, SecretsError> {
        // Signing in makes for large futures, which callers should not carry in theirs.
        Ok(match chosen(&spec.provider)? {
            Provider::Vault(vault) => {
                Arc::new(Box::pin(vault::connect(vault, &self.http, resolver)).await?)
            }
            Provider::Aws(aws) => {
                let retry = spec.retry_settings.as_ref();
                Box::pin(aws::connect(aws, retry, &self.aws, resolver)).await?
            }
            Provider::Kubernetes(kubernetes) => {
                Arc::new(Box::pin(kubernetes::connect(kubernetes, resolver)).await?)
            }
            Provider::Fake(fake) => Arc::new(fake::connect(fake)),
            other => return Err(unsupported(other)),
        })
    }
}

/// Names the backend behind a store, so that stores of the same backend share its limits.
pub(crate) fn backend(provider: &SecretStoreProvider) -> String {
    match chosen(provider) {
        Ok(Provider::Vault(vault)) => format!("vault {}", vault.server),
        Ok(Provider::Aws(aws)) => format!("aws {:?} {}", aws.service, aws.region),
        Ok(Provider::Kubernetes(kubernetes)) => {
            let url = kubernetes.server.as_ref().map(|server| server.url.as_str());
            format!("kubernetes {}", url.unwrap_or_default())
        }
        Ok(_) | Err(_) => "in memory".to_owned(),
    }
}

pub(crate) fn chosen(provider: &SecretStoreProvider) -> Result<Provider<'_>, SecretsError> {
    provider
        .chosen()
        .ok_or_else(|| SecretsError::invalid("store must name exactly one provider"))
}

fn unsupported(provider: Provider<'_>) -> SecretsError {
    SecretsError::UnsupportedProvider {
        provider: match provider {
            Provider::Unsupported(name) => name.to_owned(),
            _ => "unknown".to_owned(),
        },
    }
}
