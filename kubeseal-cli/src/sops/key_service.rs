//! The key services of one run: age in memory, others once they are needed.

use std::sync::Arc;

use sops_engine::{AgeKeyService, KeyKind, KeyService, KeyServices, MasterKey, WrappedKey};
use tokio::runtime::{Builder, Runtime};

use super::Invocation;
use super::cloud::CloudKeys;
use super::error::Error;
use super::identities;

pub(super) struct Services {
    services: KeyServices,
    runtime: Runtime,
}

impl Services {
    /// Returns services that wrap for these keys.
    pub(super) fn for_keys<'a>(
        keys: impl Iterator<Item = &'a MasterKey>,
        invocation: &Invocation,
    ) -> Result<Self, Error> {
        let kinds: Vec<KeyKind> = keys.map(MasterKey::kind).collect();
        Self::new(AgeKeyService::new(), &kinds, invocation)
    }

    /// Returns services that unwrap these keys.
    pub(super) fn for_files<'a>(
        keys: impl Iterator<Item = &'a WrappedKey>,
        invocation: &Invocation,
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
            identities::collect(&recipients, invocation)
        };
        Self::new(age, &kinds, invocation)
    }

    fn new(age: AgeKeyService, kinds: &[KeyKind], invocation: &Invocation) -> Result<Self, Error> {
        let mut services = KeyServices::new(vec![Arc::new(age)]);
        let mut builder = Builder::new_current_thread();
        let remote = [KeyKind::AwsKms, KeyKind::VaultTransit];
        if kinds.iter().any(|kind| remote.contains(kind)) {
            builder.enable_all();
            services.push(Arc::new(CloudKeys::new(invocation)));
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
