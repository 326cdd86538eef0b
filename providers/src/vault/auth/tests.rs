use super::*;

fn session(answer: &str, now: Instant) -> Session {
    Session::parse(answer, now).unwrap()
}

fn login(seconds: u32, renewable: bool) -> String {
    format!(
        r#"{{"auth":{{"client_token":"t","lease_duration":{seconds},"renewable":{renewable}}}}}"#
    )
}

/// E-150: a token is used for most of its life, then renewed or replaced.
#[test]
fn tokens_are_kept_until_they_are_due() {
    let now = Instant::now();
    let at = |seconds| now + Duration::from_secs(seconds);

    let renewable = session(&login(100, true), now);
    assert!(!renewable.is_due(at(49)));
    assert!(renewable.is_due(at(50)));
    assert!(renewable.can_be_renewed(at(50)));
    assert!(!renewable.can_be_renewed(at(96)));

    let fixed = session(&login(100, false), now);
    assert!(!fixed.is_due(at(90)));
    assert!(fixed.is_due(at(96)));
    assert!(!fixed.can_be_renewed(at(50)));

    let endless = session(&login(0, true), now);
    assert!(!endless.is_due(at(1_000_000)));
}

#[test]
fn answer_without_a_token_is_no_session() {
    let now = Instant::now();
    for answer in [
        "",
        "{}",
        r#"{"auth":null}"#,
        r#"{"auth":{"renewable":true}}"#,
    ] {
        assert!(Session::parse(answer, now).is_none(), "{answer}");
    }
}

/// E-146: the first configured method in the fixed order is used.
#[test]
fn first_configured_method_wins() {
    let auth = |yaml: serde_json::Value| -> VaultAuth { serde_json::from_value(yaml).unwrap() };
    let both = auth(serde_json::json!({
        "kubernetes": { "role": "r" },
        "tokenSecretRef": { "name": "t", "key": "token" },
        "ldap": {},
    }));
    assert!(matches!(method(Some(&both)), Ok(Method::Token(_))));
    assert!(matches!(method(None), Ok(Method::None)));

    let text = |auth: &VaultAuth| method(Some(auth)).err().map(|error| error.to_string());
    assert_eq!(
        text(&auth(serde_json::json!({}))).as_deref(),
        Some("cannot initialize Vault client: no valid auth method specified")
    );
    assert_eq!(
        text(&auth(serde_json::json!({ "ldap": {} }))).as_deref(),
        Some("cannot initialize Vault client: auth method \"ldap\" is not supported")
    );
}
