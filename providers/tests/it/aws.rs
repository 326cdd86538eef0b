//! The provider `aws` against moto.

use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use components::Moto;
use providers::{
    AwsEndpoints, Connector, RemoteRef, ScopedResolver, SecretsClient, SecretsError, Validation,
};
use serde_json::json;

use crate::resolver::{Listed, spec, started, text};

pub(crate) async fn moto() -> &'static Moto {
    static MOTO: OnceLock<Moto> = OnceLock::new();
    started(&MOTO, Moto::start).await
}

pub(crate) fn endpoints(moto: &Moto) -> AwsEndpoints {
    AwsEndpoints {
        all: Some(moto.url()),
        ..AwsEndpoints::default()
    }
}

fn keys() -> ScopedResolver {
    Listed::default()
        .with("aws/id", "AKIAIOSFODNN7EXAMPLE")
        .with("aws/secret", "test-secret-access-key")
        .with("aws/token", "test-session-token")
        .scoped()
}

fn store(moto: &Moto, service: &str) -> serde_json::Value {
    json!({ "aws": {
        "service": service,
        "region": moto.region(),
        "auth": { "secretRef": {
            "accessKeyIDSecretRef": { "name": "aws", "key": "id" },
            "secretAccessKeySecretRef": { "name": "aws", "key": "secret" },
        }},
    }})
}

async fn connect(moto: &Moto, provider: serde_json::Value) -> Arc<dyn SecretsClient> {
    let connector = Connector::new(endpoints(moto)).unwrap();
    connector.connect(&spec(&provider), &keys()).await.unwrap()
}

fn secrets_manager(moto: &Moto, act: &str, body: &serde_json::Value) -> serde_json::Value {
    moto.call("secretsmanager", &format!("secretsmanager.{act}"), body)
        .unwrap()
}

