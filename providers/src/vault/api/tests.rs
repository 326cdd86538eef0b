use super::*;

fn api(server: &str) -> VaultApi {
    let tls = crate::trust::client_config(Some(Vec::new()), None).unwrap();
    VaultApi::new(http::client(tls).unwrap(), server, None).unwrap()
}

fn reply(status: u16, body: &str) -> Reply {
    Reply {
        status: StatusCode::from_u16(status).unwrap(),
        body: SecretBytes::from(body.to_owned()),
    }
}

#[test]
fn urls_keep_the_servers_prefix_and_encode_the_path() {
    let url = |server, path, version| api(server).url(path, version).to_string();
    assert_eq!(
        url("https://vault.test:8200", "secret/data/a b", Some("3")),
        "https://vault.test:8200/v1/secret/data/a%20b?version=3"
    );
    assert_eq!(
        url("https://vault.test/bao/?x=1", "kv/what?", None),
        "https://vault.test/bao/v1/kv/what%3F"
    );
}

#[test]
fn server_that_is_no_url_is_refused() {
    let tls = crate::trust::client_config(Some(Vec::new()), None).unwrap();
    let http = http::client(tls).unwrap();
    for server in ["vault", "unix:/socket", ""] {
        assert!(
            VaultApi::new(http.clone(), server, None).is_err(),
            "{server}"
        );
    }
}

#[test]
fn status_decides_the_kind_of_error() {
    let failure = |status| reply(status, r#"{"errors":["permission denied"]}"#).failure("read");
    assert!(matches!(failure(403), SecretsError::Denied { .. }));
    assert!(matches!(failure(503), SecretsError::Unavailable { .. }));
    assert!(matches!(failure(429), SecretsError::Unavailable { .. }));
    assert!(matches!(failure(400), SecretsError::Rejected { .. }));
}

#[test]
fn only_the_servers_error_list_is_repeated() {
    let text = |body| reply(400, body).messages();
    assert_eq!(text(r#"{"errors":["no\nhandler", "b"]}"#), "no handler; b");
    assert_eq!(
        text(r#"{"data":{"password":"hunter2"}}"#),
        "no reason given"
    );
    assert_eq!(text("<html>hunter2</html>"), "no reason given");
}

#[test]
fn token_that_no_header_can_carry_is_refused() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let token = SecretBytes::from("line\nbreak".to_owned());
    let api = api("http://127.0.0.1:1");
    let outcome = runtime.block_on(api.send(Call::get("sys/health", Some(&token))));
    assert!(matches!(outcome, Err(SecretsError::Invalid { .. })));
}
