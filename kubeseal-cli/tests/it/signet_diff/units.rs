use std::process::Command;

use components::{Credentials, GitServer, Program, ServerOptions};
use serde_json::{Value, json};

use super::{Place, age_key, config_map, secret};
use crate::cluster::kustomization;
use crate::tool::run_program;

fn unit(place: &Place, spec: &Value, applied: &[&str]) {
    let ids: Vec<String> = applied
        .iter()
        .map(|name| format!("{name}__ConfigMap"))
        .collect();
    let ids: Vec<(&str, &str)> = ids.iter().map(|id| (id.as_str(), "v1")).collect();
    kustomization(place.namespace, spec, &ids);
}

/// The object as the unit applied it.
fn owned(place: &Place, name: &str, value: &str) -> String {
    let labels = format!(
        "  labels:\n    kustomize.toolkit.fluxcd.io/name: apps\n    \
         kustomize.toolkit.fluxcd.io/namespace: {}\n",
        place.namespace
    );
    config_map(name, value).replace("\ndata:\n", &format!("\n{labels}data:\n"))
}

#[test]
fn a_unit_is_built_with_its_own_settings_and_shows_what_it_would_prune() {
    let place = Place::new("diff-unit");
    unit(&place, &json!({"namePrefix": "web-"}), &["web-a", "old"]);
    place.apply(&owned(&place, "web-a", "one"));
    place.apply(&owned(&place, "old", "one"));
    place.folder.write("apps/a.yaml", &config_map("a", "two"));
    for name in ["kustomization/apps", "ks/apps"] {
        let text = place.diff(&[name, "--source", "."]).difference();
        assert!(text.contains("-  key: one\n+  key: two\n"), "{text}");
        assert!(
            text.starts_with("ConfigMap/diff-unit/web-a configured\n"),
            "{text}"
        );
        let pruned = "\nConfigMap/diff-unit/old deleted: it is no longer wanted\n";
        assert!(text.ends_with(pruned), "{text}");
        // The marks of the unit are there already.
        assert!(!text.contains("\n+    kustomize.toolkit"), "{text}");
    }
}

/// I3: what does not carry the unit's marks is not the unit's to prune.
#[test]
fn what_is_not_the_unit_s_is_not_pruned() {
    let place = Place::new("diff-foreign");
    unit(&place, &json!({}), &["a", "foreign"]);
    place.apply(&owned(&place, "a", "one"));
    place.apply(&config_map("foreign", "one"));
    place.folder.write("apps/a.yaml", &config_map("a", "one"));
    let outcome = place.diff(&["ks/apps", "--source", "."]);
    assert!(
        outcome
            .stderr
            .contains("note: ConfigMap/diff-foreign/foreign is left as it is")
    );
    assert_eq!(outcome.output(), "");
}

/// What is encrypted in Git is plaintext in the cluster: both sides are masked.
#[test]
fn decrypted_values_are_masked_in_every_kind() {
    let place = Place::new("diff-encrypted");
    unit(&place, &json!({"decryption": {"provider": "sops"}}), &["a"]);
    let encrypt = |name: &str, content: &str| {
        let mut command = Command::new(Program::Sops.path().unwrap());
        let recipient = &age_key().recipient;
        let arguments = ["encrypt", "--age", recipient, "--filename-override", name];
        command
            .args(arguments)
            .args(["--encrypted-regex", "^(data|stringData)$"]);
        place.folder.write(
            name,
            &run_program(&mut command, content.as_bytes()).output(),
        );
    };
    place.apply(&owned(
        &place,
        "a",
        "before-it-changed\n  passwd: renamed-since",
    ));
    place.apply(&secret("db", "the-user", "another-before"));
    encrypt("apps/a.yaml", &config_map("a", "after-it-changed"));
    encrypt("apps/db.yaml", &secret("db", "the-user", "another-after"));
    let text = place.diff(&["ks/apps", "--source", "."]).difference();
    for value in [
        "before-it-changed",
        "after-it-changed",
        "renamed-since",
        "the-user",
        "another-before",
        "another-after",
    ] {
        assert!(!text.contains(value), "{text}");
    }
    assert!(text.contains("-  passwd: ••••"), "{text}");
    assert!(text.contains("+  key: ••••"), "{text}");
    assert!(text.contains("+  password: ••••"), "{text}");
}

/// The source's repository, with the credentials it names.
fn git_repository(place: &Place, url: &str, password: &str) {
    place.apply(
        &json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
            "metadata": {"name": "infra", "namespace": place.namespace},
            "spec": {"url": url, "interval": "1h", "ref": {"branch": "main"},
                "secretRef": {"name": "git"}},
        })
        .to_string(),
    );
    place.apply(
        &json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": "git", "namespace": place.namespace},
            "stringData": {"username": "git", "password": password},
        })
        .to_string(),
    );
}

/// Without a checkout, Git itself is asked, with the credentials of the source.
#[test]
fn the_source_of_a_unit_is_fetched_with_its_credentials() {
    let place = Place::new("diff-fetched");
    let mut options = ServerOptions::default();
    options.credentials = Some(Credentials {
        user: "git".to_owned(),
        password: "open-sesame".to_owned(),
    });
    let git = GitServer::start_with(&options).unwrap();
    let repository = git.create_repository("infra").unwrap();
    let commit = repository
        .commit(&[("apps/a.yaml", &config_map("a", "two"))], "first")
        .unwrap();
    git_repository(&place, repository.url(), "open-sesame");
    unit(&place, &json!({}), &["a"]);
    place.apply(&owned(&place, "a", "one"));
    let outcome = place.diff(&["ks/apps"]);
    let revision = format!("GitRepository/diff-fetched/infra is at main@sha1:{commit}");
    assert!(outcome.stderr.contains(&revision), "{}", outcome.stderr);
    assert!(outcome.difference().contains("-  key: one\n+  key: two\n"));

    git_repository(&place, repository.url(), "not-the-word");
    let refusal = place.diff(&["ks/apps"]).refusal(2);
    assert!(
        refusal.starts_with("error: failed to fetch GitRepository/diff-fetched/infra: "),
        "{refusal}"
    );
    assert!(
        refusal.contains("--source DIR") && !refusal.contains("not-the-word"),
        "{refusal}"
    );
}

#[test]
fn wrong_requests_say_what_to_do() {
    let place = Place::new("diff-wrong");
    for (arguments, expected) in [
        (
            &["ks/none", "--source", "."][..],
            "Kustomization/diff-wrong/none is not there",
        ),
        (&["ks/apps", "--path", "a"], "--path is for a folder"),
        (&[".", "--source", "."], "--source is for a unit"),
        (&["ks/"], "names no unit"),
        (&["nowhere"], "failed to read repository nowhere"),
    ] {
        let refusal = place.diff(arguments).refusal(2);
        assert!(refusal.contains(expected), "{refusal}");
    }
}

#[test]
fn a_suspended_unit_is_compared_and_said_to_be_suspended() {
    let place = Place::new("diff-suspended");
    unit(&place, &json!({"suspend": true}), &[]);
    place.folder.write("apps/a.yaml", &config_map("a", "one"));
    let outcome = place.diff(&["ks/apps", "--source", "."]);
    let note = "note: Kustomization/diff-suspended/apps is suspended";
    assert!(outcome.stderr.contains(note), "{}", outcome.stderr);
    outcome.difference();
}
