//! What is counted and measured, under the names people alert on.

mod external_secrets;
mod sealed_secrets;

use std::time::Duration;

use api::bitnami::SealedSecret;
use kube::runtime::reflector::Store;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use crate::driver::Guarded;
use crate::error::Category;

/// Buckets of the time an answer takes, in seconds.
const ANSWER_BUCKETS: [f64; 11] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

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
    answers: Family<AnswerLabels, Counter>,
    answer_duration: Family<PathLabels, Histogram>,
    /// Counts ExternalSecret syncs.
    external_secret_syncs: Family<NamedLabels, Counter>,
    /// Counts ExternalSecret syncs that failed. A gauge by type: the name people alert on has not
    /// the ending of a counter.
    external_secret_sync_errors: Family<NamedLabels, Gauge>,
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

/// The build.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BuildLabels {
    revision: &'static str,
}

/// A request to the sealing API and how it was answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AnswerLabels {
    path: String,
    code: u16,
    method: String,
}

/// A request to the sealing API.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PathLabels {
    path: String,
    method: String,
}

/// Which ExternalSecret.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct NamedLabels {
    name: String,
    namespace: String,
}

impl Metrics {
    /// Registers everything; the conditions of SealedSecrets, which name each, only when their
    /// store is given.
    pub(crate) fn new(sealed_secrets: Option<Store<Guarded<SealedSecret>>>) -> Self {
        let mut metrics = Self {
            registry: Registry::default(),
            duration: Family::new_with_constructor(|| {
                Histogram::new(exponential_buckets(0.01, 2.0, 14))
            }),
            results: Family::default(),
            failures: Family::default(),
            leading: Gauge::default(),
            unseal_requests: Counter::default(),
            unseal_errors: Family::default(),
            answers: Family::default(),
            answer_duration: Family::new_with_constructor(|| Histogram::new(ANSWER_BUCKETS)),
            external_secret_syncs: Family::default(),
            external_secret_sync_errors: Family::default(),
        };
        metrics.register();
        metrics.register_sealing(sealed_secrets);
        metrics
    }

    fn register(&mut self) {
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
            "externalsecret_sync_calls",
            "Syncs of ExternalSecrets",
            self.external_secret_syncs.clone(),
        );
        registry.register(
            "externalsecret_sync_calls_error",
            "Failed syncs of ExternalSecrets",
            self.external_secret_sync_errors.clone(),
        );
    }

    /// Registers what the alerts and dashboards of the family know, by its names.
    fn register_sealing(&mut self, sealed_secrets: Option<Store<Guarded<SealedSecret>>>) {
        let build = Family::<BuildLabels, Gauge>::default();
        let revision = env!("CARGO_PKG_VERSION");
        build.get_or_create(&BuildLabels { revision }).set(1);
        let registry = &mut self.registry;
        registry.register("sealed_secrets_controller_build_info", "The build", build);
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
            "sealed_secrets_controller_http_requests",
            "Requests to the sealing API",
            self.answers.clone(),
        );
        registry.register(
            "sealed_secrets_controller_http_request_duration_seconds",
            "Duration of requests to the sealing API",
            self.answer_duration.clone(),
        );
        if let Some(store) = sealed_secrets {
            registry.register_collector(Box::new(sealed_secrets::Conditions::of(store)));
        }
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

    /// Drops the series of an object that is gone.
    pub(crate) fn forget(&self, kind: &str, namespace: &str, name: &str) {
        self.duration.remove(&ObjectLabels {
            kind: kind.to_owned(),
            name: name.to_owned(),
            namespace: namespace.to_owned(),
        });
        if kind == "ExternalSecret" {
            let labels = NamedLabels::of(namespace, name);
            self.external_secret_syncs.remove(&labels);
            self.external_secret_sync_errors.remove(&labels);
        }
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

    /// Records an answer of the sealing API.
    pub(crate) fn answered(&self, path: &str, method: &str, code: u16, took: Duration) {
        let (path, method) = (path.to_owned(), method.to_lowercase());
        let labels = PathLabels {
            path: path.clone(),
            method: method.clone(),
        };
        self.answer_duration
            .get_or_create(&labels)
            .observe(took.as_secs_f64());
        let labels = AnswerLabels { path, code, method };
        self.answers.get_or_create(&labels).inc();
    }

    fn count(&self, kind: &str, result: &str) {
        let labels = ResultLabels {
            controller: kind.to_lowercase(),
            result: result.to_owned(),
        };
        self.results.get_or_create(&labels).inc();
    }
}

#[cfg(test)]
mod tests;
