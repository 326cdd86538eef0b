//! SSH by the system's OpenSSH, with key and known hosts in memory (G-176).

use std::sync::OnceLock;

use components::{Repository, SshGitServer};
use sources::{ErrorKind, Fetched, GitRequest};

use crate::fixtures::{Workplace, fetched, paths, refused, request, with_secret};

struct Served {
    server: SshGitServer,
    repository: Repository,
}

fn served() -> &'static Served {
    static SERVED: OnceLock<Served> = OnceLock::new();
    SERVED.get_or_init(|| {
        let server = SshGitServer::start().expect("sshd starts");
        let repository = server
            .create_repository("app")
            .expect("a repository is made");
        repository
            .commit(&[("a.yaml", "a: 1\n")], "first")
            .expect("a commit is made");
        Served { server, repository }
    })
}

fn ssh_request(identity: &str, known_hosts: &str) -> GitRequest {
    with_secret(
        request(served().repository.url()),
        &[("identity", identity), ("known_hosts", known_hosts)],
    )
}

/// G-176: identity and known hosts of the source's own.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_and_a_known_host_are_enough() {
    let server = &served().server;
    let place = Workplace::new();
    let request = ssh_request(server.identity(), server.known_hosts());
    let artifact = fetched(&place.store, &request).await;
    assert_eq!(paths(&artifact), ["a.yaml"]);
    let again = place
        .store
        .fetch(&request, Some(&artifact.revision))
        .await
        .unwrap();
    assert!(matches!(again, Fetched::Unchanged(_)), "{again:?}");
}

/// G-176: an identity without its last newline, as Secrets often hold it.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_without_its_last_newline_is_read() {
    let server = &served().server;
    let request = ssh_request(
        server.identity().trim_end(),
        server.known_hosts().trim_end(),
    );
    fetched(&Workplace::new().store, &request).await;
}

/// G-176: a host key that is not known is refused before anything else happens.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_host_key_is_refused() {
    let server = &served().server;
    let other = SshGitServer::start().unwrap();
    let foreign_key = other.known_hosts().split_once(' ').unwrap().1;
    let own_name = server.known_hosts().split_once(' ').unwrap().0;
    for known_hosts in [
        format!("{own_name} {foreign_key}"),
        "example.com ssh-ed25519 AAAA\n".to_owned(),
    ] {
        let error = refused(
            &Workplace::new().store,
            &ssh_request(server.identity(), &known_hosts),
        )
        .await;
        assert_eq!(error.kind(), ErrorKind::GitOperationFailed);
        assert!(
            error.to_string().contains("is not in known_hosts"),
            "{error}"
        );
    }
}

/// G-176, G-177: a key that the server does not know is an authentication failure.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_is_an_authentication_failure() {
    let other = SshGitServer::start().unwrap();
    let request = ssh_request(other.identity(), served().server.known_hosts());
    let error = refused(&Workplace::new().store, &request).await;
    assert_eq!(error.kind(), ErrorKind::AuthenticationFailed, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_an_authentication_failure() {
    let error = refused(&Workplace::new().store, &request(served().repository.url())).await;
    assert_eq!(error.kind(), ErrorKind::AuthenticationFailed);
}
