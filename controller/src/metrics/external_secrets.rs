//! Metrics of the family `external-secrets`; conditions are read when somebody asks: an object that
//! is gone has none.

use std::fmt;

use api::condition::ConditionStatus;
use api::external_secrets::{ExternalSecret, ExternalSecretsCondition};
use kube::runtime::reflector::Store;
use kube::{Resource, ResourceExt};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet};
use prometheus_client::metrics::MetricType;

use super::{Metrics, NamedLabels};
use crate::context::Seen;
use crate::driver::Guarded;
use crate::stores::StoreObject;

/// Tells the conditions of every object of a kind that a watch has seen.
struct Conditions<K: Resource<DynamicType = ()> + 'static> {
    name: &'static str,
    store: Store<Guarded<K>>,
    of: fn(&K) -> &[ExternalSecretsCondition],
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    condition: String,
    name: String,
    namespace: String,
    status: &'static str,
}

impl Metrics {
    /// Registers the conditions of ExternalSecrets and stores, under the names of the family.
    pub(crate) fn tell_external_secrets(&mut self, seen: &Seen) {
        self.tell(
            "externalsecret_status_condition",
            &seen.external_secrets,
            of_external_secret,
        );
        self.tell(
            "secretstore_status_condition",
            &seen.secret_stores,
            of_store,
        );
        self.tell(
            "clustersecretstore_status_condition",
            &seen.cluster_secret_stores,
            of_store,
        );
    }

    fn tell<K>(
        &mut self,
        name: &'static str,
        store: &Store<Guarded<K>>,
        of: fn(&K) -> &[ExternalSecretsCondition],
    ) where
        K: Resource<DynamicType = ()> + Clone + Send + Sync + 'static,
    {
        let store = store.clone();
        self.registry
            .register_collector(Box::new(Conditions { name, store, of }));
    }

    /// Records that values are fetched for an ExternalSecret.
    pub(crate) fn external_secret_synced(&self, namespace: &str, name: &str) {
        let labels = NamedLabels::of(namespace, name);
        self.external_secret_syncs.get_or_create(&labels).inc();
    }

    /// Records that an ExternalSecret's Secret could not be made what it should be.
    pub(crate) fn external_secret_failed(&self, namespace: &str, name: &str) {
        let labels = NamedLabels::of(namespace, name);
        self.external_secret_sync_errors
            .get_or_create(&labels)
            .inc();
    }

    /// Drops what is counted for an ExternalSecret that goes away.
    pub(crate) fn external_secret_gone(&self, namespace: &str, name: &str) {
        let labels = NamedLabels::of(namespace, name);
        self.external_secret_syncs.remove(&labels);
        self.external_secret_sync_errors.remove(&labels);
    }
}

impl NamedLabels {
    pub(super) fn of(namespace: &str, name: &str) -> Self {
        Self {
            name: name.to_owned(),
            namespace: namespace.to_owned(),
        }
    }
}

impl<K> Collector for Conditions<K>
where
    K: Resource<DynamicType = ()> + Clone + Send + Sync + 'static,
{
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let help = "Conditions by status, 1 where it holds.";
        let mut family = encoder.encode_descriptor(self.name, help, None, MetricType::Gauge)?;
        for guarded in self.store.state() {
            let Ok(object) = &guarded.0 else { continue };
            for condition in (self.of)(object) {
                for (status, holds) in samples(condition.status) {
                    let labels = Labels {
                        condition: condition.kind.clone(),
                        name: object.name_any(),
                        namespace: object.namespace().unwrap_or_default(),
                        status,
                    };
                    family
                        .encode_family(&labels)?
                        .encode_gauge(&i64::from(holds))?;
                }
            }
        }
        Ok(())
    }
}

impl<K: Resource<DynamicType = ()> + 'static> fmt::Debug for Conditions<K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Conditions")
    }
}

fn samples(status: ConditionStatus) -> [(&'static str, bool); 2] {
    [
        ("True", status == ConditionStatus::True),
        ("False", status == ConditionStatus::False),
    ]
}

fn of_external_secret(object: &ExternalSecret) -> &[ExternalSecretsCondition] {
    let status = object.status.as_ref();
    status.map_or(&[], |status| status.conditions.as_slice())
}

fn of_store<K: StoreObject>(object: &K) -> &[ExternalSecretsCondition] {
    let status = object.status();
    status.map_or(&[], |status| status.conditions.as_slice())
}
