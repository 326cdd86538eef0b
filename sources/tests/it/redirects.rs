//! Redirects: followed where git follows them, never with credentials to somewhere else.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};

use components::Authority;
use sources::{ErrorKind, SourceError};

use crate::fixtures::{
    Workplace, fetched, open_server, paths, refused, repository, request, with_secret,
};

/// A server that sends everyone elsewhere; tells the header lines of each request.
fn redirecting(target: impl Fn(&str) -> String + Send + 'static) -> (u16, Receiver<Vec<String>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
    let port = listener.local_addr().expect("it is bound").port();
    let (seen, requests) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream);
            let mut lines = Vec::new();
            let mut line = String::new();
            while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                lines.push(line.trim().to_ascii_lowercase());
                line.clear();
            }
            let path = lines
                .first()
                .and_then(|line| line.split(' ').nth(1))
                .unwrap_or("/")
                .to_owned();
            let location = target(&path);
            let mut stream = reader.into_inner();
            let head = format!(
                "HTTP/1.1 301 Moved\r\nlocation: {location}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            );
            // Either end may have gone; the test then fails by itself.
            let _sent = stream.write_all(head.as_bytes());
            let _told = seen.send(lines);
        }
    });
    (port, requests)
}

/// What follows goes to where the first request was sent on to.
#[tokio::test(flavor = "multi_thread")]
async fn a_moved_repository_is_found_without_credentials() {
    let repository = repository("redirects/moved");
    let base = open_server().url();
    let (port, _requests) =
        redirecting(move |path| format!("{base}{}", path.replace("/old/", "/redirects/")));
    let url = format!("http://127.0.0.1:{port}/old/moved.git");
    let artifact = fetched(&Workplace::new().store, &request(&url)).await;
    assert_eq!(artifact.revision.hex(), repository.head().unwrap());
    assert_eq!(paths(&artifact), ["README.md", "app/a.yaml"]);
}

/// G-176: credentials stay with the host they were given for.
#[tokio::test(flavor = "multi_thread")]
async fn credentials_do_not_follow_to_another_host() {
    let (thief, stolen) = redirecting(str::to_owned);
    let (port, requests) = redirecting(move |path| format!("http://localhost:{thief}{path}"));
    let data = [("username", "signet"), ("password", "secret word")];
    let request = with_secret(request(&format!("http://127.0.0.1:{port}/r.git")), &data);
    let error = refused(&Workplace::new().store, &request).await;
    assert_eq!(error.kind(), ErrorKind::GitOperationFailed);
    assert!(
        error
            .to_string()
            .contains("redirects to \"http://localhost\""),
        "{error}"
    );
    let first = requests.recv().unwrap();
    assert!(
        first
            .iter()
            .any(|line| line.starts_with("authorization: basic")),
        "{first:?}"
    );
    assert!(stolen.try_recv().is_err(), "nobody asked there");
}

/// G-176: neither does a certificate, which would tell the other host who asks.
#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_not_shown_to_another_host() {
    let (stranger, asked) = redirecting(str::to_owned);
    let (port, _requests) = redirecting(move |path| format!("http://localhost:{stranger}{path}"));
    let authority = Authority::new("signet test authority").unwrap();
    let ours = authority.client("signet", None).unwrap();
    let data = [
        ("tls.crt", ours.certificate_pem.as_str()),
        ("tls.key", ours.key_pem.as_str()),
    ];
    let request = with_secret(request(&format!("http://127.0.0.1:{port}/r.git")), &data);
    let error = refused(&Workplace::new().store, &request).await;
    assert!(matches!(error, SourceError::Redirect { .. }), "{error}");
    assert!(asked.try_recv().is_err(), "nobody asked there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_in_a_circle_ends() {
    let (port, _requests) = redirecting(str::to_owned);
    let error = refused(
        &Workplace::new().store,
        &request(&format!("http://127.0.0.1:{port}/r.git")),
    )
    .await;
    assert!(error.to_string().contains("redirects too often"), "{error}");
}

/// A repository on the internet cannot send the controller to where its machine's credentials lie.
#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_to_a_metadata_service_is_refused() {
    for target in ["http://169.254.169.254", "http://[::ffff:a9fe:a9fe]"] {
        let (port, _requests) = redirecting(move |path| format!("{target}{path}"));
        let url = format!("http://127.0.0.1:{port}/r.git");
        let error = refused(&Workplace::new().store, &request(&url)).await;
        assert_eq!(error.kind(), ErrorKind::GitOperationFailed);
        assert!(error.to_string().contains("off limits"), "{error}");
    }
}
