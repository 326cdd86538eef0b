use providers::AwsEndpoints;
use sops_engine::{MasterKey, VaultTransitKey, WrappedKey};

use super::*;

fn ambient(allowed: &str) -> Result<Ambient, Error> {
    let connector = Connector::new(AwsEndpoints::default()).unwrap();
    Ambient::read(connector, "signet", |name| {
        (name == VAULT_ADDRESSES).then(|| allowed.to_owned())
    })
}

/// S-165: a file names the server that its unit's token is sent to, so it must be a listed one.
#[tokio::test]
async fn token_of_a_unit_goes_to_listed_servers_only() {
    let token = Arc::new(SecretBytes::from("s.token-of-the-unit".to_owned()));
    let data = secrets::Data::from([(VAULT.to_owned(), token)]);
    let ambient = ambient("https://vault.test").unwrap();
    let services = of_secret(&data, "keys", &ambient).unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let wrapped = WrappedKey {
        key: MasterKey::VaultTransit(VaultTransitKey {
            vault_address: format!("http://{}", listener.local_addr().unwrap()),
            engine_path: "transit".to_owned(),
            key_name: "k".to_owned(),
        }),
        enc: "vault:v1:x".to_owned(),
        created_at: String::new(),
    };
    let error = services[0].unwrap(&wrapped).await.unwrap_err();
    assert!(error.to_string().contains("is not allowed"), "{error}");
    assert!(listener.accept().is_err(), "nobody asked there");
}

#[test]
fn list_of_servers_that_cannot_be_read_is_refused() {
    let error = ambient("https://vault.test,").err().unwrap();
    assert!(error.to_string().contains(VAULT_ADDRESSES), "{error}");
}

#[test]
fn entries_that_are_no_keys_by_their_names_are_named_with_the_secret() {
    let value = || Arc::new(SecretBytes::from("AGE-SECRET-KEY-1".to_owned()));
    let data = |entries: &[&str]| {
        let entries = entries.iter().map(|entry| ((*entry).to_owned(), value()));
        entries.collect::<secrets::Data>()
    };
    let hint = unread(&data(&["age.key", "team.agekey"]), "flux-system", "sops").unwrap();
    assert!(
        hint.starts_with("hint: Secret flux-system/sops has entries"),
        "{hint}"
    );
    assert!(
        hint.contains("\"age.key\"; ") && hint.contains("end in .agekey"),
        "{hint}"
    );
    assert!(
        !hint.contains("AGE-SECRET-KEY") && !hint.contains("team"),
        "{hint}"
    );
    assert_eq!(unread(&data(&["team.agekey", AWS, VAULT]), "a", "b"), None);
    assert!(
        unread(&data(&[]), "a", "b")
            .unwrap()
            .contains("has no entries")
    );
}
