//! The conditions of SealedSecrets, read when somebody asks: an object that is gone has none.

use std::fmt;

use api::bitnami::SealedSecret;
use api::condition::ConditionStatus;
use kube::ResourceExt;
use kube::runtime::reflector::Store;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet};
use prometheus_client::metrics::MetricType;

use crate::driver::Guarded;

/// The label that names an installation of an application.
const INSTANCE: &str = "app.kubernetes.io/instance";

/// Tells the conditions of every SealedSecret that a watch has seen (K-101).
pub(super) struct Conditions(Store<Guarded<SealedSecret>>);

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    namespace: String,
    name: String,
    condition: String,
    ss_app_kubernetes_io_instance: String,
}

impl Conditions {
    /// Tells of what the store holds.
    pub(super) fn of(store: Store<Guarded<SealedSecret>>) -> Self {
        Self(store)
    }
}

impl Collector for Conditions {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let mut family = encoder.encode_descriptor(
            "sealed_secrets_controller_condition_info",
            "Conditions of SealedSecrets: 1 true, 0 unknown, -1 false.",
            None,
            MetricType::Gauge,
        )?;
        for guarded in self.0.state() {
            let Ok(object) = &guarded.0 else { continue };
            for (labels, value) in samples(object) {
                family.encode_family(&labels)?.encode_gauge(&value)?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Conditions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Conditions")
    }
}

fn samples(object: &SealedSecret) -> impl Iterator<Item = (Labels, i64)> {
    let conditions = object.status.iter().flat_map(|status| &status.conditions);
    conditions.map(|condition| {
        let value = match condition.status {
            ConditionStatus::True => 1,
            ConditionStatus::False => -1,
            ConditionStatus::Unknown => 0,
        };
        let instance = object.labels().get(INSTANCE).cloned();
        let labels = Labels {
            namespace: object.namespace().unwrap_or_default(),
            name: object.name_any(),
            condition: condition.kind.clone(),
            ss_app_kubernetes_io_instance: instance.unwrap_or_default(),
        };
        (labels, value)
    })
}
