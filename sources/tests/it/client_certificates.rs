//! A server that lets in only who shows a certificate of its authority (G-176).

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;

use components::{Authority, Identity};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use sources::{ErrorKind, SourceError};

use crate::fixtures::{Workplace, refused, request, with_secret};

/// Starts a TLS server that asks for a certificate and then has nothing to offer.
fn guarded(server: &Identity, authority: &Authority) -> String {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    roots
        .add(certificate(authority.certificate_pem()))
        .expect("the authority is a certificate");
    let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), Arc::clone(&provider))
        .build()
        .expect("there is an authority");
    let key = PrivateKeyDer::from_pem_slice(server.key_pem.as_bytes()).expect("it is a key");
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider knows them")
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![certificate(&server.certificate_pem)], key)
        .expect("key and certificate fit");
    let config = Arc::new(config);
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
    let port = listener.local_addr().expect("it is bound").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let session =
                ServerConnection::new(Arc::clone(&config)).expect("the settings are good");
            let mut stream = StreamOwned::new(session, stream);
            let mut head = [0; 4096];
            // A client that is refused breaks off here.
            if stream.read(&mut head).is_ok() {
                let _sent = stream.write_all(
                    b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
                );
                stream.conn.send_close_notify();
                let _flushed = stream.flush();
            }
        }
    });
    format!("https://127.0.0.1:{port}/r.git")
}

fn certificate(pem: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem.as_bytes()).expect("it is a certificate")
}

/// G-176: `tls.crt` with `tls.key` opens what is closed to others.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_certificate_is_shown_to_who_asks() {
    let authority = Authority::new("signet test authority").unwrap();
    let url = guarded(&authority.server(&["127.0.0.1"]).unwrap(), &authority);
    let ours = authority.client("signet", None).unwrap();
    let place = Workplace::new();

    let certified = with_secret(
        request(&url),
        &[
            ("ca.crt", authority.certificate_pem()),
            ("tls.crt", &ours.certificate_pem),
            ("tls.key", &ours.key_pem),
        ],
    );
    let error = refused(&place.store, &certified).await;
    assert!(
        matches!(error, SourceError::Answer { status: 404, .. }),
        "{error}"
    );

    let uncertified = with_secret(request(&url), &[("ca.crt", authority.certificate_pem())]);
    let error = refused(&place.store, &uncertified).await;
    assert_eq!(error.kind(), ErrorKind::GitOperationFailed);
    assert!(!matches!(error, SourceError::Answer { .. }), "{error}");
}

/// G-176: a key that does not belong to its certificate is named, not sent.
#[tokio::test(flavor = "multi_thread")]
async fn an_unusable_client_certificate_says_so() {
    let request = with_secret(
        request("https://127.0.0.1:1/r.git"),
        &[("tls.crt", "no certificate"), ("tls.key", "no key")],
    );
    let error = refused(&Workplace::new().store, &request).await;
    assert_eq!(error.kind(), ErrorKind::AuthenticationFailed);
    assert!(error.to_string().contains("tls.crt or tls.key"), "{error}");
}
