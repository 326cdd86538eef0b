//! The SealedSecrets and ExternalSecrets of the cluster, by the Secret they make.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use api::bitnami::SealedSecret;
use api::external_secrets::ExternalSecret;
use kube::ResourceExt;
use kube::runtime::reflector::{ObjectRef, Store};
use pipeline::consumers::{Maker, SecretName};
use serde::Serialize;

use crate::driver::{Guarded, Reconciler};
use crate::kinds::{ExternalSecrets, SealedSecrets};
use crate::listed::Listed;

/// How long the first lists of the kinds may take. They never come where a definition is not
/// installed.
const FIRST_LIST: Duration = Duration::from_secs(10);

/// What the watches have seen of the kinds that make Secrets; a family that is switched off is not
/// watched.
pub(crate) struct Makers {
    sealed_secrets: Option<Store<Guarded<SealedSecret>>>,
    external_secrets: Option<Store<Guarded<ExternalSecret>>>,
    listed: Arc<Listed>,
    /// Whether the first lists are in, or will not come.
    is_settled: AtomicBool,
}

impl Makers {
    /// Takes the stores of the families that are served.
    pub(crate) fn new(
        sealed_secrets: Option<Store<Guarded<SealedSecret>>>,
        external_secrets: Option<Store<Guarded<ExternalSecret>>>,
        listed: Arc<Listed>,
    ) -> Self {
        Self {
            sealed_secrets,
            external_secrets,
            listed,
            is_settled: AtomicBool::new(false),
        }
    }

    /// Returns what makes a Secret. Of two, one that is not done yet is told: the Secret is only
    /// whole with both.
    pub(super) async fn of(&self, secret: &SecretName) -> Option<Maker> {
        self.settled().await;
        let sealed = self.sealed_secrets.as_ref();
        let sealed = sealed.and_then(|store| named(store, secret));
        let external = self.external_secrets.as_ref();
        let external = external.and_then(|store| {
            // Nearly all have the name of their Secret.
            named(store, secret).or_else(|| targeting(store, secret))
        });
        match (sealed, external) {
            (Some(sealed), Some(external)) if sealed.is_done() => Some(external),
            (sealed, external) => sealed.or(external),
        }
    }

    /// Completes when the first lists are in: before that, what is not seen may well be there.
    async fn settled(&self) {
        if self.is_settled.load(Ordering::Acquire) {
            return;
        }
        let mut kinds = Vec::new();
        kinds.extend(self.sealed_secrets.as_ref().map(|_| SealedSecrets::NAME));
        kinds.extend(
            self.external_secrets
                .as_ref()
                .map(|_| ExternalSecrets::NAME),
        );
        let _ = tokio::time::timeout(FIRST_LIST, self.listed.wait(&kinds)).await;
        self.is_settled.store(true, Ordering::Release);
    }
}

/// Returns the maker that has the name of its Secret.
fn named<K>(store: &Store<Guarded<K>>, secret: &SecretName) -> Option<Maker>
where
    K: kube::Resource<DynamicType = ()> + Clone + Serialize + 'static,
{
    let reference = ObjectRef::new(&secret.name).within(&secret.namespace);
    let found = store.get(&reference)?;
    read(&found).filter(|maker| maker.secret() == secret)
}

/// Returns the ExternalSecret that names a Secret as its target.
fn targeting(store: &Store<Guarded<ExternalSecret>>, secret: &SecretName) -> Option<Maker> {
    let state = store.state();
    let found = state.iter().find(|guarded| {
        guarded.namespace().as_deref() == Some(secret.namespace.as_str())
            && guarded.0.as_ref().is_ok_and(|object| {
                object.spec.target.name.as_deref() == Some(secret.name.as_str())
            })
    })?;
    read(found)
}

fn read<K>(guarded: &Guarded<K>) -> Option<Maker>
where
    K: kube::Resource<DynamicType = ()> + Serialize,
{
    let object = guarded.0.as_ref().ok()?;
    // It holds references and ciphertext, and no value.
    let value = serde_json::to_value(object).ok()?;
    Maker::read(&value)
}
