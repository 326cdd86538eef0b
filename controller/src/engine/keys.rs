//! The keys a unit may use: those of its own Secret first, then what the process itself has.

use std::sync::Arc;

use pipeline::unit::Unit;
use providers::Connector;
use providers::keys::{
    AllowedAddresses, AwsCredentials, AwsKmsService, VaultTransitOptions, VaultTransitService,
};
use secret_bytes::SecretBytes;
use sops_engine::{AgeKeyService, KeyService, KeyServices};

use crate::context::Context;
use crate::error::{Category, Chain, Error};
use crate::secrets;

/// Ending of the entries that hold age identities.
const AGE: &str = ".agekey";
/// Entry with AWS credentials.
const AWS: &str = "sops.aws-kms";
/// Entry with a Vault token.
const VAULT: &str = "sops.vault-token";

/// Variable with the Vault servers that files may name.
const VAULT_ADDRESSES: &str = "SOPS_HC_VAULT_ALLOWLIST";

/// The key services of one build, in the order they are tried.
pub(crate) struct Keys {
    services: KeyServices,
    /// What the decryption Secret holds and nobody reads, for whoever looks for a key.
    unread: Option<String>,
}

/// What the process itself may open documents with, read once at start.
pub(crate) struct Ambient {
    /// Connections to backends.
    pub(crate) connector: Connector,
    services: Vec<Arc<dyn KeyService>>,
    /// To which servers tokens of decryption Secrets may go.
    vault_addresses: AllowedAddresses,
    host_name: String,
}

impl Ambient {
    /// Reads the environment: `SOPS_AGE_KEY`, `VAULT_ADDR` with `VAULT_TOKEN`,
    /// `SOPS_HC_VAULT_ALLOWLIST`, and the AWS chain.
    ///
    /// # Errors
    ///
    /// When one of them is set and unusable.
    pub(crate) fn read(
        connector: Connector,
        host_name: &str,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Error> {
        let mut services: Vec<Arc<dyn KeyService>> = Vec::new();
        if let Some(identities) = variable("SOPS_AGE_KEY") {
            services.push(age(&SecretBytes::from(identities), "SOPS_AGE_KEY")?);
        }
        services.push(Arc::new(AwsKmsService::new(
            connector.aws(),
            AwsCredentials::Ambient,
            host_name,
        )));
        if let (Some(address), Some(token)) = (variable("VAULT_ADDR"), variable("VAULT_TOKEN")) {
            // A file names its own server: our token goes to ours only.
            services.push(Arc::new(VaultTransitService::new(
                &connector,
                VaultTransitOptions {
                    token: Some(Arc::new(SecretBytes::from(token))),
                    namespace: variable("VAULT_NAMESPACE"),
                    addresses: AllowedAddresses::Prefixes(vec![address]),
                },
            )));
        }
        let allowed = variable(VAULT_ADDRESSES).unwrap_or_default();
        let vault_addresses =
            AllowedAddresses::parse(&allowed).map_err(|error| unusable(VAULT_ADDRESSES, &error))?;
        Ok(Self {
            connector,
            services,
            vault_addresses,
            host_name: host_name.to_owned(),
        })
    }
}

impl Keys {
    /// Reads the unit's decryption Secret, which is in the unit's own namespace (I8).
    ///
    /// # Errors
    ///
    /// When the Secret is not there or an entry of it is unusable.
    pub(crate) async fn read(unit: &Unit, context: &Context) -> Result<Self, Error> {
        let mut services = KeyServices::default();
        let mut unread = None;
        let Some(decryption) = &unit.decryption else {
            return Ok(Self { services, unread });
        };
        if let Some(name) = &decryption.secret_name {
            let data = secrets::read(context, &unit.id.namespace, name)
                .await
                .map_err(|error| error.with_reason("BuildFailed"))?;
            for service in of_secret(&data, name, &context.ambient)? {
                services.push(service);
            }
            unread = self::unread(&data, &unit.id.namespace, name);
        }
        for service in &context.ambient.services {
            services.push(Arc::clone(service));
        }
        Ok(Self { services, unread })
    }

    /// Returns the services.
    pub(super) fn services(&self) -> &KeyServices {
        &self.services
    }

    /// Returns what may be wrong with the decryption Secret when no key opened a document.
    pub(super) fn hint(&self) -> Option<&str> {
        self.unread.as_deref()
    }
}

/// Names the entries of a decryption Secret that are no keys by their names.
fn unread(data: &secrets::Data, namespace: &str, name: &str) -> Option<String> {
    let is_read = |entry: &str| entry.ends_with(AGE) || entry == AWS || entry == VAULT;
    let unread: Vec<String> = data
        .keys()
        .filter(|entry| !is_read(entry))
        .map(|entry| format!("{entry:?}"))
        .collect();
    if unread.is_empty() {
        let is_empty = format!("hint: Secret {namespace}/{name} has no entries");
        return data.is_empty().then_some(is_empty);
    }
    Some(format!(
        "hint: Secret {namespace}/{name} has entries that are not read as keys: {}; age identities \
         are in entries that end in {AGE}, AWS credentials in {AWS}, a Vault token in {VAULT}",
        unread.join(", ")
    ))
}

fn of_secret(
    data: &secrets::Data,
    name: &str,
    ambient: &Ambient,
) -> Result<Vec<Arc<dyn KeyService>>, Error> {
    let mut services = Vec::new();
    for (entry, value) in data {
        let origin = format!("Secret {name}, entry {entry}");
        match entry.as_str() {
            entry if entry.ends_with(AGE) => services.push(age(value, &origin)?),
            AWS => {
                let credentials =
                    AwsCredentials::from_yaml(value).map_err(|error| unusable(&origin, &error))?;
                services.push(Arc::new(AwsKmsService::new(
                    ambient.connector.aws(),
                    credentials,
                    &ambient.host_name,
                )));
            }
            VAULT => services.push(Arc::new(VaultTransitService::new(
                &ambient.connector,
                VaultTransitOptions {
                    token: Some(Arc::clone(value)),
                    namespace: None,
                    // The file names the server, and who writes it need not know the token.
                    addresses: ambient.vault_addresses.clone(),
                },
            ))),
            // Entries for key kinds that are not there yet, and anything else, are left alone.
            _ => {}
        }
    }
    Ok(services)
}

fn age(identities: &SecretBytes, origin: &str) -> Result<Arc<dyn KeyService>, Error> {
    let service = AgeKeyService::from_identities(identities, origin)
        .map_err(|error| unusable(origin, &error))?;
    Ok(Arc::new(service))
}

fn unusable(origin: &str, error: &dyn std::error::Error) -> Error {
    Error::new(
        Category::Invalid,
        "BuildFailed",
        format!("{origin} cannot be used: {}", Chain(error)),
    )
}

#[cfg(test)]
mod tests;
