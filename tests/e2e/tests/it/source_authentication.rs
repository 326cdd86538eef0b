//! Sources are fetched with the credentials, the authority and the host keys of their Secret.

use components::{Credentials, GitServer, ServerOptions, SshGitServer, Transport};
use e2e::{Canary, eventually};
use serde_json::{Value, json};

use crate::shared::shared;
use crate::tenant::{DEADLINE, Tenant, config_map};

const PASSWORD: &str = "pa\"ss/wörd of the Git server";

fn secret(tenant: &Tenant<'_>, name: &str, values: &Value) {
    tenant.world.create(&json!({
        "apiVersion": "v1", "kind": "Secret", "stringData": values,
        "metadata": {"name": name, "namespace": tenant.namespace},
    }));
}

/// Waits until the source fails for a reason, and returns the message.
fn fails(tenant: &Tenant<'_>, reason: &str) -> String {
    eventually(&format!("the source fails with {reason}"), DEADLINE, || {
        let source = tenant.get("GitRepository", "repo")?;
        let conditions = source["status"]["conditions"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let found = conditions
            .iter()
            .find(|found| found["type"] == "FetchFailed" && found["reason"] == reason);
        found
            .and_then(|found| found["message"].as_str().map(str::to_owned))
            .ok_or_else(|| source["status"].to_string())
    })
}

fn serves(tenant: &Tenant<'_>) {
    tenant.request("GitRepository", "repo");
    tenant
        .world
        .condition("GitRepository", &tenant.namespace, "repo", "Ready", "True");
    tenant.ready("apps");
    assert!(tenant.get("ConfigMap", "a").is_ok());
}

/// G-176, G-177: password and authority over HTTPS.
#[test]
fn https_source_needs_password_and_authority() {
    let shared = shared();
    let mut options = ServerOptions::default();
    options.transport = Transport::Tls;
    options.credentials = Some(Credentials {
        user: "git".to_owned(),
        password: PASSWORD.to_owned(),
    });
    let server = GitServer::start_with(&options).expect("it starts");
    let files = config_map("a", "x");
    let tenant = Tenant::of(
        &shared.world,
        &server,
        "source-https",
        &[("apps/a.yaml", &files)],
    );
    let url = tenant.repository.url().to_owned();
    tenant.unit("apps", &json!({}));
    tenant.source(&json!({"url": url, "secretRef": {"name": "git"}}));
    assert!(fails(&tenant, "AuthenticationFailed").contains("source-https/git not found"));

    let authority = server.ca_pem().expect("it has one");
    let with = |password: &str, authority: &str| json!({"username": "git", "password": password, "ca.crt": authority});
    secret(&tenant, "git", &with("wrong password", authority));
    tenant.request("GitRepository", "repo");
    eventually("the server's answer shows", DEADLINE, || {
        let message = fails(&tenant, "AuthenticationFailed");
        message
            .contains("refused the credentials")
            .then_some(())
            .ok_or(message)
    });
    secret(
        &tenant,
        "git",
        &with(PASSWORD, shared.world.cluster().ca_pem()),
    );
    tenant.request("GitRepository", "repo");
    let message = fails(&tenant, "GitOperationFailed");
    assert!(message.contains("is not trusted"), "{message}");
    secret(&tenant, "git", &with(PASSWORD, authority));
    serves(&tenant);
    Canary::of(&[PASSWORD]).assert_silent(&shared.world, &shared.controller);
}

/// G-176: key and host key over SSH.
#[test]
fn ssh_source_needs_key_and_known_host() {
    let shared = shared();
    let server = SshGitServer::start().expect("it starts");
    let repository = server.create_repository("source-ssh").expect("it is made");
    let files = [("apps/a.yaml", config_map("a", "x"))];
    let files = [(files[0].0, files[0].1.as_str())];
    repository.commit(&files, "first").expect("it is committed");
    let tenant = Tenant::new(shared, "source-ssh", &[]);
    tenant.unit("apps", &json!({}));
    let foreign = SshGitServer::start().expect("it starts");
    let with =
        |known_hosts: &str| json!({"identity": server.identity(), "known_hosts": known_hosts});
    secret(&tenant, "ssh", &with(foreign.known_hosts()));
    tenant.source(&json!({"url": repository.url(), "secretRef": {"name": "ssh"}}));
    eventually("the host key is refused", DEADLINE, || {
        let source = tenant.get("GitRepository", "repo")?;
        let conditions = source["status"]["conditions"].to_string();
        conditions
            .contains("known_hosts")
            .then_some(())
            .ok_or(conditions)
    });
    assert!(tenant.get("ConfigMap", "a").is_err());
    secret(&tenant, "ssh", &with(server.known_hosts()));
    serves(&tenant);
    let line = server.identity().lines().nth(2).expect("the key has lines");
    Canary::of(&[line]).assert_silent(&shared.world, &shared.controller);
}
