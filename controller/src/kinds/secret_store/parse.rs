//! What the object asks for.

use std::time::Duration;

use api::GoDuration;
use api::external_secrets::SecretStoreSpec;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::stores::{FoundStore, StoreObject};

/// A store to check.
pub(crate) struct Wanted {
    pub(super) store: FoundStore,
    /// How often, when the store says so.
    pub(super) interval: Option<Duration>,
}

/// Reads the object. What is wrong with a provider's settings shows when it is connected.
pub(super) fn parse(object: &impl StoreObject) -> Wanted {
    Wanted {
        store: FoundStore::of(object),
        interval: interval(object.spec()),
    }
}

/// Returns how often the store is to be checked; what cannot be read counts as not said.
fn interval(spec: &SecretStoreSpec) -> Option<Duration> {
    match spec.refresh_interval.as_ref()? {
        IntOrString::Int(seconds) => GoDuration::from_seconds((*seconds).into()).positive(),
        IntOrString::String(text) => text.parse::<GoDuration>().ok()?.positive(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn interval_of(value: &Value) -> Option<Duration> {
        let spec: SecretStoreSpec =
            serde_json::from_value(json!({"provider": {}, "refreshInterval": value})).unwrap();
        interval(&spec)
    }

    /// E-009.
    #[test]
    fn interval_is_seconds_or_a_duration() {
        assert_eq!(interval_of(&json!(30)), Some(Duration::from_secs(30)));
        assert_eq!(interval_of(&json!("30s")), Some(Duration::from_secs(30)));
    }

    /// Nothing, zero and what is no interval leave it to the controller.
    #[test]
    fn interval_that_is_none_is_the_controllers() {
        for value in [
            json!(null),
            json!(0),
            json!(-5),
            json!("soon"),
            json!("-5s"),
        ] {
            assert_eq!(interval_of(&value), None);
        }
    }
}
