use std::collections::BTreeMap;
use std::sync::Arc;

use secret_bytes::SecretBytes;

use crate::credentials::Authorization;
use crate::{Credentials, ErrorKind, SourceError};

fn read(url: &str, data: &[(&str, &str)]) -> Result<Credentials, SourceError> {
    let data: BTreeMap<_, _> = data
        .iter()
        .map(|(key, value)| {
            (
                (*key).to_owned(),
                Arc::new(SecretBytes::new(value.as_bytes().to_vec())),
            )
        })
        .collect();
    Credentials::from_secret(&url.parse().unwrap(), &data)
}

/// G-176: user name and password, bearer token, authority, client certificate.
#[test]
fn http_reads_each_of_its_keys() {
    let basic = read(
        "https://h/r",
        &[("username", "git"), ("password", "p"), ("caFile", "PEM")],
    )
    .unwrap();
    assert!(
        matches!(basic.authorization, Some(Authorization::Basic { username, .. }) if username == "git")
    );
    assert!(basic.authorities.is_some());

    let bearer = read(
        "https://h/r",
        &[("bearerToken", "t"), ("tls.crt", "c"), ("tls.key", "k")],
    )
    .unwrap();
    assert!(matches!(
        bearer.authorization,
        Some(Authorization::Bearer(_))
    ));
    assert!(bearer.client_certificate.is_some());
}

/// G-176: half a pair is an error that names the missing key and no value.
#[test]
fn half_a_pair_is_refused() {
    for (url, data, wanted) in [
        (
            "https://h/r",
            &[("username", "hunter2")][..],
            "lacks password",
        ),
        ("https://h/r", &[("password", "hunter2")], "lacks username"),
        ("https://h/r", &[("tls.key", "hunter2")], "lacks tls.crt"),
        ("ssh://h/r", &[("known_hosts", "hunter2")], "identity"),
        ("ssh://h/r", &[("identity", "hunter2")], "known_hosts"),
        ("https://h/r", &[("githubAppID", "hunter2")], "GitHub App"),
    ] {
        let error = read(url, data).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AuthenticationFailed);
        let text = error.to_string();
        assert!(text.contains(wanted) && !text.contains("hunter2"), "{text}");
    }
}

/// G-176: a key with a passphrase is refused instead of failing at the server.
#[test]
fn a_key_with_a_passphrase_is_refused() {
    let encrypted = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0\n-----END OPENSSH PRIVATE KEY-----\n";
    let plain = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAAB\n-----END OPENSSH PRIVATE KEY-----\n";
    let error = read(
        "ssh://h/r",
        &[("identity", encrypted), ("known_hosts", "h k")],
    )
    .unwrap_err();
    assert!(error.to_string().contains("passphrase"), "{error}");
    assert!(read("ssh://h/r", &[("identity", plain), ("known_hosts", "h k")]).is_ok());
}

#[test]
fn a_server_that_echoes_the_password_is_masked() {
    let credentials = read(
        "https://h/r",
        &[("username", "git"), ("password", "hunter2")],
    )
    .unwrap();
    assert_eq!(credentials.masked("no hunter2 here"), "no [redacted] here");
    assert!(!format!("{credentials:?}").contains("hunter2"));
}
