//! Servers that never answer, and archives that other controllers serve.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use components::SshGitServer;
use sources::{ErrorKind, SourceError};

use crate::fixtures::{Workplace, fetched, refused, repository, request, with_secret};

/// A port on which connections are taken and nothing is ever said.
fn silent() -> (TcpListener, u16) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
    let port = listener.local_addr().expect("it is bound").port();
    (listener, port)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_http_server_costs_no_more_than_the_timeout() {
    let (_listener, port) = silent();
    let mut request = request(&format!("http://127.0.0.1:{port}/r.git"));
    request.timeout = Duration::from_secs(1);
    let begin = Instant::now();
    let error = refused(&Workplace::new().store, &request).await;
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(begin.elapsed() < Duration::from_secs(20));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_ssh_server_costs_no_more_than_the_timeout() {
    let (_listener, port) = silent();
    let keys = SshGitServer::start().unwrap();
    let data = [
        ("identity", keys.identity()),
        ("known_hosts", keys.known_hosts()),
    ];
    let mut request = with_secret(request(&format!("ssh://git@127.0.0.1:{port}/r.git")), &data);
    request.timeout = Duration::from_secs(1);
    let begin = Instant::now();
    let error = refused(&Workplace::new().store, &request).await;
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(begin.elapsed() < Duration::from_secs(20));
}

/// An archive served over HTTP is taken only with the digest that was announced.
#[tokio::test(flavor = "multi_thread")]
async fn a_served_archive_is_verified_and_kept() {
    let repository = repository("limits/archive");
    let maker = Workplace::new();
    let artifact = fetched(&maker.store, &request(repository.url())).await;
    let packed = maker
        .store
        .archive(&artifact.digest)
        .await
        .unwrap()
        .unwrap();
    let url = served(packed.to_vec());

    let user = Workplace::new();
    let timeout = Duration::from_secs(20);
    let wrong = manifests::Digest::from_sha256([7; 32]);
    let error = user
        .store
        .fetch_archive(&url, &wrong, &artifact.revision, timeout)
        .await
        .unwrap_err();
    assert!(matches!(error, SourceError::VerifyDigest { .. }), "{error}");

    let taken = user
        .store
        .fetch_archive(&url, &artifact.digest, &artifact.revision, timeout)
        .await
        .unwrap();
    assert!(taken.tree.files().eq(artifact.tree.files()));
    let user = user.restarted();
    let kept = user
        .store
        .fetch_archive(
            "http://127.0.0.1:1/gone",
            &artifact.digest,
            &artifact.revision,
            timeout,
        )
        .await;
    assert!(kept.unwrap().tree.files().eq(artifact.tree.files()));
}

/// Serves bytes to whoever connects.
fn served(bytes: Vec<u8>) -> String {
    use std::io::{BufRead as _, BufReader, Write as _};
    let (listener, port) = silent();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream);
            let mut line = String::new();
            while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                line.clear();
            }
            let mut stream = reader.into_inner();
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                bytes.len()
            );
            // The client may have gone; that is its own concern.
            let _sent = stream
                .write_all(head.as_bytes())
                .and_then(|()| stream.write_all(&bytes));
        }
    });
    format!("http://127.0.0.1:{port}/artifact.tar.gz")
}
