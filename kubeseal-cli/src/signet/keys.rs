//! Data keys, unwrapped with what the environment offers; nothing is looked for before it is needed.

use std::collections::BTreeSet;
use std::sync::Arc;

use pipeline::decrypt::{Decrypt, Need};
use sops_engine::{DataKey, DecryptionOrder, KeyService, KeyServices, MasterKey, unwrap_data_key};

use crate::Environment;
use crate::key_sources::age_identities;
use crate::key_sources::cloud::CloudKeys;

/// Which Vault servers may be asked, for `sops` and here.
const VAULT_ADDRESSES: &str = "SOPS_HC_VAULT_ALLOWLIST";

/// The keys of one run.
pub(super) struct Keys {
    environment: Environment,
    cloud: Arc<dyn KeyService>,
    age: Option<(BTreeSet<String>, Arc<dyn KeyService>)>,
}

impl Keys {
    /// Prepares the keys that `sops` would use in the same environment.
    ///
    /// A file names its own Vault server, and a repository may be anybody's: unlike `sops`, our
    /// token goes to our own server only, unless the list of allowed servers says otherwise.
    pub(super) fn new(environment: &Environment) -> Self {
        let mut environment = environment.clone();
        if environment.filled_variable(VAULT_ADDRESSES).is_none() {
            let address = environment.filled_variable("VAULT_ADDR").unwrap_or("none");
            let allowed = (VAULT_ADDRESSES.to_owned(), address.to_owned());
            environment.variables.push(allowed);
        }
        Self {
            cloud: Arc::new(CloudKeys::new(&environment)),
            environment,
            age: None,
        }
    }

    /// Unwraps the data key of a document.
    ///
    /// # Errors
    ///
    /// When it cannot be unwrapped; the error names who could.
    pub(super) async fn unwrap(&mut self, need: &Need<'_>) -> Result<DataKey, Decrypt> {
        let services = self.services(need);
        let order = DecryptionOrder::default();
        let unwrapped = unwrap_data_key(need.metadata, &services, &order).await;
        unwrapped.map_err(|source| need.failed(source))
    }

    fn services(&mut self, need: &Need<'_>) -> KeyServices {
        let recipients: BTreeSet<String> = need
            .metadata
            .groups
            .iter()
            .flat_map(|group| &group.keys)
            .filter_map(|wrapped| match &wrapped.key {
                MasterKey::Age(key) => Some(key.recipient.clone()),
                _ => None,
            })
            .collect();
        let mut services = KeyServices::default();
        if !recipients.is_empty() {
            services.push(self.age(recipients));
        }
        services.push(Arc::clone(&self.cloud));
        services
    }

    /// Identities are collected again only for recipients that nobody was asked about yet.
    fn age(&mut self, recipients: BTreeSet<String>) -> Arc<dyn KeyService> {
        if let Some((known, service)) = &self.age
            && recipients.is_subset(known)
        {
            return Arc::clone(service);
        }
        let asked: Vec<&str> = recipients.iter().map(String::as_str).collect();
        let service: Arc<dyn KeyService> =
            Arc::new(age_identities::collect(&asked, &self.environment));
        self.age = Some((recipients, Arc::clone(&service)));
        service
    }
}
