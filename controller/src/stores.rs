//! Stores as their consumers may use them: found, allowed, ready, and connected.
//!
//! A store is always resolved for somebody: [`Stores::connect`] takes the consumer's namespace, and
//! nothing here can be asked without one (I8). Clients are shared over all syncs; what they depend
//! on is looked at once every few seconds, not once a sync.

mod allowed;
mod credentials;
mod recently;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use api::condition::{ConditionStatus, find_condition};
use api::external_secrets::{
    ClusterSecretStore, SecretStore, SecretStoreSpec, SecretStoreStatus, StoreKind,
};
use api::names::external_secrets::READY;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Secret, ServiceAccount};
use kube::core::object::HasStatus;
use kube::runtime::reflector::ObjectRef;
use kube::{Api, Client, Resource, ResourceExt};
use providers::{
    Capabilities, Connector, CredentialResolver, ReferenceKind, ScopedResolver, Store,
    StoreClients, StoreClientsOptions, StoreKey, StoreReference, StoreScope, ValidateStore,
    Validation, references,
};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::context::{Context, Seen};
use crate::error::{Category, Error, by_secrets_error};
use recently::Recently;

/// How long a resource version or a namespace's labels are taken to hold.
const LOOKED_AT: Duration = Duration::from_secs(5);

/// Clients of all stores, and what they depend on.
pub(crate) struct Stores {
    clients: StoreClients,
    client: Client,
    credentials: Arc<dyn CredentialResolver>,
    versions: Recently<StoreReference, String>,
    labels: Recently<String, BTreeMap<String, String>>,
}

/// Which store is meant, as a consumer names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct StoreId {
    /// What it is.
    pub(crate) kind: StoreKind,
    /// Its name.
    pub(crate) name: String,
}

/// A store there is.
#[derive(Clone)]
pub(crate) struct FoundStore {
    /// What it is and its name.
    pub(crate) id: StoreId,
    /// Its namespace, for a SecretStore.
    pub(crate) namespace: Option<String>,
    /// Its uid.
    pub(crate) uid: String,
    /// Its generation.
    pub(crate) generation: i64,
    /// How its backend is reached.
    pub(crate) spec: Arc<SecretStoreSpec>,
    /// Whether its condition says so.
    pub(crate) is_ready: bool,
    /// Whether it was ever looked at.
    pub(crate) is_checked: bool,
    /// When it was made.
    pub(crate) made: Option<Timestamp>,
}

/// A kind of store.
pub(crate) trait StoreObject:
    Resource<DynamicType = ()>
    + HasStatus<Status = SecretStoreStatus>
    + Clone
    + fmt::Debug
    + DeserializeOwned
    + Serialize
    + Send
    + Sync
    + 'static
{
    /// What it is.
    const KIND: StoreKind;
    /// Its name in logs, metrics and events.
    const NAME: &'static str;
    /// Who signs its events.
    const REPORTER: &'static str;

    /// Returns how the backend is reached.
    fn spec(&self) -> &SecretStoreSpec;
}

impl StoreObject for SecretStore {
    const KIND: StoreKind = StoreKind::SecretStore;
    const NAME: &'static str = "SecretStore";
    const REPORTER: &'static str = "secret-store";

    fn spec(&self) -> &SecretStoreSpec {
        &self.spec
    }
}

impl StoreObject for ClusterSecretStore {
    const KIND: StoreKind = StoreKind::ClusterSecretStore;
    const NAME: &'static str = "ClusterSecretStore";
    const REPORTER: &'static str = "cluster-secret-store";

    fn spec(&self) -> &SecretStoreSpec {
        &self.spec.0
    }
}

impl fmt::Display for StoreId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            StoreKind::SecretStore => "SecretStore",
            StoreKind::ClusterSecretStore => "ClusterSecretStore",
        };
        write!(formatter, "{kind} {:?}", self.name)
    }
}

impl FoundStore {
    /// Describes a store.
    pub(crate) fn of<K: StoreObject>(object: &K) -> Self {
        Self {
            id: StoreId {
                kind: K::KIND,
                name: object.name_any(),
            },
            namespace: object.namespace(),
            uid: object.uid().unwrap_or_default(),
            generation: object.meta().generation.unwrap_or_default(),
            spec: Arc::new(object.spec().clone()),
            is_ready: is_ready(object),
            is_checked: object.status().is_some_and(|status| {
                let ready = find_condition(&status.conditions, READY);
                ready.is_some()
            }),
            made: object.creation_timestamp().map(|made| made.0),
        }
    }

