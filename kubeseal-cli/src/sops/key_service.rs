//! The key services of one run: age in memory, others once they are needed.

use std::sync::Arc;

use futures::executor::block_on;
use sops_engine::{AgeKeyService, KeyKind, KeyService, KeyServices, MasterKey, WrappedKey};
use tokio::runtime::Runtime;

use super::error::Error;
use crate::Environment;
use crate::key_sources::age_identities;
use crate::key_sources::cloud::CloudKeys;
use crate::network;

pub(super) struct Services {
    services: KeyServices,
    /// Only for keys that a service holds: nothing else waits.
    runtime: Option<Runtime>,
}

impl Services {
    /// Returns services that wrap for these keys.
    pub(super) fn for_keys<'a>(
        keys: impl Iterator<Item = &'a MasterKey>,
        environment: &Environment,
    ) -> Result<Self, Error> {
        let kinds: Vec<KeyKind> = keys.map(MasterKey::kind).collect();
        Self::new(AgeKeyService::new(), &kinds, environment)
    }

    /// Returns services that unwrap these keys.
    pub(super) fn for_files<'a>(
        keys: impl Iterator<Item = &'a WrappedKey>,
        environment: &Environment,
    ) -> Result<Self, Error> {
        let keys: Vec<&MasterKey> = keys.map(|key| &key.key).collect();
        let kinds: Vec<KeyKind> = keys.iter().map(|key| key.kind()).collect();
        let recipients: Vec<&str> = keys
            .iter()
            .filter_map(|key| match key {
                MasterKey::Age(key) => Some(key.recipient.as_str()),
                _ => None,
            })
            .collect();
        let age = if recipients.is_empty() {
            AgeKeyService::new()
        } else {
            age_identities::collect(&recipients, environment)
        };
        Self::new(age, &kinds, environment)
    }

    fn new(
        age: AgeKeyService,
        kinds: &[KeyKind],
        environment: &Environment,
    ) -> Result<Self, Error> {
        let mut services = KeyServices::new(vec![Arc::new(age)]);
        let remote = [KeyKind::AwsKms, KeyKind::VaultTransit];
        let mut runtime = None;
        if kinds.iter().any(|kind| remote.contains(kind)) {
            runtime = Some(network::runtime().map_err(Error::Runtime)?);
            services.push(Arc::new(CloudKeys::new(environment)));
        }
        Ok(Self { services, runtime })
    }

    pub(super) fn service(&self) -> &dyn KeyService {
        &self.services
    }

    pub(super) fn run<T>(&self, future: impl Future<Output = T>) -> T {
        match &self.runtime {
            Some(runtime) => runtime.block_on(future),
            None => block_on(future),
        }
    }
}

#[cfg(test)]
mod tests;
