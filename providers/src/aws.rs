//! The provider `aws`: Secrets Manager and Parameter Store.

pub(crate) mod auth;
pub(crate) mod failure;
mod parameter_store;
mod secrets_manager;
mod session;
mod value;

pub use session::{AwsEndpoints, AwsSession};

use api::external_secrets::{AwsProvider, AwsService, RetrySettings};

use crate::secrets_client::SecretsClient;
use crate::{ScopedResolver, SecretsError};

/// Signs in with a store's credentials.
pub(crate) async fn connect(
    provider: &AwsProvider,
    retry: Option<&RetrySettings>,
    session: &AwsSession,
    resolver: &ScopedResolver,
) -> Result<std::sync::Arc<dyn SecretsClient>, SecretsError> {
    let config = auth::config(provider, retry, session, resolver).await?;
    let prefix = provider.prefix.clone().unwrap_or_default();
    match provider.service {
        AwsService::SecretsManager => Ok(std::sync::Arc::new(
            secrets_manager::SecretsManagerStore::new(&config, session.endpoints(), prefix),
        )),
        AwsService::ParameterStore => Ok(std::sync::Arc::new(
            parameter_store::ParameterStore::new(&config, session.endpoints(), prefix),
        )),
        AwsService::CertificateManager => Err(SecretsError::invalid(
            "aws service \"CertificateManager\" is not supported",
        )),
    }
}
