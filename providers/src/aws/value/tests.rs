use super::*;

fn payload(document: &str) -> Payload {
    Payload::Value(SecretBytes::from(document.to_owned()))
}

fn text(secret: &SecretBytes) -> &str {
    // EXPOSE: test.
    secret.expose_str().unwrap()
}

/// E-124: names with dots first, then paths, and the text for what is missing.
#[test]
fn literal_name_with_dots_wins_over_path() {
    let payload = payload(r#"{"a":{"b":"path","c":1},"a.b":"literal"}"#);
    let at = |property: &str| pick(&payload, &RemoteRef::new("db").property(property));
    assert_eq!(text(&at("a.b").unwrap()), "literal");
    assert_eq!(text(&at("a.c").unwrap()), "1");
    let missing = at("nope").unwrap_err();
    assert_eq!(missing.to_string(), "key nope does not exist in secret db");
    assert!(!missing.is_no_secret());
}

/// E-124: a value that is no text is returned whole and has no properties.
#[test]
fn binary_values_are_returned_whole() {
    let payload = Payload::Value(SecretBytes::new(vec![0, 0xff]));
    // EXPOSE: test.
    assert_eq!(
        pick(&payload, &RemoteRef::new("k")).unwrap().expose(),
        [0, 0xff]
    );
    assert!(pick(&payload, &RemoteRef::new("k").property("p")).is_err());
}

#[test]
fn members_keep_their_json() {
    let all = members(
        &payload(r#"{"s":"t","n":1.0,"o":{"a": 1}}"#),
        &RemoteRef::new("k"),
    )
    .unwrap();
    assert_eq!(text(&all["s"]), "t");
    assert_eq!(text(&all["n"]), "1.0");
    assert_eq!(text(&all["o"]), r#"{"a": 1}"#);
    assert!(members(&payload("plain"), &RemoteRef::new("k")).is_err());
}

/// E-127: tags are an object of strings.
#[test]
fn tags_are_an_object() {
    let payload = tags([(Some("team"), Some("a")), (Some("env"), Some("prod"))]);
    let whole = pick(&payload, &RemoteRef::new("k").metadata()).unwrap();
    assert_eq!(text(&whole), r#"{"env":"prod","team":"a"}"#);
    let one = pick(&payload, &RemoteRef::new("k").metadata().property("team")).unwrap();
    assert_eq!(text(&one), "a");
}
