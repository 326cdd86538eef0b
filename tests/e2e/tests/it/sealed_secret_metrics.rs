//! The metrics that alerts and dashboards of sealed secrets read.

use e2e::eventually;
use serde_json::json;

use crate::sealed::{certificate, seal, secret, synced};
use crate::shared::shared;
use crate::tenant::DEADLINE;

/// K-100, K-101.
#[test]
fn metrics_follow_the_object() {
    let shared = shared();
    let (world, namespace) = (&shared.world, "sealed-metrics");
    world
        .cluster()
        .create_namespace(namespace)
        .expect("it is made");
    let certificate = certificate(world, &shared.controller);
    let condition = |instance: &str, value: i8| {
        format!(
            "sealed_secrets_controller_condition_info{{namespace=\"{namespace}\",name=\"a\",\
             condition=\"Synced\",ss_app_kubernetes_io_instance=\"{instance}\"}} {value}"
        )
    };
    let tells = |line: &str| {
        eventually(line, DEADLINE, || {
            let text = shared.controller.metrics()?;
            let told = text.lines().any(|found| found.starts_with(line));
            told.then_some(()).ok_or(text)
        });
    };
    let mut sealed = seal(&certificate, &secret(namespace, "a", &[("k", "v")]), &[]);
    sealed["metadata"]["labels"] = json!({"app.kubernetes.io/instance": "shop"});
    world.create(&sealed);
    synced(world, namespace, "a", "True");
    tells(&condition("shop", 1));

    let mut moved = seal(&certificate, &secret(namespace, "b", &[("k", "v")]), &[]);
    moved["metadata"]["name"] = json!("a");
    moved["metadata"]["labels"] = json!({"app.kubernetes.io/instance": "other"});
    world.create(&moved);
    synced(world, namespace, "a", "False");
    tells(&condition("other", -1));
    tells(&format!(
        "sealed_secrets_controller_unseal_errors_total{{reason=\"unseal\",namespace=\"{namespace}\"}} "
    ));
    tells("sealed_secrets_controller_unseal_requests_total ");
    tells(
        "sealed_secrets_controller_http_requests_total{path=\"/v1/cert.pem\",code=\"200\",method=\"get\"} ",
    );

    world.delete("SealedSecret", namespace, "a");
    eventually("nothing is told of what is gone", DEADLINE, || {
        let text = shared.controller.metrics()?;
        let label = format!("condition_info{{namespace=\"{namespace}\"");
        if text.contains(&label) {
            Err(label)
        } else {
            Ok(())
        }
    });
}
