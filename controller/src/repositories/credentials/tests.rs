use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::*;

fn secret(name: &str, kind: &str, values: &[(&str, &str)]) -> Secret {
    Secret {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            labels: Some(BTreeMap::from([(
                api::names::argo::SECRET_TYPE.to_owned(),
                kind.to_owned(),
            )])),
            ..ObjectMeta::default()
        },
        data: Some(
            values
                .iter()
                .map(|(key, value)| ((*key).to_owned(), ByteString(value.as_bytes().to_vec())))
                .collect(),
        ),
        ..Secret::default()
    }
}

fn entries(all: Vec<Secret>) -> Vec<Entry> {
    all.into_iter().filter_map(Entry::of).collect()
}

fn found<'a>(entries: &'a [Entry], url: &str, project: &str) -> Option<&'a str> {
    matching(entries, url, project).map(|entry| entry.version.trim_end_matches('@'))
}

#[test]
fn exact_comes_before_prefix_and_the_project_before_nobody() {
    let url = "https://git.example.com/team/app.git";
    let entries = entries(vec![
        secret(
            "prefix",
            "repo-creds",
            &[("url", "https://git.example.com")],
        ),
        secret(
            "longer",
            "repo-creds",
            &[("url", "https://git.example.com/team/")],
        ),
        secret(
            "exact",
            "repository",
            &[("url", "https://GIT.example.com/team/app/")],
        ),
        secret("ours", "repository", &[("url", url), ("project", "web")]),
        secret("chart", "repository", &[("url", url), ("type", "helm")]),
    ]);
    assert_eq!(found(&entries, url, "default"), Some("exact"));
    assert_eq!(found(&entries, url, "web"), Some("ours"));
    let other = "https://git.example.com/team/other";
    assert_eq!(found(&entries, other, "default"), Some("longer"));
    let elsewhere = "https://git.example.com/x";
    assert_eq!(found(&entries, elsewhere, "default"), Some("prefix"));
}

/// A project and the credentials know one repository by the same spellings.
#[test]
fn host_of_an_scp_url_is_compared_without_its_case() {
    let entries = entries(vec![secret(
        "scp",
        "repository",
        &[("url", "git@GIT.example.com:Team/app.git")],
    )]);
    let url = "git@git.example.com:Team/app";
    assert_eq!(found(&entries, url, "default"), Some("scp"));
    let elsewhere = "git@git.example.com:team/app";
    assert_eq!(found(&entries, elsewhere, "default"), None);
}

/// Credentials go to the server they are for, and to no other whose name begins so.
#[test]
fn a_host_that_begins_alike_gets_no_credentials() {
    let entries = entries(vec![
        secret(
            "prefix",
            "repo-creds",
            &[("url", "https://git.example.com")],
        ),
        secret(
            "project",
            "repo-creds",
            &[("url", "https://git.other.com"), ("project", "web")],
        ),
    ]);
    assert_eq!(
        found(&entries, "https://git.example.com.evil.test/a", "web"),
        None
    );
    assert_eq!(found(&entries, "https://git.other.com/a", "default"), None);
    assert_eq!(
        found(&entries, "https://git.other.com/a", "web"),
        Some("project")
    );
}

#[test]
fn what_is_not_supported_is_refused_without_its_value() {
    let url = ("url", "https://git.example.com/a");
    let all = entries(vec![
        secret(
            "app",
            "repository",
            &[url, ("githubAppPrivateKey", "fixture-value")],
        ),
        secret(
            "open",
            "repository",
            &[url, ("insecure", "false"), ("password", "p")],
        ),
    ]);
    let [app, open] = all.as_slice() else {
        panic!("two entries")
    };
    let refused = app.data(None, None).unwrap_err().to_string();
    assert!(
        refused.contains("app sets githubAppPrivateKey"),
        "{refused}"
    );
    assert!(!refused.contains("fixture-value"), "{refused}");
    let data = open.data(Some("host key"), None).unwrap();
    assert_eq!(data.keys().collect::<Vec<_>>(), ["known_hosts", "password"]);
}
