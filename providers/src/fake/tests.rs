use super::*;

fn store(json: serde_json::Value) -> impl SecretsClient {
    connect(&serde_json::from_value(json).unwrap())
}

fn values() -> impl SecretsClient {
    store(serde_json::json!({ "data": [
        { "key": "db", "value": "old", "version": "v1" },
        { "key": "db", "value": r#"{"user":"ann","port":5432,"tags":["a","b"]}"# },
    ]}))
}

async fn text(store: &impl SecretsClient, remote: RemoteRef) -> Result<String, SecretsError> {
    let value = store.get(&remote).await?;
    // EXPOSE: test.
    Ok(value.expose_str().unwrap().to_owned())
}

/// E-173: key and version match exactly; a missing property is "no secret".
#[tokio::test]
async fn values_are_found_by_key_version_and_property() {
    let store = values();
    assert_eq!(
        text(&store, RemoteRef::new("db").version("v1"))
            .await
            .unwrap(),
        "old"
    );
    assert_eq!(
        text(&store, RemoteRef::new("db").property("user"))
            .await
            .unwrap(),
        "ann"
    );
    assert_eq!(
        text(&store, RemoteRef::new("db").property("tags.1"))
            .await
            .unwrap(),
        "b"
    );
    for absent in [
        RemoteRef::new("other"),
        RemoteRef::new("db").version("v2"),
        RemoteRef::new("db").property("nope"),
    ] {
        let error = text(&store, absent).await.unwrap_err();
        assert!(error.is_no_secret());
        assert_eq!(error.to_string(), "Secret does not exist");
    }
}

/// E-173: extract wants an object.
#[tokio::test]
async fn extract_returns_members() {
    let store = values();
    let members = store.get_map(&RemoteRef::new("db")).await.unwrap();
    let names: Vec<&str> = members.keys().map(String::as_str).collect();
    assert_eq!(names, ["port", "tags", "user"]);
    // EXPOSE: test.
    assert_eq!(members["port"].expose(), b"5432");
    assert!(
        store
            .get_map(&RemoteRef::new("db").version("v1"))
            .await
            .is_err()
    );
}

/// E-174: two stores of the same name are two stores.
#[tokio::test]
async fn stores_share_nothing() {
    let first = store(serde_json::json!({ "data": [{ "key": "a", "value": "1" }] }));
    let second = store(serde_json::json!({ "data": [] }));
    assert_eq!(text(&first, RemoteRef::new("a")).await.unwrap(), "1");
    assert!(
        text(&second, RemoteRef::new("a"))
            .await
            .unwrap_err()
            .is_no_secret()
    );
}

/// E-114: the three outcomes of validation.
#[tokio::test]
async fn validation_result_decides() {
    let outcome =
        |result: i32| store(serde_json::json!({ "data": [], "validationResult": result }));
    assert_eq!(outcome(0).validate().await.unwrap(), Validation::Ready);
    assert_eq!(
        outcome(1).validate().await.unwrap(),
        Validation::Undetermined("unable to validate".to_owned())
    );
    let failed = outcome(2).validate().await.unwrap_err();
    assert_eq!(failed.to_string(), "unable to validate");
}
