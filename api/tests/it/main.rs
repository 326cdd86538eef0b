//! Manifests as users write them, read into our types and written back.

mod argo;
mod external_secrets;
mod flux;
mod sealed_secrets;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// Returns a manifest as plain data.
fn manifest(text: &str) -> Value {
    serde_saphyr::from_str(text).expect("a fixture is YAML")
}

/// Reads a manifest into a type, writes it back, and returns both forms, which must read the same.
fn round_trip<T>(text: &str) -> (T, Value)
where
    T: DeserializeOwned + Serialize + PartialEq + std::fmt::Debug,
{
    let object: T = serde_json::from_value(manifest(text)).expect("a fixture fits its type");
    let written = serde_json::to_value(&object).expect("an object is JSON");
    let again: T = serde_json::from_value(written.clone()).expect("what we write we can read");
    assert_eq!(object, again);
    (object, written)
}

/// Asserts that everything a user wrote is still there; durations may have their canonical form.
fn assert_keeps(written: &Value, user: &Value, path: &str) {
    match (user, written) {
        (Value::Object(user), Value::Object(written)) => {
            for (name, value) in user {
                let path = format!("{path}.{name}");
                let kept = written.get(name);
                assert!(kept.is_some(), "{path} was dropped");
                let kept = kept.expect("it is there");
                assert_keeps(kept, value, &path);
            }
        }
        (Value::Array(user), Value::Array(written)) => {
            assert_eq!(user.len(), written.len(), "{path}");
            for (index, (user, written)) in user.iter().zip(written).enumerate() {
                assert_keeps(written, user, &format!("{path}[{index}]"));
            }
        }
        (Value::String(user), Value::String(written)) if user != written => {
            let user: Result<api::GoDuration, _> = user.parse();
            assert!(user.is_ok(), "{path} changed");
            let user = user.expect("it is a duration");
            assert_eq!(user.to_string(), *written, "{path}");
        }
        (user, written) => assert_eq!(user, written, "{path}"),
    }
}
