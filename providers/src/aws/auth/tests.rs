use api::external_secrets::AwsService;

use super::*;

fn provider(json: &serde_json::Value) -> AwsProvider {
    let mut base = serde_json::json!({ "service": "SecretsManager", "region": "eu-west-1" });
    for (name, value) in json.as_object().unwrap() {
        base[name] = value.clone();
    }
    serde_json::from_value(base).unwrap()
}

/// E-136: what would change who we are is refused, never left out silently.
#[test]
fn identity_settings_that_are_not_built_in_are_refused() {
    for json in [
        serde_json::json!({ "auth": { "jwt": { "serviceAccountRef": { "name": "a" } } } }),
        serde_json::json!({ "auth": { "newMethod": {} } }),
        serde_json::json!({ "transitiveTagKeys": ["a"] }),
        serde_json::json!({ "sessionTagsPolicy": "Simple" }),
    ] {
        assert!(
            refuse_what_is_not_built_in(&provider(&json)).is_err(),
            "{json}"
        );
    }
    let plain = provider(&serde_json::json!({ "role": "arn:aws:iam::1:role/a" }));
    assert_eq!(plain.service, AwsService::SecretsManager);
    assert!(refuse_what_is_not_built_in(&plain).is_ok());
}

/// E-138: a fixed pause between a bounded number of attempts.
#[test]
fn retry_settings_bound_attempts_and_pause() {
    let settings = |json| serde_json::from_value::<RetrySettings>(json).unwrap();
    let fixed = retry_config(&settings(
        serde_json::json!({ "maxRetries": 5, "retryInterval": "10s" }),
    ));
    assert_eq!(fixed.max_attempts(), 5);
    assert_eq!(fixed.initial_backoff(), Duration::from_secs(10));
    assert_eq!(fixed.max_backoff(), Duration::from_secs(10));
    assert_eq!(
        retry_config(&settings(serde_json::json!({}))).max_attempts(),
        3
    );
}
