use serde_json::json;

use super::*;

#[test]
fn unknown_options_are_named_once_and_without_values() {
    let app: Application = serde_json::from_value(json!({
        "metadata": {"name": "web", "namespace": "argocd"},
        "spec": {
            "project": "default",
            "destination": {"server": "https://kubernetes.default.svc"},
            "syncPolicy": {"syncOptions": ["CreateNamspace=true", " PruneLast = true", "Loud"]},
        },
    }))
    .unwrap();
    let operation = json!({"sync": {"syncOptions": ["CreateNamspace=false", "Validate=true"]}});
    let operation: Operation = serde_json::from_value(operation).unwrap();
    assert_eq!(unknown(&app, &operation), ["CreateNamspace", "Loud"]);
    assert!(unknown(&app, &Operation::default()).contains(&"CreateNamspace".to_owned()));
}
