use std::io::{Read, Write};
use std::net::TcpStream;

use components::{Access, FileServer, Moto, Registry, Transport};
use serde_json::json;

/// Fetches an `http://` URL and returns status line and body.
fn fetch(url: &str) -> (String, String) {
    let rest = url.strip_prefix("http://").expect("plain HTTP");
    let (address, path) = rest.split_once('/').expect("a path");
    let mut stream = TcpStream::connect(address).expect("the server listens");
    let request = format!("GET /{path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("HTTP");
    (
        head.lines().next().unwrap_or_default().to_owned(),
        body.to_owned(),
    )
}

#[test]
fn file_server_serves_what_is_put_there() {
    let server = FileServer::start().expect("the server starts");
    let url = server
        .put("charts/index.yaml", b"entries: {}")
        .expect("a file");
    assert_eq!(
        fetch(&url),
        ("HTTP/1.1 200 OK".to_owned(), "entries: {}".to_owned())
    );
    server.pause();
    assert!(fetch(&url).0.contains("503"));
    server.resume();
    assert!(fetch(&format!("{url}.absent")).0.contains("404"));
    let statuses: Vec<u16> = server
        .requests()
        .iter()
        .map(|request| request.status)
        .collect();
    assert_eq!(statuses, [200, 503, 404]);
}

#[test]
fn moto_serves_buckets() {
    let moto = Moto::start().expect("moto starts");
    moto.create_bucket("manifests").expect("a bucket");
    moto.put_object("manifests", "prod/app.yaml", b"kind: Secret")
        .expect("an object");
    let content = moto
        .object_content("manifests", "prod/app.yaml")
        .expect("the object");
    assert_eq!(content, b"kind: Secret");
    let (stranger, _) = fetch(&format!("{}/manifests/prod/app.yaml", moto.url()));
    assert!(stranger.contains("403"), "{stranger}");
}

#[test]
fn open_registry_answers_everyone() {
    let registry = Registry::start().expect("the registry starts");
    let (status, body) = fetch(&format!("{}/v2/_catalog", registry.url()));
    assert!(status.contains("200"), "{status}");
    assert!(body.contains(r#"{"repositories":[]}"#), "{body}");
}

#[test]
fn registry_with_password_refuses_strangers() {
    let registry =
        Registry::start_with(Transport::Plain, Access::Password).expect("the registry starts");
    assert!(
        fetch(&format!("{}/v2/_catalog", registry.url()))
            .0
            .contains("401")
    );
    let known = registry
        .endpoint()
        .send("GET", "/v2/_catalog", None)
        .expect("an answer");
    assert_eq!(known.json(), json!({"repositories": []}));
}

#[test]
fn registry_with_tls_shows_a_certificate_of_its_authority() {
    let registry = Registry::start_with(Transport::Tls, Access::Open).expect("the registry starts");
    assert!(registry.url().starts_with("https://"));
    assert!(
        registry
            .ca_pem()
            .is_some_and(|pem| pem.contains("BEGIN CERTIFICATE"))
    );
    let reply = registry
        .endpoint()
        .send("GET", "/v2/", None)
        .expect("an answer");
    assert!(reply.is_success());
}
