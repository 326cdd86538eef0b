//! HTTP and HTTPS, with credentials and authorities of one's own (G-176).

use std::sync::OnceLock;

use components::{Authority, Credentials, GitServer, Repository, ServerOptions, Transport};
use sources::{ErrorKind, GitRequest};

use crate::fixtures::{Workplace, fetched, paths, refused, repository, request, with_secret};

const PASSWORD: &str = "correct horse battery staple";

struct Closed {
    server: GitServer,
    repository: Repository,
}

/// TLS with an authority of its own, and a password.
fn closed() -> &'static Closed {
    static CLOSED: OnceLock<Closed> = OnceLock::new();
    CLOSED.get_or_init(|| {
        let mut options = ServerOptions::default();
        options.transport = Transport::Tls;
        options.credentials = Some(Credentials {
            user: "signet".to_owned(),
            password: PASSWORD.to_owned(),
        });
        let server = GitServer::start_with(&options).expect("the git server starts");
        let repository = server
            .create_repository("team/app")
            .expect("a repository is made");
        repository
            .commit(&[("a.yaml", "a: 1\n")], "first")
            .expect("a commit is made");
        Closed { server, repository }
    })
}

fn closed_request(password: &str, authority: &str) -> GitRequest {
    let data = [
        ("username", "signet"),
        ("password", password),
        ("ca.crt", authority),
    ];
    with_secret(request(closed().repository.url()), &data)
}

fn own_authority() -> &'static str {
    closed()
        .server
        .ca_pem()
        .expect("a TLS server has an authority")
}

/// G-174: revision and digest of what a branch holds.
#[tokio::test(flavor = "multi_thread")]
async fn a_branch_becomes_an_artifact() {
    let repository = repository("http/branch");
    let place = Workplace::new();
    let artifact = fetched(&place.store, &request(repository.url())).await;
    assert_eq!(
        artifact.revision.to_string(),
        format!("main@sha1:{}", repository.head().unwrap())
    );
    assert_eq!(paths(&artifact), ["README.md", "app/a.yaml"]);

    let packed = place
        .store
        .archive(&artifact.digest)
        .await
        .unwrap()
        .unwrap();
    let unpacked = sources::unpack(&packed, &sources::Limits::default()).unwrap();
    assert!(unpacked.files().eq(artifact.tree.files()));
}

/// G-174: equal content has an equal digest, whatever repository and history it comes from.
#[tokio::test(flavor = "multi_thread")]
async fn equal_content_has_an_equal_digest() {
    let (one, other) = (repository("http/equal-one"), repository("http/equal-other"));
    other.commit(&[("more.yaml", "b: 1\n")], "more").unwrap();
    other.remove(&["more.yaml"], "less").unwrap();
    let (first, second) = (Workplace::new(), Workplace::new());
    let one = fetched(&first.store, &request(one.url())).await;
    let other = fetched(&second.store, &request(other.url())).await;
    assert_eq!(one.digest, other.digest);
    assert_ne!(one.revision, other.revision);
}

/// G-176: user name, password and an authority of the source's own.
#[tokio::test(flavor = "multi_thread")]
async fn basic_authentication_over_tls_with_an_own_authority() {
    let place = Workplace::new();
    let artifact = fetched(&place.store, &closed_request(PASSWORD, own_authority())).await;
    assert_eq!(paths(&artifact), ["a.yaml"]);
}

/// G-176, G-177: a wrong password is told apart from an outage, and is not repeated in the text.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_an_authentication_failure() {
    let place = Workplace::new();
    let error = refused(
        &place.store,
        &closed_request("wrong secret word", own_authority()),
    )
    .await;
    assert_eq!(error.kind(), ErrorKind::AuthenticationFailed);
    let text = format!("{error} {error:?}");
    assert!(
        text.contains("HTTP status 401") && !text.contains("wrong secret word"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_password_is_an_authentication_failure() {
    let place = Workplace::new();
    let request = with_secret(
        request(closed().repository.url()),
        &[("ca.crt", own_authority())],
    );
    assert_eq!(
        refused(&place.store, &request).await.kind(),
        ErrorKind::AuthenticationFailed
    );
}

/// G-176: the authority belongs to one source; another source's does not count.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_authority_says_so() {
    let place = Workplace::new();
    let stranger = Authority::new("a stranger").unwrap();
    for request in [
        closed_request(PASSWORD, stranger.certificate_pem()),
        with_secret(
            request(closed().repository.url()),
            &[("username", "signet"), ("password", PASSWORD)],
        ),
    ] {
        let error = refused(&place.store, &request).await;
        assert_eq!(error.kind(), ErrorKind::GitOperationFailed);
        let text = error.to_string();
        assert!(
            text.contains("certificate")
                && text.contains("is not trusted")
                && !text.contains(PASSWORD),
            "{text}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_authority_says_so() {
    let place = Workplace::new();
    let error = refused(&place.store, &closed_request(PASSWORD, "no certificate")).await;
    assert!(error.to_string().contains("ca.crt"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_that_is_not_there_says_so() {
    let place = Workplace::new();
    let url = format!("{}/nothing/here.git", crate::fixtures::open_server().url());
    let error = refused(&place.store, &request(&url)).await;
    assert_eq!(error.kind(), ErrorKind::GitOperationFailed);
    assert_eq!(
        error.to_string(),
        format!("{url:?} answered with HTTP status 404")
    );
}