    /// Whether a controller of this class serves the store.
    pub(crate) fn is_served_by(&self, class: &str) -> bool {
        self.spec
            .controller
            .as_deref()
            .is_none_or(|wanted| wanted.is_empty() || wanted == class)
    }

    fn scope(&self, consumer: Option<&str>) -> StoreScope {
        match (self.id.kind, &self.namespace) {
            (StoreKind::SecretStore, Some(namespace)) => StoreScope::Namespaced {
                namespace: namespace.clone(),
            },
            (StoreKind::SecretStore | StoreKind::ClusterSecretStore, _) => StoreScope::Cluster {
                consumer: consumer.map(ToOwned::to_owned),
            },
        }
    }
}

/// Whether a store's condition says that it can be used.
pub(crate) fn is_ready(object: &impl StoreObject) -> bool {
    object.status().is_some_and(|status| {
        find_condition(&status.conditions, READY)
            .is_some_and(|condition| condition.status == ConditionStatus::True)
    })
}

/// Returns the store a consumer in `namespace` means, when there is one.
pub(crate) fn find(id: &StoreId, namespace: &str, seen: &Seen) -> Option<FoundStore> {
    match id.kind {
        StoreKind::SecretStore => {
            let reference = ObjectRef::new(&id.name).within(namespace);
            let found = seen.secret_stores.get(&reference)?;
            found.0.as_ref().ok().map(FoundStore::of)
        }
        StoreKind::ClusterSecretStore => {
            let found = seen.cluster_secret_stores.get(&ObjectRef::new(&id.name))?;
            found.0.as_ref().ok().map(FoundStore::of)
        }
    }
}

impl Stores {
    /// Begins with no clients.
    pub(crate) fn new(connector: Connector, client: Client) -> Self {
        Self {
            clients: StoreClients::new(connector, StoreClientsOptions::default()),
            credentials: Arc::new(credentials::Credentials(client.clone())),
            client,
            versions: Recently::new(LOOKED_AT),
            labels: Recently::new(LOOKED_AT),
        }
    }

    /// Returns the client of a store for a consumer in `namespace`.
    ///
    /// # Errors
    ///
    /// When there is no such store, the consumer may not use it, it is not ready, or its backend
    /// refuses or does not answer.
    pub(crate) async fn connect(
        &self,
        id: &StoreId,
        namespace: &str,
        context: &Context,
    ) -> Result<Arc<Store>, Error> {
        let refuse = |category, text: String| Err(Error::new(category, "StoreError", text));
        let Some(found) = find(id, namespace, &context.seen) else {
            return refuse(
                Category::NotFound,
                format!("could not get {id}, it does not exist"),
            );
        };
        if !found.is_served_by(&context.flags.controller_class) {
            return refuse(
                Category::Denied,
                "can not reference unmanaged store".to_owned(),
            );
        }
        self.allow(&found, namespace).await?;
        if context.flags.enable_flood_gate && !found.is_ready {
            return refuse(Category::NotFound, format!("{id} is not ready"));
        }
        self.client_of(&found, Some(namespace)).await
    }

    /// Checks a store for itself, and says what it can do.
    ///
    /// # Errors
    ///
    /// Either of the two messages a store's condition knows, with the cause.
    pub(crate) async fn validate(
        &self,
        found: &FoundStore,
    ) -> Result<(Validation, Capabilities), Error> {
        let scope = found.scope(None);
        let key = self.key(found, &scope).await?;
        let resolver = ScopedResolver::new(Arc::clone(&self.credentials), scope.clone());
        let checked = self.clients.validate(&key, &found.spec, &resolver).await;
        checked.map_err(|error| {
            self.look_again(found, &scope);
            let (ValidateStore::Connect { source } | ValidateStore::Validate { source }) = &error;
            let category = by_secrets_error(source.kind());
            Error::new(category, INVALID_PROVIDER_CONFIG, error.to_string()).because(source.clone())
        })
    }

    /// Gives back what backends hold for all clients, at the end of the process.
    pub(crate) async fn close(&self) {
        self.clients.close().await;
    }

