//! Key services that need the network, set up when the first such key is used.

use std::sync::{Arc, OnceLock};

use futures::future::BoxFuture;
use providers::keys::{
    AllowedAddresses, AwsCredentials, AwsKmsService, VaultTransitOptions, VaultTransitService,
};
use providers::{AwsEndpoints, Connector};
use secret_bytes::SecretBytes;
use sops_engine::{
    DataKey, KeyKind, KeyService, KeyServiceError, KeyServices, MasterKey, WrappedKey,
};

use crate::Environment;
use crate::network::install_cryptography;

pub(crate) struct CloudKeys {
    environment: Environment,
    services: OnceLock<Result<KeyServices, String>>,
}

impl CloudKeys {
    pub(crate) fn new(environment: &Environment) -> Self {
        Self {
            environment: environment.clone(),
            services: OnceLock::new(),
        }
    }

    fn services(&self, key: &MasterKey) -> Result<&KeyServices, KeyServiceError> {
        if !matches!(key.kind(), KeyKind::AwsKms | KeyKind::VaultTransit) {
            return Err(KeyServiceError::Unsupported { kind: key.kind() });
        }
        let services = self.services.get_or_init(|| connect(&self.environment));
        services
            .as_ref()
            .map_err(|reason| KeyServiceError::Malformed {
                key: key.identity(),
                reason: reason.clone(),
            })
    }
}

impl KeyService for CloudKeys {
    fn wrap<'a>(
        &'a self,
        key: &'a MasterKey,
        data_key: &'a DataKey,
    ) -> BoxFuture<'a, Result<String, KeyServiceError>> {
        Box::pin(async move { self.services(key)?.wrap(key, data_key).await })
    }

    fn unwrap<'a>(
        &'a self,
        key: &'a WrappedKey,
    ) -> BoxFuture<'a, Result<DataKey, KeyServiceError>> {
        Box::pin(async move { self.services(&key.key)?.unwrap(key).await })
    }
}

fn connect(environment: &Environment) -> Result<KeyServices, String> {
    install_cryptography();
    let variable = |name: &str| environment.variable(name).map(ToOwned::to_owned);
    let connector =
        Connector::new(AwsEndpoints::from_variables(variable)).map_err(|e| e.to_string())?;
    let list = variable("SOPS_HC_VAULT_ALLOWLIST").unwrap_or_default();
    let addresses = AllowedAddresses::parse(&list)
        .map_err(|error| format!("SOPS_HC_VAULT_ALLOWLIST: {error}"))?;
    let options = VaultTransitOptions {
        token: vault_token(environment).map(Arc::new),
        namespace: variable("VAULT_NAMESPACE").filter(|name| !name.is_empty()),
        addresses,
    };
    let host = variable("HOSTNAME")
        .or_else(|| std::fs::read_to_string("/proc/sys/kernel/hostname").ok())
        .map(|name| name.trim().to_owned())
        .unwrap_or_default();
    let aws = AwsKmsService::new(connector.aws(), AwsCredentials::Ambient, &host);
    let vault = VaultTransitService::new(&connector, options);
    Ok(KeyServices::new(vec![Arc::new(aws), Arc::new(vault)]))
}

/// The token from the environment, else from the file that the vault's own command writes.
fn vault_token(environment: &Environment) -> Option<SecretBytes> {
    if let Some(token) = environment.filled_variable("VAULT_TOKEN") {
        return Some(SecretBytes::from(token.to_owned()));
    }
    let home = environment.variable("HOME")?;
    let text = std::fs::read_to_string(format!("{home}/.vault-token")).ok()?;
    Some(SecretBytes::from(text.trim().to_owned()))
}
