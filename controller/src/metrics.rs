//! What is counted and measured, under the names people alert on.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use crate::error::Category;

/// All metrics of the process. Names and labels are a promise (reference docs, fixed by a test).
pub(crate) struct Metrics {
    registry: Registry,
    duration: Family<ObjectLabels, Histogram>,
    results: Family<ResultLabels, Counter>,
    failures: Family<CategoryLabels, Counter>,
    leading: Gauge,
    /// Counts SealedSecret unsealings.
    pub(crate) unseal_requests: Counter,
    /// Counts SealedSecret unsealings that failed, by reason.
    unseal_errors: Family<UnsealLabels, Counter>,
    /// Whether a SealedSecret is synced, by object.
    pub(crate) sealed_secret_condition: Family<ConditionLabels, Gauge<f64, AtomicU64>>,
    /// Counts ExternalSecret syncs.
    pub(crate) external_secret_syncs: Family<NamedLabels, Counter>,
    /// Counts ExternalSecret syncs that failed.
    pub(crate) external_secret_sync_errors: Family<NamedLabels, Counter>,
    /// The state of each ExternalSecret's conditions.
    pub(crate) external_secret_condition: Family<NamedConditionLabels, Gauge>,
}

/// Which object.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ObjectLabels {
    kind: String,
    name: String,
    namespace: String,
}

/// How a reconcile ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabels {
    controller: String,
    result: String,
}

/// What a failure meant.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CategoryLabels {
    kind: String,
    category: String,
}

/// Why an unsealing failed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct UnsealLabels {
    reason: String,
    namespace: String,
}

/// A condition of a SealedSecret.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct ConditionLabels {
    /// Namespace.
    pub(crate) namespace: String,
    /// Name.
    pub(crate) name: String,
    /// Condition type.
    pub(crate) condition: String,
}

/// Which ExternalSecret.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct NamedLabels {
    /// Name.
    pub(crate) name: String,
    /// Namespace.
    pub(crate) namespace: String,
}

/// A condition of an ExternalSecret.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct NamedConditionLabels {
    /// Condition type.
    pub(crate) condition: String,
    /// Name.
    pub(crate) name: String,
    /// Namespace.
    pub(crate) namespace: String,
    /// `True` or `False`.
    pub(crate) status: String,
}

impl Metrics {
    /// Registers everything.
    pub(crate) fn new() -> Self {
        let metrics = Self {
            registry: Registry::default(),
            duration: Family::new_with_constructor(|| {
                Histogram::new(exponential_buckets(0.01, 2.0, 14))
            }),
            results: Family::default(),
            failures: Family::default(),
            leading: Gauge::default(),
            unseal_requests: Counter::default(),
            unseal_errors: Family::default(),
            sealed_secret_condition: Family::default(),
            external_secret_syncs: Family::default(),
            external_secret_sync_errors: Family::default(),
            external_secret_condition: Family::default(),
        };
        metrics.register()
    }

    fn register(mut self) -> Self {
        let registry = &mut self.registry;
        registry.register(
            "gotk_reconcile_duration_seconds",
            "Duration of reconciles by object",
            self.duration.clone(),
        );
        registry.register(
            "controller_runtime_reconcile",
            "Reconciles by controller and result",
            self.results.clone(),
        );
        registry.register(
            "signet_reconcile_failures",
            "Failed reconciles by category",
            self.failures.clone(),
        );
        registry.register(
            "signet_leading",
            "Whether this replica leads",
            self.leading.clone(),
        );
        registry.register(
            "sealed_secrets_controller_unseal_requests",
            "Unsealings of SealedSecrets",
            self.unseal_requests.clone(),
        );
        registry.register(
            "sealed_secrets_controller_unseal_errors",
            "Failed unsealings by reason",
            self.unseal_errors.clone(),
        );
        registry.register(
            "sealed_secrets_controller_condition_info",
            "Conditions of SealedSecrets, 1 true and -1 false",
            self.sealed_secret_condition.clone(),
        );
        registry.register(
            "externalsecret_sync_calls",
            "Syncs of ExternalSecrets",
            self.external_secret_syncs.clone(),
        );
        registry.register(
            "externalsecret_sync_calls_error",
            "Failed syncs of ExternalSecrets",
            self.external_secret_sync_errors.clone(),
        );
        registry.register(
            "externalsecret_status_condition",
            "Conditions of ExternalSecrets",
            self.external_secret_condition.clone(),
        );
        self
    }

    /// Records how long a reconcile took.
    pub(crate) fn reconciled(&self, kind: &str, namespace: &str, name: &str, took: Duration) {
        let labels = ObjectLabels {
            kind: kind.to_owned(),
            name: name.to_owned(),
            namespace: namespace.to_owned(),
        };
        self.duration
            .get_or_create(&labels)
            .observe(took.as_secs_f64());
    }

    /// Records a reconcile that did what it should.
    pub(crate) fn succeeded(&self, kind: &str) {
        self.count(kind, "success");
    }

    /// Records a reconcile that failed.
    pub(crate) fn failed(&self, kind: &str, category: Category) {
        self.count(kind, "error");
        let labels = CategoryLabels {
            kind: kind.to_owned(),
            category: category.as_str().to_owned(),
        };
        self.failures.get_or_create(&labels).inc();
    }

    /// Records whether this replica leads.
    pub(crate) fn leads(&self, leads: bool) {
        self.leading.set(i64::from(leads));
    }

    /// Returns everything in the text form Prometheus reads.
    pub(crate) fn encode(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry)?;
        Ok(text)
    }

    /// Records an unsealing that failed.
    pub(crate) fn unseal_failed(&self, reason: &str, namespace: &str) {
        let labels = UnsealLabels {
            reason: reason.to_owned(),
            namespace: namespace.to_owned(),
        };
        self.unseal_errors.get_or_create(&labels).inc();
    }

    fn count(&self, kind: &str, result: &str) {
        let labels = ResultLabels {
            controller: kind.to_lowercase(),
            result: result.to_owned(),
        };
        self.results.get_or_create(&labels).inc();
    }
}
