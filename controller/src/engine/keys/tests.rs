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