/// E-124: text, binary, names with dots, paths, and what is missing.
#[tokio::test]
async fn secrets_manager_values_are_read() {
    let moto = moto().await;
    let document = r#"{"user":"ann","db.host":"h","db":{"port":5432}}"#;
    secrets_manager(
        moto,
        "CreateSecret",
        &json!({ "Name": "sm/app", "SecretString": document }),
    );
    let binary = base64::engine::general_purpose::STANDARD.encode([0_u8, 255]);
    secrets_manager(
        moto,
        "CreateSecret",
        &json!({ "Name": "sm/bin", "SecretBinary": binary }),
    );
    let client = connect(moto, store(moto, "SecretsManager")).await;
    assert_eq!(client.validate().await.unwrap(), Validation::Ready);

    assert_eq!(
        text(&client, RemoteRef::new("sm/app")).await.unwrap(),
        document
    );
    let at = |property: &str| RemoteRef::new("sm/app").property(property);
    assert_eq!(text(&client, at("user")).await.unwrap(), "ann");
    assert_eq!(text(&client, at("db.host")).await.unwrap(), "h");
    assert_eq!(text(&client, at("db.port")).await.unwrap(), "5432");
    assert_eq!(
        text(&client, at("nope")).await.unwrap_err().to_string(),
        "key nope does not exist in secret sm/app"
    );
    let value = client.get(&RemoteRef::new("sm/bin")).await.unwrap();
    // EXPOSE: test.
    assert_eq!(value.expose(), [0, 255]);
    let members = client.get_map(&RemoteRef::new("sm/app")).await.unwrap();
    assert_eq!(members["db"].expose(), br#"{"port":5432}"#);
}

/// E-125: the current stage, another stage, and an id.
#[tokio::test]
async fn secrets_manager_versions_are_selected() {
    let moto = moto().await;
    let first = secrets_manager(
        moto,
        "CreateSecret",
        &json!({ "Name": "sm/rotated", "SecretString": "one" }),
    );
    secrets_manager(
        moto,
        "PutSecretValue",
        &json!({ "SecretId": "sm/rotated", "SecretString": "two" }),
    );
    let client = connect(moto, store(moto, "SecretsManager")).await;
    let at = |version: &str| RemoteRef::new("sm/rotated").version(version);
    assert_eq!(
        text(&client, RemoteRef::new("sm/rotated")).await.unwrap(),
        "two"
    );
    assert_eq!(text(&client, at("AWSPREVIOUS")).await.unwrap(), "one");
    let id = first["VersionId"].as_str().unwrap();
    assert_eq!(
        text(&client, at(&format!("uuid/{id}"))).await.unwrap(),
        "one"
    );
}

/// E-126: absent, and waiting for its deletion.
#[tokio::test]
async fn secrets_manager_absence_is_no_secret() {
    let moto = moto().await;
    secrets_manager(
        moto,
        "CreateSecret",
        &json!({ "Name": "sm/deleted", "SecretString": "x" }),
    );
    secrets_manager(moto, "DeleteSecret", &json!({ "SecretId": "sm/deleted" }));
    let client = connect(moto, store(moto, "SecretsManager")).await;
    for key in ["sm/nowhere", "sm/deleted"] {
        let error = text(&client, RemoteRef::new(key)).await.unwrap_err();
        assert!(error.is_no_secret(), "{key}: {error:?}");
    }
}

/// E-127, E-129: tags as JSON and one of them; the prefix is put before the key.
#[tokio::test]
async fn secrets_manager_tags_are_fetched_behind_a_prefix() {
    let moto = moto().await;
    secrets_manager(
        moto,
        "CreateSecret",
        &json!({
            "Name": "prod/tagged", "SecretString": "x",
            "Tags": [{ "Key": "team", "Value": "a" }, { "Key": "env", "Value": "prod" }],
        }),
    );
    let mut provider = store(moto, "SecretsManager");
    provider["aws"]["prefix"] = json!("prod/");
    let client = connect(moto, provider).await;
    assert_eq!(text(&client, RemoteRef::new("tagged")).await.unwrap(), "x");
    let tags = RemoteRef::new("tagged").metadata();
    assert_eq!(
        text(&client, tags.clone()).await.unwrap(),
        r#"{"env":"prod","team":"a"}"#
    );
    assert_eq!(text(&client, tags.property("team")).await.unwrap(), "a");
}

/// E-133: parameters, their versions, decryption, properties and tags.
#[tokio::test]
async fn parameters_are_read() {
    let moto = moto().await;
    for value in [r#"{"user":"ann"}"#, r#"{"user":"bo"}"#] {
        let body = json!({
            "Name": "/ps/db", "Value": value, "Type": "SecureString", "Overwrite": true,
        });
        moto.call("ssm", "AmazonSSM.PutParameter", &body).unwrap();
    }
    let body = json!({
        "ResourceType": "Parameter", "ResourceId": "/ps/db",
        "Tags": [{ "Key": "team", "Value": "a" }],
    });
    moto.call("ssm", "AmazonSSM.AddTagsToResource", &body)
        .unwrap();

    let client = connect(moto, store(moto, "ParameterStore")).await;
    let user = || RemoteRef::new("/ps/db").property("user");
    assert_eq!(text(&client, user()).await.unwrap(), "bo");
    assert_eq!(text(&client, user().version("1")).await.unwrap(), "ann");
    let tags = RemoteRef::new("/ps/db").metadata();
    assert_eq!(text(&client, tags).await.unwrap(), r#"{"team":"a"}"#);
    let absent = text(&client, RemoteRef::new("/ps/nowhere"))
        .await
        .unwrap_err();
    assert!(absent.is_no_secret(), "{absent:?}");
}

/// E-136: session tokens and roles in a row; the role's session is what the service sees.
#[tokio::test]
async fn roles_are_assumed_in_order() {
    let moto = moto().await;
    secrets_manager(
        moto,
        "CreateSecret",
        &json!({ "Name": "sm/by-role", "SecretString": "x" }),
    );
    let mut provider = store(moto, "SecretsManager");
    provider["aws"]["auth"]["secretRef"]["sessionTokenSecretRef"] =
        json!({ "name": "aws", "key": "token" });
    provider["aws"]["additionalRoles"] = json!(["arn:aws:iam::123456789012:role/first"]);
    provider["aws"]["role"] = json!("arn:aws:iam::123456789012:role/last");
    provider["aws"]["externalID"] = json!("shared-with-us");
    let client = connect(moto, provider).await;
    assert_eq!(client.validate().await.unwrap(), Validation::Ready);
    assert_eq!(
        text(&client, RemoteRef::new("sm/by-role")).await.unwrap(),
        "x"
    );
}

/// E-137: an endpoint for one service does not move the others.
#[tokio::test]
async fn endpoints_are_set_per_service() {
    let moto = moto().await;
    secrets_manager(
        moto,
        "CreateSecret",
        &json!({ "Name": "sm/endpoint", "SecretString": "x" }),
    );
    let url = moto.url();
    let endpoints = AwsEndpoints::from_variables(|name| {
        (name == "AWS_SECRETSMANAGER_ENDPOINT").then(|| url.clone())
    });
    assert_eq!(endpoints.secrets_manager.as_deref(), Some(url.as_str()));
    let mut elsewhere = endpoints;
    elsewhere.all = Some("http://127.0.0.1:1".to_owned());
    let connector = Connector::new(elsewhere).unwrap();
    let client = connector
        .connect(&spec(&store(moto, "SecretsManager")), &keys())
        .await
        .unwrap();
    assert_eq!(
        text(&client, RemoteRef::new("sm/endpoint")).await.unwrap(),
        "x"
    );

    let mut provider = store(moto, "ParameterStore");
    provider["aws"]["auth"]["secretRef"]["accessKeyIDSecretRef"]["key"] = json!("nope");
    let missing = connector
        .connect(&spec(&provider), &keys())
        .await
        .err()
        .unwrap();
    assert!(matches!(missing, SecretsError::Reference(_)));

    let mut retried_once = spec(&store(moto, "ParameterStore"));
    retried_once.retry_settings =
        serde_json::from_value(json!({ "maxRetries": 1, "retryInterval": "10ms" })).unwrap();
    let client = connector.connect(&retried_once, &keys()).await.unwrap();
    let unreachable = text(&client, RemoteRef::new("/a")).await.unwrap_err();
    assert!(
        matches!(unreachable, SecretsError::Unavailable { .. }),
        "{unreachable:?}"
    );
}
