use super::*;

/// S-157: key and alias, every partition, and nothing else.
#[test]
fn region_comes_from_a_wellformed_arn() {
    for (arn, expected) in [
        (
            "arn:aws:kms:eu-west-1:123456789012:key/abc-1",
            Some("eu-west-1"),
        ),
        ("arn:aws:kms:us-east-1:1:alias/team/db", Some("us-east-1")),
        ("arn:aws-cn:kms:cn-north-1:1:key/a", Some("cn-north-1")),
        (
            "arn:aws-us-gov:kms:us-gov-west-1:1:key/a",
            Some("us-gov-west-1"),
        ),
        ("arn:aws:s3:eu-west-1:1:key/a", None),
        ("arn:aws:kms:eu-west-1:x:key/a", None),
        ("arn:aws:kms:eu-west-1:1:key/", None),
        ("arn:aws:kms::1:key/a", None),
        ("arn:gcp:kms:eu-west-1:1:key/a", None),
        ("alias/db", None),
    ] {
        assert_eq!(region(arn), expected, "{arn}");
    }
}

/// S-158: the session names the host, in the characters that STS takes.
#[test]
fn session_name_holds_the_host() {
    assert_eq!(session_name("build_7.example"), "sops@build_7.example");
    assert_eq!(session_name("my-laptop é"), "sops@mylaptop");
    assert_eq!(session_name(&"h".repeat(100)).len(), 64);
}

#[test]
fn credentials_come_from_yaml() {
    let read = |text: &str| AwsCredentials::from_yaml(&SecretBytes::from(text.to_owned()));
    let entry = "aws_access_key_id: AKIA\naws_secret_access_key: s3cret\naws_session_token: t\n";
    let Ok(AwsCredentials::Static {
        access_key_id,
        secret_access_key,
        session_token,
    }) = read(entry)
    else {
        panic!("static credentials expected");
    };
    // EXPOSE: test.
    assert_eq!(access_key_id.expose(), b"AKIA");
    assert_eq!(secret_access_key.expose(), b"s3cret");
    assert_eq!(session_token.unwrap().expose(), b"t");

    for malformed in ["", "hunter2", "aws_access_key_id: only", "- a"] {
        assert_eq!(read(malformed).err(), Some(ReadCredentials), "{malformed}");
    }
}

#[tokio::test]
async fn key_of_another_kind_is_left_to_others() {
    let session = AwsSession::new(crate::AwsEndpoints::default());
    let service = AwsKmsService::new(&session, AwsCredentials::Ambient, "host");
    let wrapped = WrappedKey {
        key: MasterKey::Age(sops_engine::AgeRecipient {
            recipient: "age1".to_owned(),
        }),
        enc: String::new(),
        created_at: String::new(),
    };
    assert!(matches!(
        service.unwrap(&wrapped).await,
        Err(KeyServiceError::Unsupported { .. })
    ));
}
