use super::*;

fn identity(kind: KeyKind, text: &str) -> Option<String> {
    MasterKey::parse(kind, text, &AwsKeyOptions::default())
        .ok()
        .map(|key| key.identity())
}

/// S-164
#[test]
fn vault_addresses_are_split_where_the_api_version_stands() {
    for (text, wanted) in [
        (
            "https://v:8200/v1/transit/keys/k",
            Some("https://v:8200/v1/transit/keys/k"),
        ),
        ("http://v/v1/a/b/keys/k", Some("http://v/v1/a/b/keys/k")),
        ("http://v/prefix/v1/transit/keys/k", None),
        ("http://v/v1/transit/k", None),
        ("v/v1/transit/keys/k", None),
    ] {
        assert_eq!(
            identity(KeyKind::VaultTransit, text).as_deref(),
            wanted,
            "{text}"
        );
    }
}

/// S-158
#[test]
fn a_role_stands_behind_the_key() {
    let text = "arn:aws:kms:eu-west-1:1:key/a +arn:aws:iam::1:role/r";
    let key = MasterKey::parse(KeyKind::AwsKms, text, &AwsKeyOptions::default()).expect("valid");
    let MasterKey::AwsKms(key) = key else {
        panic!("another kind");
    };
    assert_eq!(key.arn, "arn:aws:kms:eu-west-1:1:key/a");
    assert_eq!(key.role.as_deref(), Some("arn:aws:iam::1:role/r"));
}

/// S-162
#[test]
fn azure_keys_may_leave_out_the_version() {
    assert_eq!(
        identity(KeyKind::AzureKeyVault, "https://h/keys/n").as_deref(),
        Some("https://h/keys/n/")
    );
    assert_eq!(identity(KeyKind::AzureKeyVault, "http://h/keys/n"), None);
}
