//! The install as a whole: the chart against the plain manifests, and both against a real API
//! server.

mod chart;
mod cluster;

use serde_json::Value;

/// Returns the objects of a YAML stream, empty documents left out.
fn objects(text: &str) -> Vec<Value> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(text).expect("a manifest is YAML");
    documents
        .into_iter()
        .filter(|document| !document.is_null())
        .collect()
}

/// Returns kind, namespace and name of an object.
fn id(object: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let metadata = &object["metadata"];
    format!(
        "{} {}/{}",
        text(&object["kind"]),
        text(&metadata["namespace"]),
        text(&metadata["name"])
    )
}
