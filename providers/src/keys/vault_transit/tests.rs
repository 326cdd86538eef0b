use super::*;

fn key(address: &str) -> VaultTransitKey {
    VaultTransitKey {
        vault_address: address.to_owned(),
        engine_path: "transit".to_owned(),
        key_name: "k".to_owned(),
    }
}

/// S-165: `all`, `none` and prefixes; an empty item is a mistake.
#[test]
fn allow_list_is_read() {
    use AllowedAddresses::{All, None, Prefixes};

    assert_eq!(AllowedAddresses::parse(""), Ok(All));
    assert_eq!(AllowedAddresses::parse("all"), Ok(All));
    assert_eq!(AllowedAddresses::parse("none"), Ok(None));
    assert_eq!(
        AllowedAddresses::parse("https://a.test, https://b.test/x"),
        Ok(Prefixes(vec![
            "https://a.test".to_owned(),
            "https://b.test/x".to_owned()
        ]))
    );
    assert_eq!(
        AllowedAddresses::parse("https://a.test,"),
        Err(ParseAddresses)
    );
}

/// S-165: a prefix ends at a slash, so that no look-alike host passes.
#[test]
fn allowed_prefix_ends_at_a_slash() {
    let allowed = AllowedAddresses::parse("https://vault.test").unwrap();
    assert!(allowed.allow("https://vault.test"));
    assert!(allowed.allow("https://vault.test/"));
    assert!(!allowed.allow("https://vault.test.evil.test"));
    assert!(!allowed.allow("http://vault.test"));
    assert!(!AllowedAddresses::None.allow("https://vault.test"));
}

/// S-165: a refused address fails before any connection is made.
#[tokio::test]
async fn refused_address_is_never_contacted() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let connector = Connector::new(crate::AwsEndpoints::default()).unwrap();
    let options = VaultTransitOptions {
        addresses: AllowedAddresses::parse("https://vault.test").unwrap(),
        ..VaultTransitOptions::default()
    };
    let service = VaultTransitService::new(&connector, options);
    let wrapped = WrappedKey {
        key: MasterKey::VaultTransit(key(&address)),
        enc: "vault:v1:x".to_owned(),
        created_at: String::new(),
    };
    let error = service.unwrap(&wrapped).await.unwrap_err();
    assert!(error.to_string().contains("is not allowed"), "{error}");
    assert!(listener.accept().is_err());
}

#[tokio::test]
async fn path_that_leaves_the_engine_is_refused() {
    let connector = Connector::new(crate::AwsEndpoints::default()).unwrap();
    let service = VaultTransitService::new(&connector, VaultTransitOptions::default());
    let mut key = key("http://127.0.0.1:1");
    key.key_name = "../../../sys/seal".to_owned();
    let wrapped = WrappedKey {
        key: MasterKey::VaultTransit(key),
        enc: "vault:v1:x".to_owned(),
        created_at: String::new(),
    };
    assert!(matches!(
        service.unwrap(&wrapped).await,
        Err(KeyServiceError::Malformed { .. })
    ));
}
