use k8s_openapi::ByteString;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::*;

fn secret() -> Secret {
    let data = BTreeMap::from([
        (
            "config.json".to_owned(),
            ByteString(br#"{"plain": true}"#.to_vec()),
        ),
        (
            "db".to_owned(),
            ByteString(br#"{"user":"ann","port":5432}"#.to_vec()),
        ),
        ("html".to_owned(), ByteString(b"<a>".to_vec())),
    ]);
    let labels = BTreeMap::from([
        ("app.kubernetes.io/name".to_owned(), "shop".to_owned()),
        ("team".to_owned(), r#"{"lead":"bo"}"#.to_owned()),
    ]);
    Secret {
        data: Some(data),
        metadata: ObjectMeta {
            labels: Some(labels),
            ..ObjectMeta::default()
        },
        ..Secret::default()
    }
}

fn text(secret: &SecretBytes) -> &str {
    // EXPOSE: test.
    secret.expose_str().unwrap()
}

/// E-153: the whole Secret, a key, and a path in a key's JSON.
#[test]
fn data_is_picked_by_key_then_by_path() {
    let payload = data(secret());
    let at = |property: &str| pick(&payload, &RemoteRef::new("s").property(property));
    assert_eq!(text(&at("config.json").unwrap()), r#"{"plain": true}"#);
    assert_eq!(text(&at("db.user").unwrap()), "ann");
    assert_eq!(
        text(&pick(&payload, &RemoteRef::new("s")).unwrap()),
        r#"{"config.json":"{\"plain\": true}","db":"{\"user\":\"ann\",\"port\":5432}","html":"<a>"}"#
    );
    let missing = at("db.nope").unwrap_err();
    assert_eq!(
        missing.to_string(),
        "property db.nope does not exist in data of secret \"s\""
    );
    assert!(!missing.is_no_secret());
}

/// E-153: metadata, with names that hold dots.
#[test]
fn metadata_is_picked_by_the_longest_name() {
    let payload = metadata(&secret());
    let at = |property: &str| pick(&payload, &RemoteRef::new("s").metadata().property(property));
    assert_eq!(text(&at("labels.app.kubernetes.io/name").unwrap()), "shop");
    assert_eq!(text(&at("labels.team.lead").unwrap()), "bo");
    assert_eq!(
        text(&at("labels").unwrap()),
        r#"{"app.kubernetes.io/name":"shop","team":"{\"lead\":\"bo\"}"}"#
    );
    assert_eq!(
        text(&pick(&payload, &RemoteRef::new("s").metadata()).unwrap()),
        r#"{"annotations":{},"labels":{"app.kubernetes.io/name":"shop","team":"{\"lead\":\"bo\"}"}}"#
    );
    assert_eq!(
        at("labels.nope").unwrap_err().to_string(),
        "property labels.nope does not exist in metadata of secret \"s\""
    );
}

#[test]
fn extract_returns_values_or_json_members() {
    let payload = data(secret());
    let all = members(&payload, &RemoteRef::new("s")).unwrap();
    assert_eq!(text(&all["html"]), "<a>");
    let inner = members(&payload, &RemoteRef::new("s").property("db")).unwrap();
    assert_eq!(text(&inner["user"]), "\"ann\"");
    assert_eq!(text(&inner["port"]), "5432");
}
