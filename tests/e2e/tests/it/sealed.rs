//! Sealing as a developer does it.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use e2e::{Controller, World, eventually, program, run};
use serde_json::{Value, json};

use crate::tenant::DEADLINE;

/// Writes the controller's certificate to a file.
pub(crate) fn certificate(world: &World, controller: &Controller) -> PathBuf {
    let pem = eventually("there is a sealing certificate", DEADLINE, || {
        controller.get("/v1/cert.pem")
    });
    certificate_file(world, &pem)
}

/// Writes a certificate to a file.
pub(crate) fn certificate_file(world: &World, pem: &str) -> PathBuf {
    let name = format!("certificate-{:?}.pem", std::thread::current().id());
    let path = world.cluster().folder().join(name);
    std::fs::write(&path, pem).expect("the file is written");
    path
}

/// Returns a Secret with readable values, as a developer writes it.
pub(crate) fn secret(namespace: &str, name: &str, values: &[(&str, &str)]) -> Value {
    let values: serde_json::Map<String, Value> = values
        .iter()
        .map(|(key, value)| ((*key).to_owned(), json!(value)))
        .collect();
    json!({
        "apiVersion": "v1", "kind": "Secret", "stringData": values,
        "metadata": {"name": name, "namespace": namespace},
    })
}

/// Seals a Secret with our `kubeseal`.
pub(crate) fn seal(certificate: &Path, secret: &Value, arguments: &[&str]) -> Value {
    seal_with(&program("kubeseal"), certificate, secret, arguments)
}

/// Seals a Secret with any `kubeseal`.
pub(crate) fn seal_with(
    kubeseal: &Path,
    certificate: &Path,
    secret: &Value,
    arguments: &[&str],
) -> Value {
    let certificate = certificate.display().to_string();
    let mut all = vec!["--cert", certificate.as_str()];
    all.extend(arguments);
    let sealed = run(kubeseal, all, &[], &secret.to_string()).success();
    serde_json::from_str(&sealed).expect("kubeseal prints JSON")
}

/// Returns a value of a Secret of the cluster.
pub(crate) fn value(secret: &Value, key: &str) -> String {
    let text = secret["data"][key].as_str().unwrap_or_default();
    let bytes = STANDARD.decode(text).expect("data is Base64");
    String::from_utf8(bytes).expect("the value is text")
}

/// Waits until a SealedSecret's condition has a status and returns its message.
pub(crate) fn synced(world: &World, namespace: &str, name: &str, status: &str) -> String {
    let condition = world.condition("SealedSecret", namespace, name, "Synced", status);
    condition["message"].as_str().unwrap_or_default().to_owned()
}