    /// Drops the clients of a store that is gone.
    pub(crate) async fn forget(&self, uid: &str) {
        self.clients.forget(uid).await;
    }

    async fn client_of(
        &self,
        found: &FoundStore,
        consumer: Option<&str>,
    ) -> Result<Arc<Store>, Error> {
        let scope = found.scope(consumer);
        let key = self.key(found, &scope).await?;
        let resolver = ScopedResolver::new(Arc::clone(&self.credentials), scope.clone());
        let connected = self.clients.store(&key, &found.spec, &resolver).await;
        connected.map_err(|error| {
            self.look_again(found, &scope);
            Error::from(error)
        })
    }

    /// Returns which state of the store is meant, the credentials it refers to included.
    async fn key(&self, found: &FoundStore, scope: &StoreScope) -> Result<StoreKey, Error> {
        let mut fingerprint = String::new();
        // What cannot be resolved is told by connecting, in the words for it.
        for reference in references(&found.spec.provider, scope).unwrap_or_default() {
            let version = self.versions.get(&reference, self.version(&reference));
            fingerprint.push_str(&version.await?);
            fingerprint.push(' ');
        }
        Ok(StoreKey {
            name: found.id.name.clone(),
            uid: found.uid.clone(),
            generation: found.generation,
            fingerprint,
        })
    }

    /// Returns what changes when an object does; an object that is absent is a state as well.
    async fn version(&self, reference: &StoreReference) -> Result<String, Error> {
        let (client, namespace) = (self.client.clone(), reference.namespace.as_str());
        let name = reference.name.as_str();
        let found = match reference.kind {
            ReferenceKind::Secret => {
                let api = Api::<Secret>::namespaced(client, namespace);
                api.get_metadata_opt(name)
                    .await
                    .map(|found| found.and_then(|object| object.metadata.resource_version))
            }
            ReferenceKind::ConfigMap => {
                let api = Api::<ConfigMap>::namespaced(client, namespace);
                api.get_metadata_opt(name)
                    .await
                    .map(|found| found.and_then(|object| object.metadata.resource_version))
            }
            // Its tokens die with it, and with nothing else.
            ReferenceKind::ServiceAccount => {
                let api = Api::<ServiceAccount>::namespaced(client, namespace);
                api.get_metadata_opt(name)
                    .await
                    .map(|found| found.and_then(|object| object.metadata.uid))
            }
        };
        match found {
            Ok(version) => Ok(version.unwrap_or_default()),
            Err(source) => Err(Error::kubernetes(
                &format!("look at a credential in {namespace}/{name}"),
                source,
            )),
        }
    }

    /// A failure may come from credentials that were changed a moment ago.
    fn look_again(&self, found: &FoundStore, scope: &StoreScope) {
        for reference in references(&found.spec.provider, scope).unwrap_or_default() {
            self.versions.forget(&reference);
        }
    }

    async fn allow(&self, found: &FoundStore, namespace: &str) -> Result<(), Error> {
        if found.id.kind == StoreKind::SecretStore {
            return Ok(());
        }
        let conditions = &found.spec.conditions;
        let labels = if allowed::needs_labels(conditions) {
            let key = namespace.to_owned();
            self.labels.get(&key, self.labels_of(namespace)).await?
        } else {
            BTreeMap::new()
        };
        let answer = allowed::is_allowed(conditions, namespace, &labels)
            .map_err(|source| Error::new(Category::Invalid, "StoreError", source.to_string()))?;
        if answer {
            return Ok(());
        }
        Err(Error::new(
            Category::Denied,
            "StoreError",
            format!(
                "using cluster store {:?} is not allowed from namespace {namespace:?}: denied by spec.condition",
                found.id.name
            ),
        ))
    }

    async fn labels_of(&self, namespace: &str) -> Result<BTreeMap<String, String>, Error> {
        let found = Api::<Namespace>::all(self.client.clone())
            .get_metadata_opt(namespace)
            .await
            .map_err(|source| {
                Error::kubernetes(&format!("look at namespace {namespace}"), source)
            })?;
        Ok(found
            .and_then(|object| object.metadata.labels)
            .unwrap_or_default())
    }
}

/// Reason of every store that cannot be used.
pub(crate) const INVALID_PROVIDER_CONFIG: &str = "InvalidProviderConfig";
