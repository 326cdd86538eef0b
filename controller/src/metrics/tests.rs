use kube::runtime::reflector::store::Writer;
use kube::runtime::watcher::Event;
use serde_json::{Value, json};

use super::*;

fn guarded(object: Value) -> Guarded<SealedSecret> {
    serde_json::from_value(object).expect("a guard takes any object")
}

fn sealed_secret(status: &str, instance: &str) -> Guarded<SealedSecret> {
    guarded(json!({
        "apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret",
        "metadata": {"name": "db", "namespace": "prod", "labels": {"app.kubernetes.io/instance": instance}},
        "spec": {"encryptedData": {}},
        "status": {"conditions": [{"type": "Synced", "status": status}]},
    }))
}

fn lines(metrics: &Metrics, name: &str) -> Vec<String> {
    let text = metrics.encode().unwrap();
    let of_metric = |line: &&str| line.starts_with(&format!("sealed_secrets_controller_{name}"));
    text.lines().filter(of_metric).map(str::to_owned).collect()
}

/// K-100: names, labels and reasons that alerts and dashboards know.
#[test]
fn sealing_metrics_have_the_names_people_alert_on() {
    let metrics = Metrics::new(None);
    metrics.unseal_requests.inc();
    metrics.unseal_failed("unseal", "prod");
    metrics.answered("/v1/verify", "POST", 409, Duration::from_millis(20));
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        lines(&metrics, "build_info"),
        [format!(
            "sealed_secrets_controller_build_info{{revision=\"{version}\"}} 1"
        )]
    );
    assert_eq!(
        lines(&metrics, "unseal"),
        [
            "sealed_secrets_controller_unseal_requests_total 1",
            "sealed_secrets_controller_unseal_errors_total{reason=\"unseal\",namespace=\"prod\"} 1",
        ]
    );
    assert_eq!(
        lines(&metrics, "http_requests"),
        [
            "sealed_secrets_controller_http_requests_total{path=\"/v1/verify\",code=\"409\",method=\"post\"} 1"
        ]
    );
    let bounds: Vec<String> = lines(&metrics, "http_request_duration_seconds_bucket")
        .iter()
        .filter_map(|line| Some(line.split_once("le=\"")?.1.split_once('"')?.0.to_owned()))
        .collect();
    assert_eq!(
        bounds.join(" "),
        "0.005 0.01 0.025 0.05 0.1 0.25 0.5 1.0 2.5 5.0 10.0 +Inf"
    );
}

/// K-101: −1, 0 and 1, under the labels there are now, and nothing once the object is gone.
#[test]
fn condition_follows_the_object() {
    let mut writer = Writer::default();
    let metrics = Metrics::new(Some(writer.as_reader()));
    let expected = |instance: &str, value: i8| {
        format!(
            "sealed_secrets_controller_condition_info{{namespace=\"prod\",name=\"db\",\
             condition=\"Synced\",ss_app_kubernetes_io_instance=\"{instance}\"}} {value}"
        )
    };
    for (status, instance, value) in [("True", "a", 1), ("False", "b", -1), ("Unknown", "", 0)] {
        writer.apply_watcher_event(&Event::Apply(sealed_secret(status, instance)));
        assert_eq!(
            lines(&metrics, "condition_info"),
            [expected(instance, value)]
        );
    }
    writer.apply_watcher_event(&Event::Delete(sealed_secret("True", "")));
    assert_eq!(lines(&metrics, "condition_info"), Vec::<String>::new());
}

/// What is kept by object goes with the object, or a cluster that makes and deletes them fills the
/// memory.
#[test]
fn object_that_is_gone_has_no_series() {
    let metrics = Metrics::new(None);
    let series = || {
        let text = metrics.encode().unwrap();
        text.lines().filter(|line| line.contains("\"web\"")).count()
    };
    metrics.reconciled("ExternalSecret", "prod", "web", Duration::from_millis(20));
    metrics.external_secret_synced("prod", "web");
    assert!(series() > 0);
    metrics.forget("ExternalSecret", "prod", "web");
    assert_eq!(series(), 0);
}
