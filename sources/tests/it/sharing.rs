//! Fetch once, keep what is there: unchanged sources, many callers, outages, restarts (G-177).

use components::{Credentials, GitServer, ServerOptions};
use sources::{ErrorKind, Fetched, GitReference};

use crate::fixtures::{Workplace, fetched, paths, refused, repository, request, with_secret};

/// How often the server was asked for anything but its advertisement.
fn posts(server: &GitServer) -> usize {
    server
        .requests()
        .iter()
        .filter(|request| request.method == "POST")
        .count()
}

/// G-174: an unchanged reference is resolved and not fetched.
#[tokio::test(flavor = "multi_thread")]
async fn an_unchanged_source_is_not_fetched() {
    let server = GitServer::start().unwrap();
    let repository = server.create_repository("app").unwrap();
    repository
        .commit(&[("a.yaml", "a: 1\n")], "a subject")
        .unwrap();
    let place = Workplace::new();
    let request = request(repository.url());
    let first = fetched(&place.store, &request).await;
    assert_eq!(posts(&server), 2, "list and fetch");

    let place = place.restarted();
    let second = place
        .store
        .fetch(&request, Some(&first.revision))
        .await
        .unwrap();
    let Fetched::Unchanged(snapshot) = second else {
        panic!("nothing has changed: {second:?}")
    };
    assert_eq!(
        (&snapshot.digest, snapshot.subject.as_str()),
        (&first.digest, "a subject")
    );
    assert_eq!(Some(snapshot.size), place.store.archive_size(&first.digest));
    assert_eq!(posts(&server), 3, "one more list");

    repository
        .commit(&[("a.yaml", "a: 2\n")], "second")
        .unwrap();
    let third = place
        .store
        .fetch(&request, Some(&first.revision))
        .await
        .unwrap();
    let Fetched::New { artifact, .. } = third else {
        panic!("it has moved")
    };
    assert_ne!(artifact.digest, first.digest);
}

/// Other ignore rules are another artifact, even of the same commit.
#[tokio::test(flavor = "multi_thread")]
async fn changed_ignore_rules_are_new() {
    let repository = repository("sharing/ignore");
    let place = Workplace::new();
    let mut request = request(repository.url());
    let first = fetched(&place.store, &request).await;
    request.ignore = Some("*.md".to_owned());
    let second = place
        .store
        .fetch(&request, Some(&first.revision))
        .await
        .unwrap();
    assert!(matches!(second, Fetched::New { artifact, .. } if paths(&artifact) == ["app/a.yaml"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_callers_share_one_fetch_and_one_tree() {
    let server = GitServer::start().unwrap();
    let repository = server.create_repository("app").unwrap();
    repository.commit(&[("a.yaml", "a: 1\n")], "first").unwrap();
    let place = Workplace::new();
    let tasks: Vec<_> = (0..12)
        .map(|_| {
            let (store, request) = (place.store.clone(), request(repository.url()));
            tokio::spawn(async move { fetched(&store, &request).await })
        })
        .collect();
    let mut artifacts = Vec::new();
    for task in tasks {
        artifacts.push(task.await.unwrap());
    }
    assert_eq!(posts(&server), 12 + 1, "each lists, one fetches");
    assert!(
        artifacts
            .iter()
            .all(|one| std::sync::Arc::ptr_eq(&one.tree, &artifacts[0].tree))
    );
}

/// G-177: an outage is an error, and what was stored stays, also over a restart.
#[tokio::test(flavor = "multi_thread")]
async fn an_outage_leaves_the_artifact() {
    let server = GitServer::start().unwrap();
    let repository = server.create_repository("app").unwrap();
    repository.commit(&[("a.yaml", "a: 1\n")], "first").unwrap();
    let place = Workplace::new();
    let request = request(repository.url());
    let artifact = fetched(&place.store, &request).await;

    server.pause();
    let error = refused(&place.store, &request).await;
    assert_eq!(error.kind(), ErrorKind::GitOperationFailed);
    let place = place.restarted();
    let kept = place
        .store
        .load(&artifact.revision, &artifact.digest)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(paths(&kept), ["a.yaml"]);

    server.resume();
    let again = place
        .store
        .fetch(&request, Some(&artifact.revision))
        .await
        .unwrap();
    assert!(matches!(again, Fetched::Unchanged(_)), "{again:?}");

    drop(server);
    let error = refused(&place.store, &request).await;
    assert!(error.to_string().starts_with("failed to reach"), "{error}");
}

/// A damaged archive is noticed, dropped and fetched again.
#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_archive_is_fetched_again() {
    let repository = repository("sharing/damaged");
    let place = Workplace::new();
    let request = request(repository.url());
    let first = fetched(&place.store, &request).await;
    let path = place
        .folder
        .path()
        .join("artifacts")
        .join(format!("{}.tar.gz", first.digest.hex()));
    std::fs::write(path, "damaged").unwrap();
    let digest = first.digest.clone();
    drop(first);
    let second = fetched(&place.store, &request).await;
    assert_eq!(second.digest, digest);
    assert_eq!(paths(&second), ["README.md", "app/a.yaml"]);
}

/// I8: what the store holds of a private repository is given to nobody who may not read it there,
/// whether they name a branch or the commit.
#[tokio::test(flavor = "multi_thread")]
async fn a_stored_commit_is_shared_only_with_who_may_read_it() {
    let mut options = ServerOptions::default();
    options.credentials = Some(Credentials {
        user: "owner".to_owned(),
        password: "password of the owner".to_owned(),
    });
    let server = GitServer::start_with(&options).unwrap();
    let repository = server.create_repository("private").unwrap();
    repository.commit(&[("a.yaml", "a: 1\n")], "first").unwrap();
    let place = Workplace::new();
    let by = |password: &str| {
        let data = [("username", "owner"), ("password", password)];
        with_secret(request(repository.url()), &data)
    };
    fetched(&place.store, &by("password of the owner")).await;
    let commit = GitReference {
        commit: Some(repository.head().unwrap()),
        ..GitReference::default()
    };
    for mut thief in [request(repository.url()), by("guessed password")] {
        for reference in [thief.reference.clone(), commit.clone()] {
            thief.reference = reference;
            let error = refused(&place.store, &thief).await;
            assert_eq!(error.kind(), ErrorKind::AuthenticationFailed, "{error}");
        }
    }
}
