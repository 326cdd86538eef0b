use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use components::{Credentials, GitServer, ServerOptions, SshGitServer, Transport};
use tempfile::TempDir;

/// Runs the real `git` program as a user would, apart from the machine's configuration.
fn git(folder: &Path, environment: &[(&str, &str)], arguments: &[&str]) -> Output {
    let mut command = Command::new("git");
    command
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_AUTHOR_NAME", "Test")
        .env("GIT_AUTHOR_EMAIL", "test@example.com")
        .env("GIT_COMMITTER_NAME", "Test")
        .env("GIT_COMMITTER_EMAIL", "test@example.com")
        .args(arguments);
    for (key, value) in environment {
        command.env(key, value);
    }
    command.output().expect("git runs")
}

fn succeed(output: &Output) {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Clones, changes, pushes, and returns the content of `name` in a second clone.
fn round_trip(url: &str, environment: &[(&str, &str)]) -> String {
    let folder = TempDir::new().expect("a temporary folder");
    succeed(&git(
        folder.path(),
        environment,
        &["clone", "--quiet", url, "one"],
    ));
    let one = folder.path().join("one");
    fs::write(one.join("pushed.txt"), "x".repeat(3_000_000)).expect("a file");
    fs::write(one.join("name"), "from the client").expect("a file");
    succeed(&git(&one, environment, &["add", "."]));
    succeed(&git(
        &one,
        environment,
        &["commit", "--quiet", "-m", "change"],
    ));
    succeed(&git(
        &one,
        environment,
        &["push", "--quiet", "origin", "HEAD"],
    ));
    succeed(&git(
        folder.path(),
        environment,
        &["clone", "--quiet", "--depth=1", url, "two"],
    ));
    fs::read_to_string(folder.path().join("two/name")).expect("the pushed file")
}

#[test]
fn http_clone_and_push() {
    let server = GitServer::start().expect("the server starts");
    let repository = server.create_repository("team/app").expect("a repository");
    let first = repository
        .commit(&[("name", "from the server")], "first")
        .expect("a commit");
    assert_eq!(round_trip(repository.url(), &[]), "from the client");
    assert_eq!(first.len(), 40);
    let fetches = server
        .requests()
        .iter()
        .filter(|request| request.target == "/team/app.git/git-upload-pack")
        .count();
    assert!(fetches >= 2, "{:?}", server.requests());
}

#[test]
fn https_with_basic_auth_lets_in_who_knows_the_password() {
    let mut options = ServerOptions::default();
    options.transport = Transport::Tls;
    options.credentials = Some(Credentials {
        user: "ci".to_owned(),
        password: "p4ss".to_owned(),
    });
    let server = GitServer::start_with(&options).expect("the server starts");
    let repository = server.create_repository("app").expect("a repository");
    repository
        .commit(&[("name", "from the server")], "first")
        .expect("a commit");
    let folder = TempDir::new().expect("a temporary folder");
    let ca = folder.path().join("ca.crt");
    fs::write(&ca, server.ca_pem().expect("a CA with TLS")).expect("a file");
    let ca = ca.display().to_string();
    let trusted = [("GIT_SSL_CAINFO", ca.as_str())];

    let known = repository.url().replace("https://", "https://ci:p4ss@");
    assert_eq!(round_trip(&known, &trusted), "from the client");

    let wrong = repository.url().replace("https://", "https://ci:other@");
    let refused = git(folder.path(), &trusted, &["ls-remote", &wrong]);
    assert!(!refused.status.success());
    let untrusted = git(folder.path(), &[], &["ls-remote", &known]);
    assert!(!untrusted.status.success());
}

#[test]
fn paused_server_refuses_until_resumed() {
    let server = GitServer::start().expect("the server starts");
    let repository = server.create_repository("app").expect("a repository");
    repository
        .commit(&[("name", "x")], "first")
        .expect("a commit");
    let here = Path::new("/");
    server.pause();
    assert!(
        !git(here, &[], &["ls-remote", repository.url()])
            .status
            .success()
    );
    server.resume();
    succeed(&git(here, &[], &["ls-remote", repository.url()]));
}

#[test]
fn branches_tags_and_removals_are_served() {
    let server = GitServer::start().expect("the server starts");
    let repository = server.create_repository("app").expect("a repository");
    let first = repository
        .commit(&[("a/b.yaml", "1"), ("c.yaml", "2")], "first")
        .expect("a commit");
    repository.tag("v1.0.0").expect("a tag");
    repository.switch("next").expect("a branch");
    let second = repository.remove(&["a"], "second").expect("a commit");
    let refs = git(Path::new("/"), &[], &["ls-remote", repository.url()]);
    let refs = String::from_utf8_lossy(&refs.stdout).into_owned();
    assert!(
        refs.contains(&format!("{first}\trefs/heads/main")),
        "{refs}"
    );
    assert!(
        refs.contains(&format!("{first}\trefs/tags/v1.0.0")),
        "{refs}"
    );
    assert!(
        refs.contains(&format!("{second}\trefs/heads/next")),
        "{refs}"
    );
}

#[test]
fn ssh_clone_and_push() {
    let server = SshGitServer::start().expect("the server starts");
    let repository = server.create_repository("team/app").expect("a repository");
    repository
        .commit(&[("name", "from the server")], "first")
        .expect("a commit");
    let command = server.ssh_command();
    let reach = [("GIT_SSH_COMMAND", command.as_str())];
    assert_eq!(round_trip(repository.url(), &reach), "from the client");

    // A host that nobody vouches for is refused.
    let unknown = command.replace("known_hosts", "no_such_file");
    let refused = git(
        Path::new("/"),
        &[("GIT_SSH_COMMAND", &unknown)],
        &["ls-remote", repository.url()],
    );
    assert!(!refused.status.success());
}
