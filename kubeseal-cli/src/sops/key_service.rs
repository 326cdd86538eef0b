//! The key services of one run: age in memory, others once they are needed.

use std::sync::Arc;

use sops_engine::{AgeKeyService, KeyKind, KeyService, KeyServices, MasterKey, WrappedKey};
use tokio::runtime::{Builder, Runtime};

use super::error::Error;
use crate::Environment;
use crate::key_sources::age_identities;
use crate::key_sources::cloud::CloudKeys;

pub(super) struct Services {
    services: KeyServices,
    runtime: Runtime,
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
        let mut builder = Builder::new_current_thread();
        let remote = [KeyKind::AwsKms, KeyKind::VaultTransit];
        if kinds.iter().any(|kind| remote.contains(kind)) {
            builder.enable_all();
            services.push(Arc::new(CloudKeys::new(environment)));
        }
        Ok(Self {
            services,
            runtime: builder.build().map_err(Error::Runtime)?,
        })
    }

    pub(super) fn service(&self) -> &dyn KeyService {
        &self.services
    }

    pub(super) fn run<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }
}
