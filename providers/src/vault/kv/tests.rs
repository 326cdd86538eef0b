use super::*;

fn reply(status: u16, body: &str) -> Reply {
    Reply {
        status: StatusCode::from_u16(status).unwrap(),
        body: SecretBytes::from(body.to_owned()),
    }
}

fn text(secret: &SecretBytes) -> &str {
    // EXPOSE: test.
    secret.expose_str().unwrap()
}

fn payload(document: &str) -> Payload {
    Payload::Value(SecretBytes::from(document.to_owned()))
}

/// E-140: the same value in the envelopes of both versions.
#[test]
fn values_come_out_of_both_envelopes() {
    let v1 = reply(200, r#"{"data":{"b":1,"a":"<x>"}}"#);
    let v2 = reply(
        200,
        r#"{"data":{"data":{"b":1,"a":"<x>"},"metadata":{"version":3}}}"#,
    );
    let expected = r#"{"a":"\u003cx\u003e","b":1}"#;
    assert_eq!(text(&value(&v1, "k", KvVersion::V1).unwrap()), expected);
    assert_eq!(text(&value(&v2, "k", KvVersion::V2).unwrap()), expected);
}

/// E-141: missing paths and deleted versions are both "no secret"; refusal is not.
#[test]
fn absence_and_refusal_differ() {
    let missing = reply(404, r#"{"errors":[]}"#);
    let deleted = reply(200, r#"{"data":{"data":null,"metadata":{}}}"#);
    for reply in [missing, deleted] {
        assert!(
            value(&reply, "k", KvVersion::V2)
                .unwrap_err()
                .is_no_secret()
        );
    }
    let refused = reply(403, r#"{"errors":["permission denied"]}"#);
    assert!(matches!(
        value(&refused, "k", KvVersion::V2),
        Err(SecretsError::Denied { .. })
    ));
}

/// E-142: an exact name wins over a path; what is missing is named as users know it.
#[test]
fn exact_member_wins_over_path() {
    let payload = payload(r#"{"a":{"b":"path"},"a.b":"exact","n":9007199254740993}"#);
    let at = |property: &str| pick(&payload, &RemoteRef::new("k").property(property));
    assert_eq!(text(&at("a.b").unwrap()), "exact");
    assert_eq!(text(&at("a").unwrap()), r#"{"b":"path"}"#);
    assert_eq!(text(&at("n").unwrap()), "9007199254740993");
    let missing = at("x").unwrap_err();
    assert_eq!(
        missing.to_string(),
        "cannot find secret data for key: \"x\""
    );
    assert!(!missing.is_no_secret());
    let whole = pick(&payload, &RemoteRef::new("k")).unwrap();
    assert_eq!(
        text(&whole),
        r#"{"a":{"b":"path"},"a.b":"exact","n":9007199254740993}"#
    );
}

/// E-143: large integers survive extract; nested objects stay JSON.
#[test]
fn members_are_converted_one_by_one() {
    let payload = payload(r#"{"n":9007199254740993,"o":{"z":true},"s":"t","x":null}"#);
    let all = members(&payload, &RemoteRef::new("k")).unwrap();
    let all: Vec<(&str, &str)> = all
        .iter()
        .map(|(name, value)| (name.as_str(), text(value)))
        .collect();
    assert_eq!(
        all,
        [
            ("n", "9007199254740993"),
            ("o", r#"{"z":true}"#),
            ("s", "t"),
            ("x", "")
        ]
    );
    let nested = members(&payload, &RemoteRef::new("k").property("o")).unwrap();
    assert_eq!(text(&nested["z"]), "true");
    assert!(members(&payload, &RemoteRef::new("k").property("s")).is_err());
}

/// E-144: custom metadata and three fields of the system's.
#[test]
fn metadata_is_custom_metadata_and_system_fields() {
    let reply = reply(
        200,
        r#"{"data":{"custom_metadata":{"team":"a"},"created_time":"2026-01-01T00:00:00Z",
            "current_version":3,"delete_version_after":"0s","max_versions":0}}"#,
    );
    assert_eq!(
        text(&metadata(&reply, "k").unwrap()),
        r#"{"created_time":"2026-01-01T00:00:00Z","current_version":3,"delete_version_after":"0s","team":"a"}"#
    );
}
