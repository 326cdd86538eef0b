//! Drift: does a dry run of the wanted object differ from the live one?

use serde_json::{Map, Value};

/// The annotation `kubectl apply` leaves a copy of the whole object in.
pub(crate) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Whether two states of one object differ in labels, annotations or body (G-206).
///
/// All other metadata and the status are the API server's and the controllers' business. A dry run
/// answers with the whole object, so fields of other managers are equal on both sides.
pub fn differs(live: &Value, predicted: &Value) -> bool {
    marks(live, "labels", None) != marks(predicted, "labels", None)
        || marks(live, "annotations", Some(LAST_APPLIED))
            != marks(predicted, "annotations", Some(LAST_APPLIED))
        || body(live) != body(predicted)
}

/// Returns labels or annotations in key order; absent and empty are the same.
fn marks<'a>(
    object: &'a Value,
    place: &str,
    without: Option<&str>,
) -> std::collections::BTreeMap<&'a str, &'a Value> {
    object
        .get("metadata")
        .and_then(|metadata| metadata.get(place)?.as_object())
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.as_str(), value))
        .filter(|(key, _)| Some(*key) != without)
        .collect()
}

fn body(object: &Value) -> std::collections::BTreeMap<&str, &Value> {
    object
        .as_object()
        .into_iter()
        .flat_map(Map::iter)
        .map(|(key, value)| (key.as_str(), value))
        .filter(|(key, _)| !matches!(*key, "metadata" | "status" | "apiVersion" | "kind"))
        .collect()
}
